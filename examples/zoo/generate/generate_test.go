package main

import (
	"flag"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"synod/internal/mutation"
)

var update = flag.Bool("update", false, "write the generated files")

const root = "../../.."

// TestUpToDate makes sure that the generated files are what generate gives, and that there are no others.
func TestUpToDate(t *testing.T) {
	if *update {
		if err := write(root); err != nil {
			t.Fatal(err)
		}
	}
	fsys := os.DirFS(root)
	want, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		if got, err := fs.ReadFile(fsys, name); err != nil || string(got) != text {
			t.Errorf("%s is not up to date: run go generate ./%s, %v", name, zoo, err)
		}
	}
	err = fs.WalkDir(fsys, zoo, func(name string, d fs.DirEntry, err error) error {
		generated := strings.HasPrefix(name, variants+"/") || strings.HasSuffix(name, "_gen.go")
		if err == nil && generated && !d.IsDir() && want[name] == "" {
			t.Errorf("%s belongs to no mutant: run go generate ./%s", name, zoo)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOneHunk makes sure of each mutant that what lies on disk differs from the sound source in one hunk: what a patch with
// TestOneHunk wants each mutant to be one hunk away from the sound source.
func TestOneHunk(t *testing.T) {
	fsys := os.DirFS(root)
	all, err := mutation.Read(fsys, mutants)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		sound, err := fs.ReadFile(fsys, m.File)
		if err != nil {
			t.Fatal(err)
		}
		broken, err := m.Apply(string(sound))
		if err != nil {
			t.Fatal(err)
		}
		if n := countHunks(strings.SplitAfter(string(sound), "\n"), strings.SplitAfter(broken, "\n")); n != 1 {
			t.Errorf("%s of %s differs in %d hunks from the sound source", m.Name, m.Model, n)
		}
	}
}

// countHunks counts the hunks of a patch from one text to another: changes with at most six lines between them are one.
func countHunks(from, to []string) int {
	// common[i][j] is how many lines from[i:] and to[j:] have in common, at most.
	common := make([][]int, len(from)+1)
	for i := range common {
		common[i] = make([]int, len(to)+1)
	}
	for i := len(from) - 1; i >= 0; i-- {
		for j := len(to) - 1; j >= 0; j-- {
			if from[i] == to[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	hunks, same := 0, 7
	for i, j := 0, 0; i < len(from) || j < len(to); {
		if i < len(from) && j < len(to) && from[i] == to[j] {
			i, j, same = i+1, j+1, same+1
			continue
		}
		if same > 6 {
			hunks++
		}
		same = 0
		if j == len(to) || i < len(from) && common[i+1][j] >= common[i][j+1] {
			i++
		} else {
			j++
		}
	}
	return hunks
}

func TestCountHunks(t *testing.T) {
	lines := strings.Split("a b c d e f g h i j k l", " ")
	change := func(at ...int) []string {
		changed := slices.Clone(lines)
		for _, i := range at {
			changed[i] = "x"
		}
		return changed
	}
	for _, c := range []struct {
		to   []string
		want int
	}{
		{lines, 0},
		{change(0), 1},
		{change(0, 7), 1},
		{change(0, 8), 2},
		{lines[1:], 1},
		{append(slices.Clone(lines[1:]), "m"), 2},
		{nil, 1},
	} {
		if got := countHunks(lines, c.to); got != c.want {
			t.Errorf("%v: %d hunks, want %d", c.to, got, c.want)
		}
	}
}

// TestRefused looks at mutants that cannot be made.
func TestRefused(t *testing.T) {
	fsys := os.DirFS(root)
	imported, err := importsOf(fsys)
	if err != nil {
		t.Fatal(err)
	}
	known, err := findExports(root, imported)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(families, func(f family) bool { return f.model == "ping-pong" })
	for _, c := range []struct{ file, hunk, want string }{
		{"examples/abd/abd.go", "-package abd\n+package x\n", "expected one of examples/pingpong/pingpong.go"},
		{"examples/pingpong/pingpong.go", "-package pingpong\n+package\n", "expected 'IDENT'"},
		{"examples/pingpong/pingpong.go", " package pingpong\n+const x = 1\n", "imports must appear before"},
		{"examples/pingpong/pingpong.go", " type (\n+\tx int\n", "the body of one function"},
		{"examples/pingpong/system.go", "-\tsys := model.NewSystem[Ball](c.Config)\n+\tsys := 1\n", "sys"},
	} {
		m, err := mutation.Parse("ping-pong", "x", "something\nsafe: counts differ\nfile: "+c.file+"\n\n"+c.hunk)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := families[at].merged(fsys, []mutation.Mutation{m}, known); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want %q", c.hunk, err, c.want)
		}
	}
	if err := listed([]mutation.Mutation{{Model: "chess", Name: "x"}}); err == nil {
		t.Error("a model that no family is of has mutants")
	}
}
