package trace

import (
	"errors"
	"fmt"
	"slices"

	"synod/model/statespace"
)

// MismatchError reports that a replayed state differs from the trace: the model, its configuration or the code of a
// handler has changed.
type MismatchError struct {
	Step int    // the step that leads to the state, from 1; 0 for the initial state
	Want string // the fingerprint in the trace
	Got  string // the fingerprint of the state reached; empty for step 0
}

// Error implements error.
func (e *MismatchError) Error() string {
	if e.Step == 0 {
		return fmt.Sprintf("no initial state has the fingerprint %s: "+
			"the trace is of another model, configuration or version", e.Want)
	}
	return fmt.Sprintf("step %d leads to the state %s, but led to %s when the trace was taken: the model has changed",
		e.Step, e.Got, e.Want)
}

// Replay walks a trace through a space, from the initial state with its fingerprint along the keys of its steps.
//
// If there is no such initial state, the error is a *MismatchError with step 0. If a step is no longer possible, it
// is a *statespace.NoStepError that names the first such step, and the path ends before it. If every step is possible
// but some state differs from the trace, it is a *MismatchError that names the first such step, and the path is
// complete: the caller decides whether it still shows what it did. A loop that does not close, and a maximal trace
// whose last state has transitions, are errors too, with a complete path.
func Replay(space statespace.Space, t Trace) (statespace.Path, error) {
	initials, err := statespace.Initials(space)
	if err != nil {
		return statespace.Path{}, err
	}
	start := slices.IndexFunc(initials, func(s []statespace.PartID) bool {
		return Fingerprint(space, s) == t.Initial.Fingerprint
	})
	if start < 0 {
		return statespace.Path{}, &MismatchError{Want: t.Initial.Fingerprint}
	}
	keys := make([]string, len(t.Steps))
	for i, s := range t.Steps {
		keys[i] = s.Key
	}
	p, err := statespace.Follow(space, start, keys)
	if err != nil {
		return p, err
	}
	p.Loop, p.Maximal = t.Loop, t.Maximal
	for i, s := range p.Steps {
		if want := t.Steps[i].Fingerprint; want != "" && want != Fingerprint(space, s.State) {
			return p, &MismatchError{Step: i + 1, Want: want, Got: Fingerprint(space, s.State)}
		}
	}
	return p, ends(space, p)
}

// ends returns an error if a path's loop does not close, or if it is not maximal as it claims.
func ends(space statespace.Space, p statespace.Path) error {
	switch {
	case p.Loop < 0 || p.Loop > len(p.Steps):
		return fmt.Errorf("the trace has no step %d at which a loop could begin", p.Loop)
	case p.Loop > 0 && !slices.Equal(p.At(p.Loop-1), p.Last()):
		return fmt.Errorf("step %d does not lead back to the state before step %d: the loop is open", len(p.Steps), p.Loop)
	case p.Maximal:
		terminal, err := statespace.Terminal(space, p.Last())
		if err != nil {
			return err
		}
		if !terminal {
			return errors.New("something else can happen after the last step: the trace is not maximal any more")
		}
	}
	return nil
}
