package consistency

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/anishathalye/porcupine"
)

// Violation is what cannot be explained: the shortest part of a window, from its beginning on, that has no order. Every
// operation that had not returned by its end counts as one of unknown outcome.
type Violation[S any, I comparable, O any] struct {
	Window int // its number, from 1
	// Operations are those that have returned, in the order in which they did. Without the last one there is an order.
	Operations []WindowOperation[I, O]
	// Open are those of the window that may or may not have taken effect, in the order of invocation.
	Open []WindowOperation[I, O]
	// States are those that the object could have had when all but the last operation had taken effect, if that could be
	// found out.
	States []S

	config *WindowsConfig[S, I, O]
	pool   pool[I]
	start  []possibility[S]
	ops    []operation[I, O]
}

// WindowOperation is an operation of a violation.
type WindowOperation[I, O any] struct {
	Client Client
	In     I
	Out    O // the zero value of one that is open
	// Invoked and Returned are the numbers of these events among all those that the check was told of, from 1. Of an open
	// one, Returned is 0.
	Invoked, Returned int64
}

// Culprit is the operation whose answer does not fit.
func (v *Violation[S, I, O]) Culprit() WindowOperation[I, O] {
	return v.Operations[len(v.Operations)-1]
}

// explain looks for the least number of returns after which there is no order. That more of them have none either makes
// it a binary search. What cannot be searched in time makes the part longer than necessary.
func (w *Windows[S, I, O]) explain(ctx context.Context) *Violation[S, I, O] {
	var rets []int64
	for _, op := range w.current {
		if op.fate == returned {
			rets = append(rets, op.ret)
		}
	}
	slices.Sort(rets)
	n := sort.Search(len(rets)-1, func(i int) bool {
		ops, pool := w.divide(w.current, rets[i]+1)
		s := newSearch(ctx, &w.config, pool)
		possible := s.possible(w.front, ops)
		return !possible && s.stopped == ""
	})
	moment := rets[n] + 1
	ops, pool := w.divide(w.current, moment)
	v := &Violation[S, I, O]{
		Window: w.stats.Windows, config: &w.config, pool: pool, start: w.front, ops: ops,
	}
	for _, op := range ops {
		v.Operations = append(v.Operations, WindowOperation[I, O]{op.client, op.in, op.out, op.call, op.ret})
	}
	slices.SortFunc(v.Operations, func(a, b WindowOperation[I, O]) int { return cmp.Compare(a.Returned, b.Returned) })
	for _, op := range w.current {
		if op.call < moment && op.fate != failed && (op.fate != returned || op.ret >= moment) {
			v.Open = append(v.Open, WindowOperation[I, O]{Client: op.client, In: op.in, Invoked: op.call})
		}
	}
	v.States = w.states(ctx, rets[:n])
	return v
}

// states gives those that are possible after the operations with the first returns.
func (w *Windows[S, I, O]) states(ctx context.Context, rets []int64) []S {
	possible := w.front
	if len(rets) > 0 {
		ops, pool := w.divide(w.current, rets[len(rets)-1]+1)
		s := newSearch(ctx, &w.config, pool)
		if possible = s.all(w.front, ops); s.stopped != "" {
			return nil
		}
	}
	return w.distinct(possible)
}

// distinct gives the states of what is possible, each once.
func (w *Windows[S, I, O]) distinct(possible []possibility[S]) []S {
	var states []S
	for _, p := range possible {
		if !slices.ContainsFunc(states, func(other S) bool { return w.config.Spec.SameState(other, p.state) }) {
			states = append(states, p.state)
		}
	}
	return states
}

// Visualize writes porcupine's page: the operations on a time line, with the longest orders that were found. Open
// operations are notes beside it, since they may or may not be part of an order.
func (v *Violation[S, I, O]) Visualize(ctx context.Context, out io.Writer) error {
	s := newSearch(ctx, v.config, v.pool)
	defer s.guard.release(v.config.Spec.Name)
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
	model := s.model(v.start)
	_, info := porcupine.CheckOperationsVerbose(model, all, 0)
	s.guard.release(v.config.Spec.Name)
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
