package layout

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readArchitecture returns the page that maps the repository.
func readArchitecture(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// packageFolders returns the folders with Go files that are not tests, in order.
func packageFolders(t *testing.T) []string {
	t.Helper()
	var folders []string
	for _, name := range sources(t, os.DirFS(root)) {
		if path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") {
			folders = append(folders, path.Dir(name))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

var (
	roomRow  = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\| .+ \\|$")
	roomName = regexp.MustCompile("`([a-z]+(?:/[a-z…]+)*)`")
	codeName = regexp.MustCompile("`([a-z][a-z/]*)\\.([A-Za-z]\\w*(?:\\.[A-Za-z]\\w*)?)`")
)

// TestRooms compares the map with the packages: each is on it, by its name or below a folder that ends in an ellipsis, and
// nothing else is.
func TestRooms(t *testing.T) {
	page := readArchitecture(t)
	folders := packageFolders(t)
	var rooms []string
	for _, row := range roomRow.FindAllStringSubmatch(page, -1) {
		for _, m := range roomName.FindAllStringSubmatch(row[1], -1) {
			rooms = append(rooms, m[1])
		}
	}
	_, tools, ok := strings.Cut(page, "**Only for tests and tools**")
	tools, _, ok2 := strings.Cut(tools, "\n\n")
	if !ok || !ok2 {
		t.Fatal("no paragraph about tests and tools")
	}
	for _, m := range roomName.FindAllStringSubmatch(tools, -1) {
		rooms = append(rooms, m[1])
	}
	if len(rooms) < 40 {
		t.Fatalf("only %d rooms: the page is not understood", len(rooms))
	}
	for _, room := range rooms {
		parent, whole := strings.CutSuffix(room, "/…")
		if !slices.ContainsFunc(folders, func(f string) bool { return f == room || whole && within(f, parent) }) {
			t.Errorf("docs/architecture.md has a room %s, which is not a package", room)
		}
	}
	for _, folder := range folders {
		if !slices.ContainsFunc(rooms, func(room string) bool {
			parent, whole := strings.CutSuffix(room, "/…")
			return room == folder || whole && within(folder, parent)
		}) {
			t.Errorf("docs/architecture.md has no room for the package %s", folder)
		}
	}
}

// TestNamesOfWays looks for every function, type and constant that the page names: a package, by its path or the end of it,
// and the name in it.
func TestNamesOfWays(t *testing.T) {
	folders := packageFolders(t)
	declared := make(map[string]map[string]bool)
	seen := 0
	for _, m := range codeName.FindAllStringSubmatch(readArchitecture(t), -1) {
		in, name := m[1], m[2]
		if ext := path.Ext(in + "." + name); ext == ".md" || ext == ".go" {
			continue
		}
		seen++
		at := slices.Index(folders, in)
		if at < 0 {
			at = slices.IndexFunc(folders, func(f string) bool { return strings.HasSuffix(f, "/"+in) })
		}
		if at < 0 {
			t.Errorf("docs/architecture.md names %s.%s, but there is no package %s", in, name, in)
			continue
		}
		folder := folders[at]
		if declared[folder] == nil {
			declared[folder] = declarations(t, folder)
		}
		if !declared[folder][name] {
			t.Errorf("docs/architecture.md names %s.%s, which %s does not declare", in, name, folder)
		}
	}
	if seen < 20 {
		t.Errorf("saw only %d names: the page is not understood", seen)
	}
}

// declarations returns what a package declares: names, and methods behind their type's name and a dot.
func declarations(t *testing.T, folder string) map[string]bool {
	t.Helper()
	_, files := parsePackage(t, filepath.Join(root, filepath.FromSlash(folder)))
	all := make(map[string]bool)
	for _, parsed := range files {
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				all[receiver(d)+d.Name.Name] = true
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						all[spec.Name.Name] = true
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							all[name.Name] = true
						}
					}
				}
			}
		}
	}
	return all
}

// receiver returns the type that a method belongs to, with a dot behind it, and nothing for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	of := d.Recv.List[0].Type
	for {
		switch e := of.(type) {
		case *ast.StarExpr:
			of = e.X
		case *ast.IndexExpr:
			of = e.X
		case *ast.IndexListExpr:
			of = e.X
		case *ast.Ident:
			return e.Name + "."
		default:
			return ""
		}
	}
}
