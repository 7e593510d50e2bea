package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"synod/checker"
	"synod/trace"
)

// shownLevels is the most levels that a profile shows; of more, it shows the last ones.
const shownLevels = 40

// WriteProfile writes a readable account of why the space is as large as it is: how it grew from level to level, and
// the contents of its slots and their fields, the most numerous first. Call it before Close.
func WriteProfile(w io.Writer, r *checker.Result) {
	p := r.Profile()
	fmt.Fprintf(w, "Why there are %d states:\n", r.Unique)
	writeLevels(w, r)
	t := newTable(w)
	t.row("slot", "", "distinct", lastNew(p), latelyFrom(p))
	slices.SortStableFunc(p.Slots, func(a, b checker.SlotProfile) int { return cmp.Compare(b.Parts.Count, a.Parts.Count) })
	for _, s := range p.Slots {
		t.row(s.Name, "contents", columns(s.Parts, p, false)...)
		for _, part := range []struct {
			name string
			of   checker.Growth
		}{{"local states", s.Local}, {"mailboxes", s.Mailboxes}} {
			if part.of.Count > 0 && s.Local.Count > 0 && s.Mailboxes.Count > 0 {
				t.row("", part.name, columns(part.of, p, false)...)
			}
		}
		slices.SortStableFunc(s.Fields, func(a, b checker.FieldProfile) int { return cmp.Compare(b.Values.Count, a.Values.Count) })
		for _, f := range s.Fields {
			t.row("", "field "+f.Name, columns(f.Values, p, f.AtLeast)...)
		}
	}
	t.end()
	for _, s := range p.Slots {
		if s.Dense {
			fmt.Fprintf(w, "%s has %d contents for %d states: few of them repeat, and storing each only once saves little.\n",
				s.Name, s.Parts.Count, r.Unique)
		}
	}
}

func lastNew(p checker.Profile) string {
	if p.Lately == 0 {
		return ""
	}
	return "last new at depth"
}

func latelyFrom(p checker.Profile) string {
	if p.Lately == 0 {
		return ""
	}
	return fmt.Sprintf("new from depth %d on", p.Lately)
}

// columns returns the columns of a profile for a count.
func columns(g checker.Growth, p checker.Profile, atLeast bool) []string {
	count := fmt.Sprint(g.Count)
	switch {
	case atLeast:
		return []string{"over " + count, "", ""}
	case p.Lately == 0 || g.Count == 0:
		return []string{count, "", ""}
	case g.LastNew == 0:
		return []string{count, "long ago", "0"}
	}
	return []string{count, fmt.Sprint(g.LastNew), fmt.Sprint(g.Lately)}
}

// writeLevels writes how a breadth-first search grew: the states first reached at each depth, their ratio to those of
// the previous depth, and the successors computed to find them.
func writeLevels(w io.Writer, r *checker.Result) {
	if len(r.Levels) == 0 {
		return
	}
	t := newTable(w)
	t.row("depth", "", "unique", "growth", "generated")
	for i, l := range r.Levels {
		if i < len(r.Levels)-shownLevels {
			continue
		}
		growth, generated := "", l.Generated
		if i > 0 {
			before := r.Levels[i-1]
			growth = fmt.Sprintf("%.2f", float64(l.Unique)/float64(max(1, before.Unique)))
			generated -= before.Generated
		}
		t.row(fmt.Sprint(i+1), "", fmt.Sprint(l.Unique), growth, fmt.Sprint(generated))
	}
	t.end()
}

// WriteCoverage writes a readable account of how the search used the model: which messages of every actor were
// delivered or ignored, which handlers and timers had no effect, how often properties were evaluated and handlers
// called, and how many calls were repeated to check that they are pure.
func WriteCoverage(w io.Writer, r *checker.Result) {
	s := r.Space
	if len(s.Coverage) > 0 {
		fmt.Fprintln(w, "What messages did: distinct pairs of a local state and a message.")
		t := newTable(w)
		t.row("actor", "message", "delivered", "ignored")
		for _, c := range s.Coverage {
			t.row(c.Actor, c.Message, fmt.Sprint(c.Delivered), fmt.Sprint(c.Ignored))
		}
		t.end()
	}
	for _, line := range r.Harmless() {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "Handlers were called for %d distinct local states and events.\n", s.HandlerCalls)
	t := newTable(w)
	t.row("property", "", "distinct evaluations")
	for _, p := range r.Properties {
		n := fmt.Sprint(p.Evaluations)
		if p.AtLeast {
			n = "over " + n
		}
		t.row(p.Name, "", n)
	}
	t.end()
	fmt.Fprintln(w, "Calls that were made again, with maps built in other orders, to see whether the answers are the same:")
	t = newTable(w)
	for _, g := range s.Guards {
		t.row(g.Part, "", fmt.Sprint(g.Twice), "of", fmt.Sprint(g.Calls), fmt.Sprintf("%d repeats", g.Repeats))
	}
	t.end()
	if len(s.Opaque) > 0 {
		fmt.Fprintf(w, "Actors whose own value could not be watched, since it contains a function, a channel, a cycle or too much shared data: %s.\n",
			strings.Join(s.Opaque, ", "))
	}
}

// table aligns rows: the first two columns to the left, the others to the right. Columns that are empty in all rows
// are omitted.
type table struct {
	w    io.Writer
	rows [][]string
}

func newTable(w io.Writer) *table { return &table{w: w} }

func (t *table) row(first, second string, others ...string) {
	t.rows = append(t.rows, append([]string{trace.Printable(first), trace.Printable(second)}, others...))
}

// end writes the rows.
func (t *table) end() {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range t.rows {
		line := ""
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch {
			case widths[i] == 0:
			case i < 2:
				line += "  " + cell + pad
			default:
				line += "  " + pad + cell
			}
		}
		fmt.Fprintln(t.w, strings.TrimRight(line, " "))
	}
}
