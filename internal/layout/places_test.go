package layout

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPlaces counts the places to touch when something is added: what depends on one protocol, or on one transport, is what
// DEVELOPMENT.md lists, and nothing else.
func TestPlaces(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "DEVELOPMENT.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		heading string
		parts   []string // packages of one thing of the kind
		written []string // by a generator
	}{
		{"A protocol", []string{"examples/lease"}, []string{"examples/zoo/lease_gen.go"}},
		{"A protocol", []string{"examples/durableabd", "examples/durableabd/wire"}, []string{"examples/zoo/durableabd_gen.go"}},
		{"A transport", []string{"spawn/udp"}, nil},
		{"A transport", []string{"spawn/tcp"}, nil},
	} {
		listed := listedUnder(string(text), tt.heading)
		if len(listed) == 0 {
			t.Fatalf("DEVELOPMENT.md lists no places under %q", tt.heading)
		}
		for _, file := range importers(t, tt.parts) {
			if !slices.Contains(tt.written, file) && !slices.Contains(listed, file) {
				t.Errorf("%s: %s knows %q, and is not among the places %q", tt.heading, file, tt.parts, listed)
			}
		}
	}
}

var place = regexp.MustCompile("`([a-z/_]+\\.go)`")

// listedUnder returns the files that an item of a list names, by its first words.
func listedUnder(text, heading string) []string {
	_, item, _ := strings.Cut(text, "- **"+heading+"**")
	item, _, _ = strings.Cut(item, "\n- **")
	item, _, _ = strings.Cut(item, "\n\n")
	var all []string
	for _, m := range place.FindAllStringSubmatch(item, -1) {
		all = append(all, m[1])
	}
	return all
}

// importers returns the files, but tests, that import a package and are in none of them.
func importers(t *testing.T, packages []string) []string {
	t.Helper()
	var all []string
	for _, file := range sources(t, os.DirFS(root)) {
		inside := slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(file, p+"/") })
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || inside || strings.HasPrefix(file, "examples/zoo/internal/") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err == nil && slices.Contains(packages, strings.TrimPrefix(imported, module+"/")) {
				all = append(all, file)
				break
			}
		}
	}
	return all
}
