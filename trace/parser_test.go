package trace_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"synod/internal/needs"
	"synod/trace"
)

// TestMermaidParses gives diagrams to Mermaid's own parser: of every model, and with texts that it could take for syntax.
// It needs Node, and the packages that npm ci puts into tools/node.
func TestMermaidParses(t *testing.T) {
	folder := filepath.Join(moduleRoot(t), "tools", "node")
	node := needs.Node(t)
	_, err := os.Stat(filepath.Join(folder, "node_modules", "mermaid"))
	needs.That(t, err == nil, "there is no tools/node/node_modules/mermaid: run npm ci in tools/node")
	diagrams := []string{"sequenceDiagram\n  Note over: nothing\n"} // which is no diagram
	all := sources()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		space := open(t, all[name])
		if name == "telephone" {
			p := follow(t, space, []string{"1: timeout", "1 → 20", "1: chooses tails", "lost: 20 → 1"})
			diagrams = append(diagrams, mermaid(t, trace.New(space, "a: \"b\"; %% c", trace.Violation, p)))
			continue
		}
		property := "value chosen"
		if name == "puzzle" {
			property = "4 litres"
		}
		diagrams = append(diagrams, mermaid(t, trace.New(space, property, trace.Example, discover(t, space, property))))
	}
	for _, text := range []string{
		"a; b", "#35;", `say "end"`, "a: b", "two\nlines", "wrap: it", "%%{init: {}}%%", "<b>&amp;</b>", "$$x$$", `C:\n`,
		"ﬂ°°35¶ß", "→ ü 票", "\x1b[31m", "end", "loop", "", "()[]{},.'_+=*/!?|~^@-", "->>", "--x", "+p1", "@{ shape: x }",
	} {
		for _, kind := range []string{"deliver", "drop", "act"} {
			tr := simple(kind, text)
			tr.Steps[0].Notes = []string{text}
			diagrams = append(diagrams, mermaid(t, tr))
		}
	}
	input, err := json.Marshal(diagrams)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "parse-mermaid.mjs")
	cmd.Dir, cmd.Stdin = folder, bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers []struct{ Kind, Error string }
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(diagrams) || answers[0].Error == "" {
		t.Fatalf("%d answers of %d diagrams, the first one %+v", len(answers), len(diagrams), answers[0])
	}
	for i, a := range answers[1:] {
		if a.Kind != "sequence" {
			t.Errorf("%s\n%s", a.Error, diagrams[i+1])
		}
	}
}
