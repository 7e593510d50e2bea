// Package scaffold writes modules that use this one: a lock service, a model of it, and a command for both. The
// service is in the folder template, which is also a package here, so that it is built and tested like all others.
package scaffold

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed template/*.go template/README.md
var template embed.FS

// ModulePath is the import path of this module.
const ModulePath = "synod"

// Write writes a module that uses a checkout of this one into an existing empty folder. It returns the name of the
// module.
func Write(dir, checkout string) (name string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	name = moduleName(filepath.Base(dir))
	mod, sum, err := requirements(checkout, name)
	if err != nil {
		return "", err
	}
	files := map[string][]byte{"go.mod": mod, "go.sum": sum}
	entries, err := fs.ReadDir(template, "template")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(template, path.Join("template", e.Name()))
		if err != nil {
			return "", err
		}
		files[e.Name()] = bytes.ReplaceAll(text, []byte("MODULE"), []byte(name))
	}
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			return "", err
		}
	}
	return name, nil
}

// moduleName derives the name of a module and its executable from the name of its folder.
func moduleName(folder string) string {
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9.-]+`).ReplaceAllString(strings.ToLower(folder), "-"), "-.")
	if name == "" || name == path.Base(ModulePath) {
		return "locks"
	}
	return name
}

// Checkout returns the source folder of this module: the given one, or the one that contains the working folder.
func Checkout(given string) (string, error) {
	if given != "" {
		if !isCheckout(given) {
			return "", fmt.Errorf("--checkout %q: expected a folder with the go.mod of %s", given, ModulePath)
		}
		return filepath.Abs(given)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if isCheckout(at) {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not in a checkout of %s: name one with --checkout", dir, ModulePath)
		}
	}
}

// isCheckout reports whether a folder contains the sources of this module.
func isCheckout(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first) == "module "+ModulePath
}

// requirements returns the go.mod and go.sum of a module that uses a checkout. All requirements of the checkout are
// included at the same version, so that nothing has to be looked up.
func requirements(checkout, name string) (mod, sum []byte, err error) {
	theirs, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		return nil, nil, err
	}
	if sum, err = os.ReadFile(filepath.Join(checkout, "go.sum")); err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	version := "1.26.0"
	var all []string
	within := false
	lines := bufio.NewScanner(bytes.NewReader(theirs))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "go "):
			version = strings.TrimPrefix(line, "go ")
		case line == "require (":
			within = true
		case line == ")":
			within = false
		case within && line != "":
			required, _, _ := strings.Cut(line, " //")
			all = append(all, required)
		}
	}
	fmt.Fprintf(&b, "module %s\n\ngo %s\n\nrequire %s v0.0.0\n\nrequire (\n", name, version, ModulePath)
	for _, required := range all {
		fmt.Fprintf(&b, "\t%s // indirect\n", required)
	}
	fmt.Fprintf(&b, ")\n\nreplace %s => %s\n", ModulePath, quoted(checkout))
	return b.Bytes(), sum, lines.Err()
}

// quoted returns a path in go.mod syntax.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\"'`()[]{},") {
		return fmt.Sprintf("%q", path)
	}
	return path
}
