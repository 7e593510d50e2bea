package layout

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// figure is a number in a document that stands for a constant, named behind it in a comment that readers do not see:
// 256<!-- checker.batchLength -->, or with a unit, 8 MiB<!-- explorer.maxBody -->. The package is its folder.
var figure = regexp.MustCompile(`([0-9][0-9,]*)( [KMG]iB)?<!-- ([a-z/]+)\.(\w+) -->`)

// units are the units of figures; the first one is that of a plain number.
var units = map[string]int64{"": 1, " KiB": 1 << 10, " MiB": 1 << 20, " GiB": 1 << 30}

// TestConstants holds the figures in the docs against the constants that they stand for. Rewrite them with
//
//	go test ./internal/layout -run TestConstants -update
func TestConstants(t *testing.T) {
	root := filepath.Join("..", "..")
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	figures := 0
	constants := make(map[string]*types.Package)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fresh := figure.ReplaceAllStringFunc(string(text), func(s string) string {
			figures++
			m := figure.FindStringSubmatch(s)
			if constants[m[3]] == nil {
				constants[m[3]] = constantsOf(t, filepath.Join(root, m[3]))
			}
			c, ok := constants[m[3]].Scope().Lookup(m[4]).(*types.Const)
			if !ok {
				t.Fatalf("%s: there is no constant %s in %s", file, m[4], m[3])
			}
			n, exact := constant.Int64Val(constant.ToInt(c.Val()))
			if !exact || n%units[m[2]] != 0 {
				t.Fatalf("%s: %s.%s is %v, no number of%s", file, m[3], m[4], c.Val(), m[2])
			}
			return withCommas(n/units[m[2]]) + m[2] + strings.TrimPrefix(s, m[1]+m[2])
		})
		if fresh == string(text) {
			continue
		}
		if !*update {
			t.Errorf("%s differs from the constants: run go test ./internal/layout -run TestConstants -update", file)
			continue
		}
		if err := os.WriteFile(file, []byte(fresh), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if figures < 10 {
		t.Errorf("%d figures are found in the docs", figures)
	}
}

// constantsOf returns a package as far as its constants need no other package.
func constantsOf(t *testing.T, folder string) *types.Package {
	t.Helper()
	set, files := parsePackage(t, folder)
	c := types.Config{Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := c.Check(folder, set, files, nil) // What it imports is missing.
	return pkg
}

// parsePackage returns the files of a folder that are not tests.
func parsePackage(t *testing.T, folder string) (*token.FileSet, []*ast.File) {
	t.Helper()
	set := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources in %s: %v", folder, err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return set, files
}

func withCommas(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
