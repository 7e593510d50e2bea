package consistency

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/anishathalye/porcupine"
)

// Violation is a prefix of a window that has no valid order. Operations that had not returned by its end count as
// operations of unknown outcome. At first the prefix is the whole window; [Violation.Explain] looks for the shortest
// one.
type Violation[S any, I comparable, O any] struct {
	Window int // the number of the window, from 1
	// Operations are the returned operations, in order of their returns.
	Operations []WindowOperation[I, O]
	// Explained is the length of the longest prefix of Operations known to have an order.
	Explained int
	// Found reports that the prefix is the shortest: without the last operation there is an order, so its answer is the
	// first that does not fit.
	Found bool
	// Open are the operations of the window that may or may not have taken effect, in order of invocation.
	Open []WindowOperation[I, O]
	// States are the possible states of the object after all operations but the last, if they could be determined.
	States []S

	window  *Windows[S, I, O]
	current []windowed[I, O]
	rets    []int64
	pool    pool[I]
	ops     []operation[I, O]
}

// WindowOperation is an operation of a violation.
type WindowOperation[I, O any] struct {
	Client Client
	In     I
	Out    O // the zero value if the operation is open
	// Invoked and Returned are the numbers of its events among all events of the check, from 1. Returned is 0 if the
	// operation is open.
	Invoked, Returned int64
}

// Culprit returns the operation whose answer is the first that does not fit, if the violation is Found.
func (v *Violation[S, I, O]) Culprit() WindowOperation[I, O] {
	return v.Operations[len(v.Operations)-1]
}

// violation returns the violation of the whole window.
func (w *Windows[S, I, O]) violation() *Violation[S, I, O] {
	v := &Violation[S, I, O]{Window: w.stats.Windows, window: w, current: slices.Clone(w.current)}
	for _, op := range v.current {
		if op.fate == returned {
			v.rets = append(v.rets, op.ret)
		}
	}
	slices.Sort(v.rets)
	v.end(len(v.rets))
	return v
}

// end restricts the violation to the first n operations that returned.
func (v *Violation[S, I, O]) end(n int) {
	moment := v.rets[n-1] + 1
	v.ops, v.pool = v.window.divide(v.current, moment)
	v.Operations, v.Open = nil, nil
	for _, op := range v.ops {
		v.Operations = append(v.Operations, WindowOperation[I, O]{op.client, op.in, op.out, op.call, op.ret})
	}
	slices.SortFunc(v.Operations, func(a, b WindowOperation[I, O]) int { return cmp.Compare(a.Returned, b.Returned) })
	for _, op := range v.current {
		if op.call < moment && op.fate != failed && (op.fate != returned || op.ret >= moment) {
			v.Open = append(v.Open, WindowOperation[I, O]{Client: op.client, In: op.in, Invoked: op.call})
		}
	}
}

// Step limit of the first round of searches by Explain, and its factor for each further round.
const (
	firstSteps = 10_000
	moreSteps  = 8
)

// Explain searches for the shortest prefix without an order, by bisection, until ctx is done: longer prefixes have
// none either. A search that reaches its limit shows nothing; shorter prefixes, which are easier, are tried next, and
// then all again with a higher limit. What is known so far is in v.
func (v *Violation[S, I, O]) Explain(ctx context.Context) {
	for steps := int64(firstSteps); !v.Found && ctx.Err() == nil; steps *= moreSteps {
		hasty := false
		most := len(v.Operations) // longer prefixes are not tried in this round
		for most-v.Explained > 1 && ctx.Err() == nil {
			n := v.Explained + (most-v.Explained)/2
			after, stopped := v.after(ctx, n, steps)
			switch {
			case stopped != "":
				hasty = hasty || stopped == outOfSteps
				most = n
			case after:
				v.Explained = n
			default:
				v.end(n)
				most = n
			}
		}
		v.Found = v.Explained == len(v.Operations)-1
		if !hasty {
			break
		}
	}
	if v.Found && ctx.Err() == nil {
		v.States = v.states(ctx)
	}
}

// after reports whether the first n operations have an order, or why that was not determined.
func (v *Violation[S, I, O]) after(ctx context.Context, n int, steps int64) (possible bool, stopped string) {
	w := v.window
	ops, pool := w.divide(v.current, v.rets[n-1]+1)
	if d := w.config.exactly(w.front, ops, pool); d.known {
		return len(d.after) > 0 || d.later, ""
	}
	s := newSearch(ctx, &w.config, pool)
	s.once, s.steps = true, steps
	possible = len(s.all(w.front, ops)) > 0
	return possible, s.stopped
}

// states returns the possible states after all operations but the last.
func (v *Violation[S, I, O]) states(ctx context.Context) []S {
	w, possible := v.window, v.window.front
	if v.Explained > 0 {
		ops, pool := w.divide(v.current, v.rets[v.Explained-1]+1)
		if d := w.config.exactly(w.front, ops, pool); d.known {
			possible = d.after
		} else {
			s := newSearch(ctx, &w.config, pool)
			if possible = s.all(w.front, ops); s.stopped != "" {
				return nil
			}
		}
	}
	return w.distinct(possible)
}

// distinct returns the possible states, without repeats.
func (w *Windows[S, I, O]) distinct(possible []possibility[S]) []S {
	var states []S
	for _, p := range possible {
		if !slices.ContainsFunc(states, func(other S) bool { return w.config.Spec.SameState(other, p.state) }) {
			states = append(states, p.state)
		}
	}
	return states
}

// Visualize writes porcupine's page: the operations on a time line, with the longest orders found. Open operations
// are annotations, since they may or may not be part of an order.
func (v *Violation[S, I, O]) Visualize(ctx context.Context, out io.Writer) error {
	config := &v.window.config
	s := newSearch(ctx, config, v.pool)
	defer s.guard.release(config.Spec.Name)
	all := s.timeline(v.ops)
	rows := make(map[Client]int) // the page has a row for each number up to the greatest
	row := func(c Client) int {
		if _, known := rows[c]; !known {
			rows[c] = len(rows)
		}
		return rows[c]
	}
	for i := range all {
		all[i].ClientId, all[i].Metadata = row(v.ops[i].client), fmt.Sprintf("client %d", v.ops[i].client)
	}
	model := s.model(v.window.front)
	_, info := porcupine.CheckOperationsVerbose(model, all, 0)
	s.guard.release(config.Spec.Name)
	end := v.Culprit().Returned
	var notes []porcupine.Annotation
	for _, op := range v.Open {
		notes = append(notes, porcupine.Annotation{
			ClientId: row(op.Client), Start: op.Invoked, End: end + 1,
			Description: fmt.Sprintf("%v -> ?", op.In), Details: fmt.Sprintf("client %d; may have taken effect at any time, or never", op.Client),
		})
	}
	info.AddAnnotations(notes)
	if err := porcupine.Visualize(model, info, out); err != nil {
		return fmt.Errorf("visualize window %d: %w", v.Window, err)
	}
	return nil
}
