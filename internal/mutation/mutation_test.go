package mutation_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"synod/internal/mutation"
)

const text = `a door stays open
breaks: closed
with: doors=2 network=ordered
found: 3 actions, 4 unique, 5 generated
file: doors/door.go

 func close() {
-	open = false
+	open = true
 }
`

const sound = "func close() {\n\topen = false\n}\n"

func TestParse(t *testing.T) {
	m, err := mutation.Parse("doors", "stuck", text)
	if err != nil {
		t.Fatal(err)
	}
	if m.Summary != "a door stays open" || m.Breaks != "closed" || m.Safe() || m.With["doors"] != "2" || len(m.With) != 2 ||
		m.File != "doors/door.go" || m.Found != (mutation.Found{Actions: 3, Unique: 4, Generated: 5}) {
		t.Errorf("%+v", m)
	}
	got, err := m.Apply(sound)
	if want := "func close() {\n\topen = true\n}\n"; got != want || err != nil {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, other := range []string{"", sound + sound, "x" + sound, strings.TrimSuffix(sound, "\n")} {
		if _, err := m.Apply(other); err == nil {
			t.Errorf("the hunk fits %q", other)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"\n\n", "\n", "an empty line before the hunk"},
		{"breaks: closed\n", "", "a property that it breaks"},
		{"breaks: closed\n", "breaks: closed\nsafe: counts differ\n", "a property that it breaks"},
		{"breaks", "brakes", "expected breaks, safe, with, found or file"},
		{"doors=2", "doors", "expected name=value"},
		{"doors=2", "doors=2 doors=2", "expected name=value"},
		{"found: 3", "found: x", "expected integer"},
		{"file: doors/door.go\n", "", "the file that it changes"},
		{"open\nbreaks", "open.\nbreaks", "without a full stop"},
		{" func", "func", "a space, - or + in front"},
		{"= true", "= false", "a hunk that changes something"},
		{" }\n", " }", "a line end"},
	} {
		_, err := mutation.Parse("doors", "stuck", strings.Replace(text, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q instead of %q: %v; want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestNote(t *testing.T) {
	f := mutation.Found{Actions: 30, Unique: 40, Generated: 50}
	want := strings.Replace(text, "3 actions, 4 unique, 5 generated", f.String(), 1)
	for _, before := range []string{text, strings.Replace(text, "found: 3 actions, 4 unique, 5 generated\n", "", 1)} {
		if got := mutation.Note(before, f); got != want {
			t.Errorf("%q becomes %q", before, got)
		}
	}
}

func TestRead(t *testing.T) {
	file := &fstest.MapFile{Data: []byte(text)}
	all, err := mutation.Read(fstest.MapFS{"m/doors/stuck.txt": file, "m/doors/ajar.txt": file, "m/cars/x.txt": file}, "m")
	if err != nil || len(all) != 3 || all[0].Model != "cars" || all[1].Name != "ajar" || all[2].Name != "stuck" {
		t.Errorf("%+v, %v", all, err)
	}
	for _, name := range []string{"m/doors/stuck", "m/doors/stuck.go"} {
		if _, err := mutation.Read(fstest.MapFS{name: file}, "m"); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
