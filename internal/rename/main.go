// Command rename gives this module another path, once it has a home from which it can be fetched:
//
//	go run ./internal/rename example.org/synod
//
// It changes every import, the module files, the paths in docs and settings, and those in what the commands write: tests of
// traces, and modules that use this one. Run it at the root, in a checkout without changes of its own.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "rename: expected the new path of the module, such as example.org/synod")
		os.Exit(2)
	}
	files, err := rename(".", os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "rename: %v\n", err)
		os.Exit(1)
	}
	fmt.Printf("Changed %d files. Look at the difference, then go build ./... and go test ./...\n", files)
}

// pathForm matches module paths that can be fetched.
var pathForm = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._~-]+)+$`)

// texts are the extensions of files that may contain the path.
var texts = []string{".go", ".mod", ".md", ".proto", ".yml", ".yaml", ".txtar", ".txt", ".mjs", ".golden", "run"}

// rename changes the path in a folder that contains the module, and returns the number of files changed.
func rename(dir, to string) (int, error) {
	if !pathForm.MatchString(to) {
		return 0, fmt.Errorf("%q: expected a path that begins with a host, such as example.org/synod", to)
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(mod), "\n")
	from, ok := strings.CutPrefix(first, "module ")
	if !ok {
		return 0, fmt.Errorf("go.mod begins with %q: expected the path of the module", first)
	}
	old, changed := newPattern(from), 0
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "dist"):
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.ContainsFunc(texts, func(e string) bool { return strings.HasSuffix(name, e) }):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		replaced := old.replace(text, to)
		if strings.HasSuffix(name, ".pb.go") {
			// A descriptor contains the path with its length: it stays unchanged until protobuf is generated again.
			replaced = importSpec.ReplaceAllFunc(text, func(line []byte) []byte { return old.replace(line, to) })
		}
		if bytes.Equal(text, replaced) {
			return nil
		}
		changed++
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(name, replaced, info.Mode().Perm())
	})
	return changed, err
}

// importSpec matches a line of a Go file that imports a package.
var importSpec = regexp.MustCompile(`(?m)^\t(?:\w+ )?"[^"\\]+"$`)

// pattern matches the path of the module, but not other words that contain it.
type pattern struct{ packages, whole *regexp.Regexp }

func newPattern(from string) pattern {
	quoted := regexp.QuoteMeta(from)
	return pattern{
		packages: regexp.MustCompile(`(^|[^A-Za-z0-9_./-])` + quoted + `/([a-z])`),
		whole:    regexp.MustCompile(`("|module |module=|modpath |require |replace )` + quoted + `("|\s)`),
	}
}

func (p pattern) replace(text []byte, to string) []byte {
	// A match consumes the byte before the path, which may be the last byte of the previous match.
	for range 2 {
		text = p.packages.ReplaceAll(text, []byte("${1}"+to+"/${2}"))
		text = p.whole.ReplaceAll(text, []byte("${1}"+to+"${2}"))
	}
	return text
}
