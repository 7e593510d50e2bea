package checker

import (
	"fmt"
	"io"
	"strings"

	"synod/model/statespace"
	"synod/trace"
)

// WriteText writes a readable report: each discovery as a numbered path, with what every step changed, then the
// verdicts, one per line.
func (r *Result) WriteText(w io.Writer) { r.writeText(w, trace.Text, everyPath) }

// WriteExplained writes the same report as WriteText, with paths as trace.Explain shows them: with causal order, and
// without irrelevant steps.
func (r *Result) WriteExplained(w io.Writer) { r.writeText(w, trace.Explain, everyPath) }

func everyPath(PropertyResult) bool { return true }

// writeText writes the report with the paths of the properties that are wanted.
func (r *Result) writeText(w io.Writer, show func(io.Writer, trace.Trace) error, wanted func(PropertyResult) bool) {
	if r.Err != nil {
		r.writeError(w)
	}
	for _, p := range r.Properties {
		if t := r.Trace(p); t != nil && wanted(p) {
			if err := show(w, *t); err != nil {
				return // Nothing that follows could be written either.
			}
		}
	}
	for _, p := range r.Properties {
		r.writeStuck(w, p)
	}
	for _, p := range r.Properties {
		fmt.Fprintf(w, "%-11s %s %q", p.Verdict, p.Expect, p.Name)
		if p.Path != nil {
			fmt.Fprintf(w, ", %s%s", actions(len(p.Path.Steps)), p.Minimised.note())
		}
		fmt.Fprint(w, p.remarks(r.Fairness))
		if len(r.Space.Budgets) > 0 {
			fmt.Fprintf(w, " (%s)", budgets(r.Space.Budgets))
		}
		if r.Bounded {
			fmt.Fprintf(w, " (within the state constraint, %d transitions cut)", r.Cut)
		}
		fmt.Fprintln(w)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, note)
	}
	r.writeVacuous(w)
	if r.AtLeast {
		fmt.Fprintf(w, "The walks visited at least %d distinct states; the memory limit prevents an exact count.\n", r.Unique)
	}
	switch {
	case r.Stopped == "":
	case r.Engine == "walk":
		fmt.Fprintf(w, "The walks ended (%s), after %d of them.\n", r.Stopped, r.Walks)
	default:
		fmt.Fprintf(w, "The search ended early (%s), with %d states left to expand.\n", r.Stopped, r.Frontier)
	}
}

// writeError writes why the check was aborted, where, and in which function of the model if one panicked.
func (r *Result) writeError(w io.Writer) {
	fmt.Fprintf(w, "error: %v\n", r.Err)
	if stack := r.Stack(); stack != "" {
		fmt.Fprintln(w, "The model's functions that were called then, the innermost first:")
		for line := range strings.Lines(stack) {
			fmt.Fprintf(w, "  %s", line)
		}
	}
	if r.Failure == nil {
		return
	}
	if len(r.Failure.Steps) == 0 {
		fmt.Fprintln(w, "It occurred in the initial state.")
		return
	}
	fmt.Fprintf(w, "It occurred after %s:\n", actions(len(r.Failure.Steps)))
	for i, step := range r.Failure.Steps {
		fmt.Fprintf(w, "%3d. %s\n", i+1, trace.Printable(step.Action.Text))
	}
}

// writeStuck lists the first stuck states of a property.
func (r *Result) writeStuck(w io.Writer, p PropertyResult) {
	if p.Stuck == nil || p.Stuck.Count == 0 || r.engine == nil {
		return
	}
	fmt.Fprintf(w, "Stuck states of %q, %d of %d terminal states", p.Name, p.Stuck.Count, p.Stuck.Terminal)
	if p.Stuck.Count > len(p.Stuck.First) {
		fmt.Fprintf(w, ", the first %d", len(p.Stuck.First))
	}
	fmt.Fprintln(w, ":")
	for _, state := range p.Stuck.First {
		s := trace.StateOf(r.engine.shown(), state)
		fmt.Fprintf(w, "  %s\n", s.Fingerprint)
		for _, slot := range s.Slots {
			if text := strings.Join(strings.Fields(slot.Text), " "); text != "" {
				fmt.Fprintf(w, "       %s: %s\n", trace.Printable(slot.Name), trace.Printable(text))
			}
		}
	}
}

// remarks returns the assumptions and limits of a verdict.
func (p PropertyResult) remarks(fairness []statespace.Condition) string {
	text := ""
	if p.Path != nil && p.Path.Loop > 0 {
		text += fmt.Sprintf(", the last %d of them for ever", len(p.Path.Steps)-p.Path.Loop+1)
	}
	if p.Stuck != nil && p.Stuck.Count > 0 {
		text += fmt.Sprintf(", %d of %d terminal states", p.Stuck.Count, p.Stuck.Terminal)
	}
	if p.Verdict == Undecided && p.Open > 0 {
		text += fmt.Sprintf(", as %d states on its paths were not fully expanded", p.Open)
	}
	if p.left {
		text += ", as symmetry says nothing of it"
	}
	if p.Expect == statespace.Eventually || p.Expect == statespace.LeadsTo {
		text += " (" + assumed(fairness) + ")"
	}
	return text
}

// shownFair is the number of fairness conditions that a line names.
const shownFair = 3

// assumed describes the fairness assumed of paths, such as "weakly fair: deliveries, timeouts".
func assumed(fairness []statespace.Condition) string {
	var weak, strong, parts []string
	for _, c := range fairness {
		if c.Strong {
			strong = append(strong, c.Name)
		} else {
			weak = append(weak, c.Name)
		}
	}
	add := func(how string, names []string) {
		if n := len(names); n > shownFair+1 {
			names = append(names[:shownFair:shownFair], fmt.Sprintf("and %d more", n-shownFair))
		}
		if len(names) > 0 {
			parts = append(parts, how+" fair: "+trace.Printable(strings.Join(names, ", ")))
		}
	}
	add("weakly", weak)
	add("strongly", strong)
	if parts == nil {
		return "no fairness assumed"
	}
	return strings.Join(parts, "; ")
}

// budgets lists the bounds on faults, such as "down at once ≤ 1, crashes ≤ 2".
func budgets(all []statespace.Budget) string {
	texts := make([]string, len(all))
	for i, b := range all {
		texts[i] = fmt.Sprintf("%s ≤ %d", b.Name, b.Limit)
	}
	return strings.Join(texts, ", ")
}

// actions returns a number of actions in words.
func actions(n int) string {
	if n == 1 {
		return "1 action"
	}
	return fmt.Sprintf("%d actions", n)
}
