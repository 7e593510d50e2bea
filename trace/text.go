package trace

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Text writes a trace in human-readable form: what it shows, the initial state, and its steps, numbered from 1, each
// with its meaning in terms of the protocol, if the model explains it, and what it changed. Unprintable characters in
// the model's texts are escaped as in Go, so that the line structure is preserved.
func Text(w io.Writer, t Trace) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s:\n", t.headline())
	writeInitial(&b, t.Initial)
	for i, s := range t.Steps {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, Printable(s.Text))
		writeDetails(&b, s)
	}
	writeEnd(&b, t)
	_, err := w.Write(b.Bytes())
	return err
}

// Explain writes a trace as Text does, with causality: a delivery refers to the step that sent the message; steps
// that matter but that the last step does not follow from are marked as independent, and steps that the model blames
// as culprits. Steps that the result does not depend on are folded into one line.
func Explain(w io.Writer, t Trace) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s:\n", t.headline())
	writeInitial(&b, t.Initial)
	aside := 0
	fold := func() {
		if aside > 0 {
			fmt.Fprintf(&b, "     %s\n", t.folded(aside))
			aside = 0
		}
	}
	known := t.linked()
	for i, s := range t.Steps {
		if s.Aside {
			aside++
			continue
		}
		fold()
		fmt.Fprintf(&b, "%3d. %s", i+1, Printable(s.Text))
		if s.From != "" && known {
			fmt.Fprintf(&b, "   (%s)", s.sentAt())
		}
		if !s.Past && known {
			b.WriteString("   (independent of the last step)")
		}
		if s.Culprit {
			b.WriteString("   (culprit)")
		}
		b.WriteByte('\n')
		writeDetails(&b, s)
	}
	fold()
	writeEnd(&b, t)
	_, err := w.Write(b.Bytes())
	return err
}

// writeInitial writes the initial state of a trace, omitting empty slots.
func writeInitial(b *bytes.Buffer, initial Initial) {
	if len(initial.Slots) > 0 {
		b.WriteString("  0. initial state\n")
	}
	for _, s := range initial.Slots {
		if s.Text == "" || s.Text == emptyText {
			continue
		}
		for i, line := range strings.Split(s.Text, "\n") {
			if i == 0 {
				fmt.Fprintf(b, "       %s: %s\n", Printable(s.Name), Printable(line))
			} else {
				fmt.Fprintf(b, "         %s\n", Printable(strings.TrimSpace(line)))
			}
		}
	}
}

// emptyText is the text of an empty slot, such as that of undeliverable messages.
const emptyText = "[]"

// linked reports whether causality is known, which files of older versions do not have.
func (t Trace) linked() bool { return len(t.Steps) > 0 && t.Steps[len(t.Steps)-1].Past }

// sentAt describes when the message of a step was sent.
func (s Step) sentAt() string {
	if s.Sender == 0 {
		return "sent at the start"
	}
	return fmt.Sprintf("sent in step %d", s.Sender)
}

// folded returns the line for n steps that are set aside.
func (t Trace) folded(n int) string {
	if n == 1 {
		return fmt.Sprintf("… 1 step that the %s does not depend on …", t.Kind)
	}
	return fmt.Sprintf("… %d steps that the %s does not depend on …", n, t.Kind)
}

// headline describes what the trace shows.
func (t Trace) headline() string { return t.headlineIn(strconv.Quote) }

// headlineIn is like headline, with the property quoted by the given function.
func (t Trace) headlineIn(quote func(string) string) string {
	switch t.Kind {
	case Violation:
		return "Violation of " + quote(t.Property)
	case Example:
		return "Example of " + quote(t.Property)
	case Walked:
	}
	return "A path"
}

// meaning describes what the trace shows in a sentence, without the full stop.
func (t Trace) meaning(of string) string {
	steps := fmt.Sprintf("%d steps", len(t.Steps))
	if len(t.Steps) == 1 {
		steps = "1 step"
	}
	switch t.Kind {
	case Violation:
		return fmt.Sprintf("%s of %s violate %q", steps, of, t.Property)
	case Example:
		return fmt.Sprintf("%s of %s lead to an example of %q", steps, of, t.Property)
	case Walked:
	}
	return fmt.Sprintf("%s of %s are possible", steps, of)
}

// writeEnd writes how the trace continues, unless the last state is all there is to show.
func writeEnd(b *bytes.Buffer, t Trace) {
	if end := t.End(); end != "" {
		fmt.Fprintf(b, "     … %s.\n", Printable(end))
	}
	for _, k := range t.Fair {
		fmt.Fprintf(b, "       %s\n", Printable(k.String()))
	}
	if t.Unfair != "" {
		fmt.Fprintf(b, "       %s\n", Printable(t.Unfair))
	}
}

func writeDetails(b *bytes.Buffer, s Step) {
	for _, n := range s.Notes {
		fmt.Fprintf(b, "     » %s\n", Printable(n))
	}
	for _, c := range s.Changes {
		writeChange(b, c)
	}
}

func writeChange(b *bytes.Buffer, c Change) {
	path, before, after := Printable(c.Path), Printable(c.Old), Printable(c.New)
	switch {
	case c.Old == "":
		fmt.Fprintf(b, "       %s + %s\n", path, after)
	case c.New == "":
		fmt.Fprintf(b, "       %s - %s\n", path, before)
	default:
		fmt.Fprintf(b, "       %s: %s → %s\n", path, before, after)
	}
}

// Printable escapes characters that would move the cursor or change the terminal, as in Go.
func Printable(s string) string {
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
