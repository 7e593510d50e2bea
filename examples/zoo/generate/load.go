package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// exports finds what the compiler wrote of packages for those that import them.
type exports map[string]string

// findExports asks the go command, in a folder of the module, for the packages that import paths name and all that they
// depend on.
func findExports(dir string, imports []string) (exports, error) {
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Export", "--"}, imports...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &stderr)
	}
	all := make(exports)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		switch err := d.Decode(&p); err {
		case nil:
			all[p.ImportPath] = p.Export
		case io.EOF:
			return all, nil
		default:
			return nil, err
		}
	}
}

// source is a file of a family.
type source struct {
	name string // from the root of the repository
	text string
	file *ast.File
}

// program is the type-checked sources of a family, perhaps with one of them mutated.
type program struct {
	fset  *token.FileSet
	files []source
	info  types.Info
	pkgs  map[string]*types.Package // by import path
}

// check parses and type-checks sources. Those of one folder are a package; a package comes behind those that it imports.
func check(sources []source, all exports) (*program, error) {
	p := &program{fset: token.NewFileSet(), files: slices.Clone(sources), pkgs: make(map[string]*types.Package)}
	p.info = types.Info{
		Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object),
		Selections: make(map[*ast.SelectorExpr]*types.Selection), Types: make(map[ast.Expr]types.TypeAndValue),
	}
	folders := make(map[string][]*ast.File)
	for i := range p.files {
		f := &p.files[i]
		var err error
		if f.file, err = parser.ParseFile(p.fset, f.name, f.text, parser.ParseComments); err != nil {
			return nil, err
		}
		folders[path.Dir(f.name)] = append(folders[path.Dir(f.name)], f.file)
	}
	compiled := importer.ForCompiler(p.fset, "gc", func(name string) (io.ReadCloser, error) { return all.open(name) })
	for len(p.pkgs) < len(folders) {
		before := len(p.pkgs)
		for folder, files := range folders {
			at := module + "/" + folder
			if p.pkgs[at] != nil || !p.ready(files, folders) {
				continue
			}
			config := types.Config{Importer: importing{p.pkgs, compiled}}
			pkg, err := config.Check(at, p.fset, files, &p.info)
			if err != nil {
				return nil, err
			}
			p.pkgs[at] = pkg
		}
		if len(p.pkgs) == before {
			return nil, fmt.Errorf("the sources import one another in a circle")
		}
	}
	return p, nil
}

// ready reports whether all that files import of the family was checked.
func (p *program) ready(files []*ast.File, folders map[string][]*ast.File) bool {
	for _, f := range files {
		for _, i := range f.Imports {
			at := strings.Trim(i.Path.Value, `"`)
			if folders[strings.TrimPrefix(at, module+"/")] != nil && p.pkgs[at] == nil {
				return false
			}
		}
	}
	return true
}

// importing takes packages of the family as they were checked, and others as they were compiled.
type importing struct {
	own      map[string]*types.Package
	compiled types.Importer
}

// Import implements types.Importer.
func (i importing) Import(name string) (*types.Package, error) {
	if p := i.own[name]; p != nil {
		return p, nil
	}
	return i.compiled.Import(name)
}
