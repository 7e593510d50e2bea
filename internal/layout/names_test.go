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

// TestTypeNames requires no two types of this module to be called the same by package name and type name, for that is
// what encodings call them by (internal/intern/names.go). Mutants have the names of what they are copies of; nothing of
// a command, and no codec of a package named wire, is ever part of a state.
func TestTypeNames(t *testing.T) {
	fsys := os.DirFS(root)
	declared := map[string]string{} // package and type name to its folder
	for _, name := range sources(t, fsys) {
		folder := path.Dir(name)
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(folder, "examples/zoo/internal/") {
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE || file.Name.Name == "main" || file.Name.Name == "wire" {
				continue
			}
			for _, spec := range g.Specs {
				called := file.Name.Name + "." + spec.(*ast.TypeSpec).Name.Name
				// In one folder a file may declare what another one does for another operating system.
				if other, known := declared[called]; known && other != folder {
					t.Errorf("%s and %s both declare a type %s: rename one, or states that hold both would be told apart "+
						"by no key", other, folder, called)
				}
				declared[called] = folder
			}
		}
	}
	if len(declared) < 100 {
		t.Errorf("%d types: are there no more?", len(declared))
	}
}
