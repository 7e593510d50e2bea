package layout

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"synod/internal/needs"
)

// TestModelPages requires a page of docs/models for each model of the catalogue, and every row of its tables of
// counts to be what a check gives. Rewrite the counts with
//
//	go test ./internal/layout -run TestModelPages -update
//
// and read the difference.
func TestModelPages(t *testing.T) {
	needs.Program(t, "sh")
	bin := t.TempDir()
	if out, err := runIn(root, bin, "go install ./cmd/paxos"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	list, err := runIn(bin, bin, "paxos models")
	if err != nil {
		t.Fatal(err)
	}
	pages := make(map[string]bool)
	for line := range strings.Lines(list) {
		name, _, _ := strings.Cut(line, " ")
		pages[name+".md"] = true
		t.Run(name, func(t *testing.T) { checkPage(t, bin, name) })
	}
	files, err := filepath.Glob(filepath.Join(root, "docs", "models", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !pages[filepath.Base(f)] {
			t.Errorf("%s is the page of no model", f)
		}
	}
}

// countsHeader begins a table of counts. Its first column are flags of paxos check.
const countsHeader = "| flags | unique | generated | depth | violated |"

func checkPage(t *testing.T, bin, name string) {
	file := filepath.Join(root, "docs", "models", name+".md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("no page: %v", err)
	}
	lines := strings.Split(string(data), "\n")
	rows, inTable := 0, false
	for i, line := range lines {
		switch {
		case line == countsHeader:
			inTable = true
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case inTable && !strings.HasPrefix(line, "|---"):
			rows++
			flags := strings.Trim(strings.Split(line, "|")[1], " `")
			want := countsRow(t, bin, name, flags)
			if line != want && !*update {
				t.Errorf("%s:%d:\n%s\nwant\n%s", file, i+1, line, want)
			}
			lines[i] = want
		}
	}
	if rows == 0 {
		t.Errorf("%s has no table of counts:\n%s", file, countsHeader)
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// countsRow is the row of what a check with some flags gives.
func countsRow(t *testing.T, bin, name, flags string) string {
	t.Helper()
	call := strings.TrimSpace("paxos check --finish-when exhausted --progress off --json --model " + name + " " + flags)
	out, err := runIn(bin, bin, call)
	var d struct {
		Counts     struct{ Unique, Generated, Depth int }
		Properties []struct{ Name, Verdict string }
	}
	if broken := json.NewDecoder(strings.NewReader(out)).Decode(&d); broken != nil {
		t.Fatalf("%s: %v, %v\n%s", call, err, broken, out)
	}
	var violated []string
	for _, p := range d.Properties {
		switch p.Verdict {
		case "violated", "never":
			violated = append(violated, p.Name)
		case "undecided":
			t.Errorf("%s: %s is undecided", call, p.Name)
		}
	}
	if flags != "" {
		flags = "`" + flags + "`"
	}
	return fmt.Sprintf("| %s | %s | %s | %d | %s |", flags, thousands(d.Counts.Unique), thousands(d.Counts.Generated),
		d.Counts.Depth,
		strings.Join(violated, ", "))
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
