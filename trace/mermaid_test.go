package trace_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/trace"
)

// mermaidText is what stands for text: nothing that Mermaid takes for syntax, entity codes, and breaks.
const mermaidText = "(?:[^#;:\"`$%&<>\\\\\\n\\t]|#[0-9]+;|<br/>)+"

var (
	title       = regexp.MustCompile(`^  title (` + mermaidText + `)$`)
	participant = regexp.MustCompile(`^  participant ([pq][0-9]+) as (` + mermaidText + `)$`)
	note        = regexp.MustCompile(`^  Note (?:over|right of) ([pq][0-9]+): (` + mermaidText + `)$`)
	arrow       = regexp.MustCompile(`^  ([pq][0-9]+)(?:->>|-x)([pq][0-9]+): (` + mermaidText + `)$`)
)

// checkMermaid reads a diagram as a strict reader of the few kinds of lines that we write, and gives its texts as
// Mermaid would show them.
func checkMermaid(t testing.TB, diagram string) []string {
	t.Helper()
	lines := strings.Split(diagram, "\n")
	if len(lines) < 3 || lines[0] != "sequenceDiagram" || lines[len(lines)-1] != "" {
		t.Fatalf("no diagram: %q", diagram)
	}
	known := make(map[string]bool)
	var texts []string
	for i, line := range lines[1 : len(lines)-1] {
		var m []string
		switch {
		case i == 0:
			m = title.FindStringSubmatch(line)
		case strings.HasPrefix(line, "  participant "):
			if m = participant.FindStringSubmatch(line); m != nil {
				if known[m[1]] {
					t.Fatalf("participant %s twice", m[1])
				}
				known[m[1]] = true
			}
		case strings.HasPrefix(line, "  Note "):
			if m = note.FindStringSubmatch(line); m != nil && !known[m[1]] {
				t.Fatalf("unknown participant in %q", line)
			}
		default:
			if m = arrow.FindStringSubmatch(line); m != nil && (!known[m[1]] || !known[m[2]]) {
				t.Fatalf("unknown participant in %q", line)
			}
		}
		if m == nil {
			t.Fatalf("line %d is none of Mermaid: %q", i+2, line)
		}
		texts = append(texts, unescape(m[len(m)-1]))
	}
	return texts
}

var entity = regexp.MustCompile(`#([0-9]+);`)

// unescape returns the text that Mermaid shows.
func unescape(s string) string {
	return entity.ReplaceAllStringFunc(strings.ReplaceAll(s, "<br/>", "\n"), func(code string) string {
		n, err := strconv.Atoi(code[1 : len(code)-1])
		if err != nil {
			return "?"
		}
		return string(rune(n))
	})
}

// simple is a trace with one step about one message.
func simple(kind, message string) trace.Trace {
	const fingerprint = "0123456789abcdef"
	return trace.Trace{
		Property: "p", Kind: trace.Violation,
		Initial: trace.Initial{Fingerprint: fingerprint, Slots: []trace.Slot{{Name: "7"}, {Name: "end"}}},
		Steps: []trace.Step{{
			Key: "k", Text: "end: " + message, Kind: kind, Actor: "end", From: "7", Message: message,
			Fingerprint: fingerprint,
		}},
	}
}

func mermaid(t testing.TB, tr trace.Trace) string {
	t.Helper()
	var b strings.Builder
	if err := trace.WriteMermaid(&b, tr); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMermaidEscapes(t *testing.T) {
	for message, want := range map[string]string{
		"Put(3, 'A')":       "Put(3, 'A')",
		"a; b":              "a#59; b",
		"#35;":              "#35;35#59;",
		`say "end"`:         "say #34;end#34;",
		"a: b":              "a#58; b",
		"two\nlines":        "two<br/>lines",
		"two\r\nlines":      "two<br/>lines",
		"wrap: it":          "wrap#58; it",
		"%%{init: {}}%%":    "#37;#37;{init#58; {}}#37;#37;",
		"<b>&amp;</b>":      "#60;b#62;#38;amp#59;#60;/b#62;",
		"$$x$$":             "#36;#36;x#36;#36;",
		`C:\n`:              "C#58;#92;n",
		"ﬂ°°35¶ß":           "#64258;°°35#182;ß",
		"→ ü 票":             "→ ü 票",
		"\x1b[31m\u2028red": "\uFFFD[31m\uFFFDred",
		"  ":                "(no text)",
		"":                  "(no text)",
	} {
		diagram := mermaid(t, simple("deliver", message))
		checkMermaid(t, diagram)
		if got := strings.TrimPrefix(strings.Split(diagram, "\n")[4], "  p7->>q1: "); got != want {
			t.Errorf("%q is written as %q, expected %q", message, got, want)
		}
	}
}

// Whatever a text is made of that prints, Mermaid shows just that.
func TestMermaidShowsEveryText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		alphabet := []rune(" ab7#;:\"'`%{}<>&/\\-xnrwp$→ﬂ¶°ß\n")
		message := strings.TrimSpace(rapid.StringOf(rapid.SampledFrom(alphabet)).Draw(rt, "message"))
		if message == "" {
			return
		}
		kind := rapid.SampledFrom([]string{"deliver", "drop", "timeout", "act"}).Draw(rt, "kind")
		texts := checkMermaid(t, mermaid(t, simple(kind, message)))
		if got := texts[len(texts)-1]; got != message {
			rt.Fatalf("%q is shown as %q", message, got)
		}
	})
}
