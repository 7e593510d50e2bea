package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"synod/spawn/nemesis"
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
		{"A transport", []string{"spawn/grpc", "spawn/grpc/framepb"}, nil},
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

// mostPlaces is in how many files a fault may be spoken of besides the vocabulary.
const mostPlaces = 3

// TestFaultPlaces counts the places to touch when a fault is added: the vocabulary, and where it is done to processes and on
// virtual time, if what there is does not do it already. Entries may name faults, as they name anything.
func TestFaultPlaces(t *testing.T) {
	const vocabulary = "spawn/nemesis/vocabulary.go"
	text, err := os.ReadFile(filepath.Join(root, "DEVELOPMENT.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := listedUnder(string(text), "A fault")
	spoken := make(map[string][]string)
	for _, file := range sources(t, os.DirFS(root)) {
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "examples/") || file == vocabulary {
			continue
		}
		for _, kind := range spokenOf(t, file) {
			spoken[kind] = append(spoken[kind], file)
		}
	}
	for _, k := range nemesis.AllKinds() {
		name := strings.ReplaceAll(cases(k.String()), "-", "")
		places := spoken[name]
		t.Logf("%s: %s and %q", name, vocabulary, places)
		if len(places) > mostPlaces {
			t.Errorf("%s has %d places besides the vocabulary, want at most %d: %q", name, len(places), mostPlaces, places)
		}
		for _, file := range append(places, vocabulary) {
			if !slices.Contains(listed, file) {
				t.Errorf("%s knows the fault %s, and is not among the places %q", file, name, listed)
			}
		}
		delete(spoken, name)
	}
	for name := range spoken {
		t.Errorf("%s is no fault of the vocabulary", name)
	}
}

// cases is a word with dashes as Go names it.
func cases(word string) string {
	parts := strings.Split(word, "-")
	for i, p := range parts {
		parts[i] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, "-")
}

// spokenOf returns the kinds of faults that a file names, each once.
func spokenOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := make(map[string]bool)
	for _, k := range nemesis.AllKinds() {
		kinds[strings.ReplaceAll(cases(k.String()), "-", "")] = true
	}
	own := strings.HasPrefix(file, "spawn/nemesis/")
	found := make(map[string]bool)
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "nemesis" && kinds[n.Sel.Name] {
				found[n.Sel.Name] = true
			}
			return !own
		case *ast.Ident:
			if own && kinds[n.Name] {
				found[n.Name] = true
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(found))
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
