package checker

import (
	"fmt"
	"io"

	"synod/model"
)

// WriteText writes what was found for people to read: each discovery as a numbered path, with what every step changed,
// then the verdicts, a line each.
func (r *Result) WriteText(w io.Writer) {
	if r.Err != nil {
		fmt.Fprintf(w, "error: %v\n", r.Err)
	}
	for _, p := range r.Properties {
		if p.Path != nil {
			r.writePath(w, p)
		}
	}
	for _, p := range r.Properties {
		fmt.Fprintf(w, "%-11s %s %q", p.Verdict, p.Expect, p.Name)
		if p.Path != nil {
			fmt.Fprintf(w, ", %d actions", len(p.Path.Steps))
		}
		if r.Bounded {
			fmt.Fprintf(w, " (within the boundary, %d transitions cut)", r.Cut)
		}
		fmt.Fprintln(w)
	}
	if r.Stopped != "" {
		fmt.Fprintf(w, "The search was ended by %s with %d states left to expand.\n", r.Stopped, r.Frontier)
	}
}

func (r *Result) writePath(w io.Writer, p PropertyResult) {
	kind := "Example of"
	if p.Verdict == Violated {
		kind = "Violation of"
	}
	fmt.Fprintf(w, "%s %q:\n", kind, p.Name)
	space := r.engine.space
	state := p.Path.Initial
	for i, step := range p.Path.Steps {
		fmt.Fprintf(w, "%3d. %s\n", i+1, step.Action.Text)
		for _, c := range model.Changes(space, state, step.State) {
			writeChange(w, c)
		}
		state = step.State
	}
}

func writeChange(w io.Writer, c model.Change) {
	switch {
	case c.Old == "":
		fmt.Fprintf(w, "       %s + %s\n", c.Path, c.New)
	case c.New == "":
		fmt.Fprintf(w, "       %s - %s\n", c.Path, c.Old)
	default:
		fmt.Fprintf(w, "       %s: %s → %s\n", c.Path, c.Old, c.New)
	}
}
