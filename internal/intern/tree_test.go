package intern

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// paths lists the paths of the leaves of a tree with their texts.
func (n Node) paths(at string, into map[string]string) {
	if len(n.Parts) == 0 {
		into[at] = n.Text
	}
	for _, p := range n.Parts {
		if strings.HasPrefix(p.Name, "[") {
			p.paths(at+p.Name, into)
		} else {
			p.paths(join(at, p.Name), into)
		}
	}
}

// What Diff reports is found in the trees: a leaf, or a part as a whole, at that path.
func TestTreeHasThePathsOfDiff(t *testing.T) {
	w, err := For[state]()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		var a, b state
		fill(t, reflect.ValueOf(&a).Elem(), 4)
		fill(t, reflect.ValueOf(&b).Elem(), 4)
		tree := w.Tree(b, 1<<20)
		for _, c := range w.Diff(a, b) {
			if c.New == "" {
				continue
			}
			if !has(tree, "", c.Path) {
				t.Fatalf("no %q in the tree of %s", c.Path, w.Text(b))
			}
		}
	})
}

func has(n Node, at, path string) bool {
	if at == path {
		return true
	}
	for _, p := range n.Parts {
		next := join(at, p.Name)
		if strings.HasPrefix(p.Name, "[") {
			next = at + p.Name
		}
		if has(p, next, path) {
			return true
		}
	}
	return false
}

func TestTree(t *testing.T) {
	w, err := For[map[int]ballot]()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	w.Tree(map[int]ballot{2: {1, 2}, 10: {3, 4}}, 100).paths("", got)
	want := map[string]string{"[2].Round": "1", "[2].Leader": "2", "[10].Round": "3", "[10].Leader": "4"}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	for path, text := range want {
		if got[path] != text {
			t.Errorf("%s is %q, want %q", path, got[path], text)
		}
	}
	cut := w.Tree(map[int]ballot{2: {1, 2}, 10: {3, 4}}, 4)
	if !cut.More || len(cut.Parts) != 1 {
		t.Errorf("of four nodes: %+v", cut)
	}
}
