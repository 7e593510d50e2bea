package layout

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// withoutExample lists the public packages that owe no example_test.go, each with its reason.
var withoutExample = map[string]string{}

// TestExamples requires a runnable example, with its output, in every public package. Commands, internal
// packages and folders that hold only tests are not public.
func TestExamples(t *testing.T) {
	fsys := os.DirFS(root)
	public := publicPackages(t, fsys)
	for _, folder := range public {
		why, skipped := withoutExample[folder]
		data, err := fs.ReadFile(fsys, path.Join(folder, "example_test.go"))
		has := err == nil && hasExample(string(data))
		switch {
		case has && skipped:
			t.Errorf("%s has an example: remove it from withoutExample", folder)
		case skipped:
			t.Logf("%s has no example: %s", folder, why)
		case !has:
			t.Errorf("%s/example_test.go: want a func Example… with an // Output: comment", folder)
		}
	}
	for folder := range withoutExample {
		if !slices.Contains(public, folder) {
			t.Errorf("withoutExample names %s, which is no public package", folder)
		}
	}
}

func TestHasExample(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"func Example() {\n\t// Output: 1\n}\n", true},
		{"func ExampleBFS() {\n\t// Unordered output:\n\t// 1\n}\n", true},
		{"func ExampleBFS() {\n}\n", false},
		{"func TestX() {\n\t// Output: 1\n}\n", false},
	}
	for _, tt := range tests {
		if got := hasExample(tt.text); got != tt.want {
			t.Errorf("hasExample(%q) = %v", tt.text, got)
		}
	}
}

var outputComment = regexp.MustCompile(`(?mi)^\s*// (unordered )?output:`)

func hasExample(text string) bool {
	return strings.Contains(text, "func Example") && outputComment.MatchString(text)
}

var packageMain = regexp.MustCompile(`(?m)^package main\b`)

// publicPackages returns the folders with an importable package, in order.
func publicPackages(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var folders []string
	for _, name := range sources(t, fsys) {
		folder := path.Dir(name)
		isSource := path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
		if !isSource || within(folder, "internal") || strings.Contains(folder, "/internal/") {
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		if !packageMain.Match(data) && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	return folders
}

// unwanted are texts that have no business in a published source. Links to a tracker are fine; a bare
// number says nothing to a reader.
var unwanted = []struct {
	what string
	re   *regexp.Regexp
}{
	{"a path of one machine", regexp.MustCompile("(?m)(^|[\\s\"'`=(:,])/(home|root|Users|work|workspace)/")},
	{"a bare issue number", regexp.MustCompile(`(?i)\b(issues?|tickets?|fixes|closes|bug|PR) #\d+|\(#\d+\)`)},
	{"a merge conflict", regexp.MustCompile(`(?m)^(<{7}|>{7}) `)},
}

// TestTexts looks for leftovers in sources and prose.
func TestTexts(t *testing.T) {
	fsys := os.DirFS(root)
	for _, name := range sources(t, fsys) {
		switch path.Ext(name) {
		case "", ".go", ".md", ".yml", ".yaml", ".sh", ".html", ".js", ".css", ".txt":
		default:
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range leftovers(string(data)) {
			t.Errorf("%s:%s", name, p)
		}
	}
}

func TestLeftovers(t *testing.T) {
	tests := []struct {
		text string
		want int
	}{
		{"see " + "/home" + "/me/notes.md", 1},
		{"`/" + "work/x` and `/" + "root/y`", 2},
		{"https://example.org/home/page, ~/work/x, a/root/b", 0},
		{"as issue #" + "12 says (#" + "13)", 2},
		{"https://example.org/o/r/issues/12, slot #3, phase 2", 0},
		{strings.Repeat("<", 7) + " ours", 1},
	}
	for _, tt := range tests {
		if got := leftovers(tt.text); len(got) != tt.want {
			t.Errorf("leftovers(%q) = %q, want %d", tt.text, got, tt.want)
		}
	}
}

// leftovers returns one "line: what" per unwanted text.
func leftovers(text string) []string {
	var found []string
	for _, u := range unwanted {
		for _, at := range u.re.FindAllStringIndex(text, -1) {
			line := 1 + strings.Count(text[:at[0]], "\n")
			found = append(found, fmt.Sprintf("%d: %s: %s", line, u.what, strings.TrimSpace(text[at[0]:at[1]])))
		}
	}
	return found
}
