package layout

import (
	"flag"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the figures in docs that come from the sources")

// root is the repository, seen from this folder, where go test runs us.
const root = "../.."

// TestImports checks every import of every Go file of the module, whatever its build tags.
func TestImports(t *testing.T) {
	problems, files := imports(t, os.DirFS(root))
	for _, p := range problems {
		t.Error(p)
	}
	if files < 3 {
		t.Errorf("saw only %d Go files: the walk is broken", files)
	}
}

// TestImportsReported walks a made-up repository: a check that never fires would look like order.
func TestImportsReported(t *testing.T) {
	tree := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		file := filepath.Join(tree, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module synod\n")
	write("actor/a.go", "package actor\n\nimport _ \"synod/checker\"\n")
	write("actor/a_test.go", "package actor\n\nimport _ \"synod/checker\"\n")
	write("actor/tagged.go", "//go:build never\n\npackage actor\n\nimport _ \"synod/model\"\n")
	write("actor/testdata/x.go", "package x\n\nimport _ \"synod/cmd\"\n")
	write("tools/go.mod", "module synod/tools\n")
	write("tools/t.go", "package tools\n\nimport _ \"example.org/anything\"\n")

	problems, files := imports(t, os.DirFS(tree))
	want := []string{
		"actor/a.go: actor may not import synod/checker of ours",
		"actor/tagged.go: actor may not import synod/model of ours",
	}
	if !slices.Equal(problems, want) || files != 3 {
		t.Errorf("got %d files and\n%s\nwant 3 files and\n%s",
			files, strings.Join(problems, "\n"), strings.Join(want, "\n"))
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		file, imported string
		ok             bool
	}{
		{"actor/actor.go", "fmt", true},
		{"actor/actor.go", "time", true}, // durations; reading the clock is forbidigo's to report
		{"actor/actor.go", "math/rand/v2", false},
		{"actor/actor.go", "os", false},
		{"actor/actor.go", "synod", false},
		{"actor/actor.go", "synod/network", false},
		{"actor/actor.go", "synod/actorish", false},
		{"actor/actor.go", "example.org/x", false},
		{"actor/actor_test.go", "os", true},
		{"actor/actor_test.go", "pgregory.net/rapid", true},
		{"actor/link/link.go", "synod/actor", true},
		{"consistency/a.go", "github.com/anishathalye/porcupine", true},
		{"consistency/a.go", "synod/actor", false},
		{"register/a.go", "synod/consistency", true},
		{"register/a.go", "synod/model", false},
		{"register/a.go", "github.com/anishathalye/porcupine", false},
		{"paxos/singledecree/a.go", "synod/register", true},
		{"paxos/singledecree/a.go", "synod/paxos/multi", false},
		{"paxos/singledecree/a.go", "synod/consistency", false},
		{"network/a.go", "synod/actor", true},
		{"network/a.go", "synod/internal/intern", false},
		{"model/a.go", "synod/network", true},
		{"model/a.go", "synod/internal/intern", true},
		{"model/a.go", "synod/register", false},
		{"model/a.go", "synod/trace", false},
		{"model/a.go", "github.com/mitchellh/hashstructure/v2", false},
		{"trace/a.go", "synod/model/statespace", true},
		{"checker/a.go", "synod/model", false},
		{"trace/a.go", "synod/checker", false},
		{"checker/a.go", "synod/trace", true},
		{"checker/a.go", "synod/internal/table", true},
		{"checker/a.go", "synod/actor", false},
		{"checker/a.go", "synod/network", false},
		{"checker/a.go", "synod/internal/reference", false},
		{"checker/a_test.go", "synod/internal/reference", true},
		{"explorer/a.go", "synod/checker", true},
		{"explorer/a.go", "synod/examples/catalog", false},
		{"spawn/a.go", "synod/storage", true},
		{"spawn/udp/a.go", "synod/spawn", true},
		{"spawn/a.go", "synod/trace", false},
		{"storage/a.go", "os", true},
		{"storage/a.go", "synod/checker", false},
		{"internal/intern/a.go", "github.com/mitchellh/hashstructure/v2", true},
		{"internal/table/a.go", "github.com/mitchellh/hashstructure/v2", false},
		{"internal/table/a.go", "synod/internal/intern", true},
		{"internal/table/a.go", "synod/actor", false},
		{"internal/reference/a.go", "synod/examples/twophase", true},
		{"internal/reference/a.go", "synod/paxos/singledecree", true},
		{"internal/reference/a.go", "synod/internal/intern", false},
		{"internal/reference/a_test.go", "synod/model", false},
		{"internal/reference/a_test.go", "synod/internal/reference", true},
		{"examples/abd/a.go", "synod/model", true},
		{"examples/abd/a.go", "github.com/spf13/cobra", false},
		{"examples/abd/a.go", "synod/internal/reference", false},
		{"cli/main.go", "synod/explorer", true},
		{"cli/main.go", "github.com/spf13/cobra", true},
		{"cli/main.go", "example.org/x", false},
		{"doc.go", "synod/actor", false},
		{"doc.go", "fmt", true},
		{"newcomer/a.go", "fmt", false},
		{"newcomer/a_test.go", "fmt", true},
	}
	for _, tt := range tests {
		if got := check(tt.file, tt.imported); (got == "") != tt.ok {
			t.Errorf("check(%q, %q) = %q, want ok = %v", tt.file, tt.imported, got, tt.ok)
		}
	}
}

// TestPureLinted compares the folders in which the linter forbids clocks, randomness and I/O with those that are pure.
func TestPureLinted(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`path-except: \^\((.*)\)/\n *linters: \[forbidigo\]`).FindSubmatch(data)
	if m == nil {
		t.Fatal("no folders of forbidigo in .golangci.yml")
	}
	linted := strings.Split(string(m[1]), "|")
	var pure []string
	for _, r := range rules {
		if r.pure && !anyWithin(r.folder, pure) {
			pure = append(pure, r.folder)
		}
	}
	slices.Sort(pure)
	if !slices.Equal(linted, pure) {
		t.Errorf("the linter takes %q for pure, the table %q", linted, pure)
	}
}

// imports returns the violations in a repository, in order of file, and the number of Go files seen.
func imports(t *testing.T, fsys fs.FS) (problems []string, files int) {
	t.Helper()
	for _, name := range sources(t, fsys) {
		if path.Ext(name) != ".go" {
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly)
		if err != nil {
			t.Errorf("parse imports: %v", err)
			continue
		}
		files++
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Errorf("%s: import path %s: %v", name, spec.Path.Value, err)
				continue
			}
			if p := check(name, imported); p != "" {
				problems = append(problems, p)
			}
		}
	}
	return problems, files
}

// sources returns the files of the module in order of name: what the go command would look at, and the
// texts beside it. Nested modules and test data are no part of it.
func sources(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		switch {
		case name == ".", name == ".ci":
			return nil
		case !d.IsDir():
			names = append(names, name)
			return nil
		case base[0] == '.', base[0] == '_', base == "testdata", base == "vendor", base == "node_modules":
			return fs.SkipDir
		}
		if _, err := fs.Stat(fsys, path.Join(name, "go.mod")); err == nil {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
