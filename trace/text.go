package trace

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Text writes a trace for people to read: what it shows, then its steps, numbered from 1, each with what it changed. A
// line is a line whatever the model's texts hold: characters that do not print are escaped as in Go.
func Text(w io.Writer, t Trace) error {
	var b bytes.Buffer
	word := "Example"
	if t.Kind == Violation {
		word = "Violation"
	}
	fmt.Fprintf(&b, "%s of %q:\n", word, t.Property)
	for i, s := range t.Steps {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, printable(s.Text))
		for _, c := range s.Changes {
			writeChange(&b, c)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeChange(b *bytes.Buffer, c Change) {
	path, before, after := printable(c.Path), printable(c.Old), printable(c.New)
	switch {
	case c.Old == "":
		fmt.Fprintf(b, "       %s + %s\n", path, after)
	case c.New == "":
		fmt.Fprintf(b, "       %s - %s\n", path, before)
	default:
		fmt.Fprintf(b, "       %s: %s → %s\n", path, before, after)
	}
}

// printable escapes what would move the cursor or change the terminal.
func printable(s string) string {
	odd := func(r rune) bool { return !strconv.IsPrint(r) }
	if strings.IndexFunc(s, odd) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if odd(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
