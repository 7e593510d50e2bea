package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// scheduled are the folders whose code runs on virtual time too: what it does must depend on its arguments alone.
var scheduled = []string{"spawn/machine", "spawn/nemesis", "spawn/rehearse/stage"}

// TestScheduled looks in those folders for what leaves something to the runtime: goroutines, channels, and maps, whose
// order is random. Clocks and random numbers are the linter's.
func TestScheduled(t *testing.T) {
	fsys := os.DirFS(root)
	for _, folder := range scheduled {
		names, err := fs.Glob(fsys, path.Join(folder, "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no files, %v", folder, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(fsys, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range unscheduled(t, name, string(text)) {
				t.Error(p)
			}
		}
	}
}

func TestUnscheduled(t *testing.T) {
	for text, want := range map[string]int{
		"var x []int":                      0,
		"var x map[int]int":                1,
		"func f() { go f() }":              1,
		"func f(c chan int) { select {} }": 2,
	} {
		if got := unscheduled(t, "x.go", "package x\n"+text); len(got) != want {
			t.Errorf("%q: %q, want %d", text, got, want)
		}
	}
}

// unscheduled returns a line for each construct of a file that leaves something to the runtime.
func unscheduled(t *testing.T, name, text string) []string {
	t.Helper()
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		what := ""
		switch n.(type) {
		case *ast.GoStmt:
			what = "a goroutine"
		case *ast.SelectStmt:
			what = "a select"
		case *ast.ChanType:
			what = "a channel"
		case *ast.MapType:
			what = "a map"
		}
		if what != "" {
			found = append(found, files.Position(n.Pos()).String()+": "+what+" in code that runs on virtual time")
		}
		return true
	})
	return found
}
