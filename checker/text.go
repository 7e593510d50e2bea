package checker

import (
	"fmt"
	"io"
	"strings"

	"synod/model"
	"synod/trace"
)

// WriteText writes what was found for people to read: each discovery as a numbered path, with what every step changed,
// then the verdicts, a line each.
func (r *Result) WriteText(w io.Writer) { r.writeText(w, trace.Text) }

// WriteExplained writes what WriteText does, with paths as trace.Explain shows them: with what comes before what, and
// without the steps that do not matter.
func (r *Result) WriteExplained(w io.Writer) { r.writeText(w, trace.Explain) }

func (r *Result) writeText(w io.Writer, show func(io.Writer, trace.Trace) error) {
	if r.Err != nil {
		fmt.Fprintf(w, "error: %v\n", r.Err)
		if r.Failure != nil {
			fmt.Fprintf(w, "It came up after %s:\n", actions(len(r.Failure.Steps)))
			for i, step := range r.Failure.Steps {
				fmt.Fprintf(w, "%3d. %s\n", i+1, step.Action.Text)
			}
		}
	}
	for _, p := range r.Properties {
		if t := r.trace(p); t != nil {
			if err := show(w, *t); err != nil {
				return // as nothing that follows could be written either
			}
		}
	}
	for _, p := range r.Properties {
		fmt.Fprintf(w, "%-11s %s %q", p.Verdict, p.Expect, p.Name)
		if p.Path != nil {
			fmt.Fprintf(w, ", %s%s", actions(len(p.Path.Steps)), p.Minimised.note())
		}
		if len(r.Space.Budgets) > 0 {
			fmt.Fprintf(w, " (%s)", budgets(r.Space.Budgets))
		}
		if r.Bounded {
			fmt.Fprintf(w, " (within the boundary, %d transitions cut)", r.Cut)
		}
		fmt.Fprintln(w)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, note)
	}
	if r.AtLeast {
		fmt.Fprintf(w, "The walks met at least %d distinct states: there was no memory to tell more of them apart.\n", r.Unique)
	}
	if r.Stopped != "" {
		fmt.Fprintf(w, "The search ended early (%s), with %d states left to expand.\n", r.Stopped, r.Frontier)
	}
}

// budgets names what bounds the faults: down at once ≤ 1, crashes ≤ 2.
func budgets(all []model.Budget) string {
	texts := make([]string, len(all))
	for i, b := range all {
		texts[i] = fmt.Sprintf("%s ≤ %d", b.Name, b.Limit)
	}
	return strings.Join(texts, ", ")
}

// actions counts actions in words.
func actions(n int) string {
	if n == 1 {
		return "1 action"
	}
	return fmt.Sprintf("%d actions", n)
}
