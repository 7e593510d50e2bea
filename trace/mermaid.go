package trace

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"synod/model/statespace"
)

// WriteMermaid writes a trace as a Mermaid sequence diagram: a participant per actor that takes part, in the order of
// the model, an arrow per delivery, one with a cross per loss, and a note over the actor for everything else; the
// model's remarks are to its right. Steps that repeat for ever are in a loop, and a note across all participants says
// how the trace ends. Messages appear where they arrive, not where they were sent, since these are the steps of a
// path.
//
// Everything in the model's texts that Mermaid could interpret as syntax is escaped.
func WriteMermaid(w io.Writer, t Trace) error {
	var b bytes.Buffer
	b.WriteString("sequenceDiagram\n")
	fmt.Fprintf(&b, "  title %s\n", escape(t.headlineIn(typographic)))
	names := participants(t)
	ids := make(map[string]string, len(names))
	for i, name := range names {
		ids[name] = participantID(i, name)
		fmt.Fprintf(&b, "  participant %s as %s\n", ids[name], escape(name))
	}
	if len(t.Steps) == 0 { // The initial state shows it.
		for _, s := range t.Initial.Slots {
			if id, ok := ids[s.Name]; ok {
				fmt.Fprintf(&b, "  Note over %s: %s\n", id, escape(s.Text))
			}
		}
	}
	for i, s := range t.Steps {
		if t.Loop == i+1 {
			b.WriteString("  loop for ever\n")
		}
		arrow := ""
		switch {
		case s.From == "": // not about a message
		case s.Kind == statespace.Deliver.String():
			arrow = "->>"
		case s.Kind == statespace.Drop.String():
			arrow = "-x"
		}
		if arrow == "" {
			fmt.Fprintf(&b, "  Note over %s: %s\n", ids[s.Actor], escape(strings.TrimPrefix(s.Text, s.Actor+": ")))
		} else {
			fmt.Fprintf(&b, "  %s%s%s: %s\n", ids[s.From], arrow, ids[s.Actor], escape(s.Message))
		}
		for _, n := range s.Notes {
			fmt.Fprintf(&b, "  Note right of %s: %s\n", ids[s.Actor], escape(n))
		}
	}
	if t.Loop > 0 {
		b.WriteString("  end\n")
	}
	if end := t.End(); end != "" && len(names) > 0 {
		over := ids[names[0]]
		if last := ids[names[len(names)-1]]; last != over {
			over += "," + last
		}
		fmt.Fprintf(&b, "  Note over %s: %s\n", over, escape(end))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// typographic quotes a text for a title, where some viewers do not decode the entity codes that straight quotes need.
func typographic(s string) string { return "“" + strings.ReplaceAll(s, `"`, "”") + "”" }

// participants returns the names that occur in the steps: slots in their order, then any others. Without steps, they
// are the slots that are not empty.
func participants(t Trace) []string {
	return t.inOrder(func(add func(string)) {
		for _, s := range t.Initial.Slots {
			if len(t.Steps) == 0 && s.Text != emptyText {
				add(s.Name)
			}
		}
		for _, s := range t.Steps {
			add(s.From)
			add(s.Actor)
		}
	})
}

// participantID returns an identifier that Mermaid cannot mistake for a keyword: p and the name if that is a number,
// else q and the index among the participants.
func participantID(i int, name string) string {
	if strings.Trim(name, "0123456789") == "" {
		return "p" + name
	}
	return "q" + strconv.Itoa(i)
}

// harmless contains the ASCII characters, besides letters and digits, that have no special meaning in Mermaid texts.
const harmless = " ()[]{},.'_+=*/!?|~^@-"

// escape escapes a string as text: characters that Mermaid could interpret become entity codes such as #59;, and line
// ends become breaks. The letters ﬂ and ¶ are escaped too, since Mermaid replaces entity codes by them internally.
func escape(s string) string {
	var b strings.Builder
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimSpace(s))
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(harmless, r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString("<br/>")
		case r == '\t':
			b.WriteByte(' ')
		case !strconv.IsPrint(r):
			b.WriteRune('\uFFFD')
		case r < 0x80, r == 'ﬂ', r == '¶':
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return "(no text)" // Mermaid rejects an empty text.
	}
	return b.String()
}
