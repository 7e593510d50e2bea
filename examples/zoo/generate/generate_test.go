package main

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

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
	want, err := generate(fsys)
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
// three lines of context shows as one. It knows nothing of how the mutant was made.
func TestOneHunk(t *testing.T) {
	fsys := os.DirFS(root)
	all, err := mutation.Read(fsys, mutants)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) []string {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		return strings.SplitAfter(strings.TrimPrefix(string(text), header+"\n"), "\n")
	}
	for _, m := range all {
		hunks := 0
		for _, f := range families {
			if f.model != m.Model {
				continue
			}
			for _, source := range f.sources {
				place := path.Join(f.folder(m), path.Base(source))
				if dir := path.Dir(source); dir != path.Dir(f.sources[0]) {
					place = path.Join(f.folder(m), path.Base(dir), path.Base(source))
				}
				broken := read(place)
				for i, line := range broken { // Copies import copies.
					broken[i] = strings.Replace(line, importOf(path.Join(f.folder(m), "link")), importOf("actor/link"), 1)
				}
				hunks += countHunks(read(source), broken)
			}
		}
		if hunks != 1 {
			t.Errorf("%s of %s differs in %d hunks from the sound source", m.Name, m.Model, hunks)
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
	hunk := "something\nsafe: counts differ\nfile: FILE\n\n-package pingpong\n+package x\n"
	sound := &fstest.MapFile{Data: []byte("package pingpong\n")}
	for _, c := range []struct{ folder, file, want string }{
		{"chess", "examples/pingpong/pingpong.go", "a model that families lists"},
		{"ping-pong", "examples/abd/abd.go", "expected one of examples/pingpong/pingpong.go"},
	} {
		_, err := generate(fstest.MapFS{
			mutants + "/" + c.folder + "/x.txt": {Data: []byte(strings.Replace(hunk, "FILE", c.file, 1))},
			"examples/pingpong/pingpong.go":     sound, "examples/pingpong/system.go": sound,
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
}
