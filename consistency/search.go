package consistency

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// operation is an operation that returned in a window.
type operation[I comparable, O any] struct {
	windowed[I, O]
	at   int // its index in the window
	rank int // its index in the order of returns, from 0
}

// front is a state of the search: the possibilities after some operations of the window. It is immutable.
type front[S any] struct {
	possible []possibility[S]
	lead     int   // this many operations that returned first have all taken effect
	beyond   []int // ranks of the others that have taken effect, ascending
}

// search searches for orders of the operations of one window.
type search[S any, I comparable, O any] struct {
	config *WindowsConfig[S, I, O]
	pool   pool[I]
	bounds
	final []possibility[S]
	once  bool // one order is enough
}

func newSearch[S any, I comparable, O any](
	ctx context.Context, config *WindowsConfig[S, I, O], p pool[I],
) *search[S, I, O] {
	return &search[S, I, O]{bounds: bounds{ctx: ctx, most: config.MaxMemory, steps: -1}, config: config, pool: p}
}

// all returns every possibility after the operations, which are in the order of invocation; none if there is no
// order. The result is valid only if the search was not stopped.
func (s *search[S, I, O]) all(start []possibility[S], ops []operation[I, O]) []possibility[S] {
	if len(ops) == 1 {
		next := s.step(&front[S]{possible: start}, &ops[0])
		if next == nil {
			return nil
		}
		return next.possible
	}
	newOrders(s, ops).run(start)
	return s.final
}

// model returns the model that porcupine searches to draw a page.
func (s *search[S, I, O]) model(start []possibility[S]) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return &front[S]{possible: start} },
		Step: func(state, input, _ any) (bool, any) {
			defer s.guard.watch()
			f := state.(*front[S])
			if s.halted() {
				return true, f // accepting everything ends the search soonest
			}
			next := s.step(f, input.(*operation[I, O]))
			return next != nil, next
		},
		Equal: func(a, b any) (same bool) {
			defer s.guard.watch()
			return s.equal(a.(*front[S]), b.(*front[S]))
		},
		DescribeOperation: func(input, _ any) string {
			op := input.(*operation[I, O])
			return fmt.Sprintf("%v -> %v", op.in, op.out)
		},
		DescribeState: func(state any) string { return texts(state.(*front[S]).possible) },
	}
}

// equal is called only on fronts after the same operations.
func (s *search[S, I, O]) equal(a, b *front[S]) bool {
	if len(a.possible) != len(b.possible) {
		return false
	}
	for _, p := range a.possible {
		if !slices.ContainsFunc(b.possible, func(q possibility[S]) bool {
			return slices.Equal(p.applied, q.applied) && s.config.Spec.SameState(p.state, q.state)
		}) {
			return false
		}
	}
	return true
}

// step applies an operation, after any unknown ones, or returns nil if the object never gives its answer.
func (s *search[S, I, O]) step(f *front[S], op *operation[I, O]) *front[S] {
	spec := &s.config.Spec
	var after []possibility[S]
	seen := slices.Clone(f.possible) // no possibility of f allows all that another one allows
	for i := 0; i < len(seen) && !s.halted(); i++ {
		p := seen[i]
		if next, out := spec.Step(p.state, op.in); spec.SameOutput(out, op.out) {
			after, _ = include(after, possibility[S]{next, p.applied}, spec.SameState)
		}
		if s.pool.isEmpty() {
			continue
		}
		for _, in := range s.before(p.state, op) {
			id, ok := s.pool.next(in, p.applied, f.lead)
			if !ok {
				continue
			}
			next, _ := spec.Step(p.state, in)
			if q := p.plus(next, id); !slices.ContainsFunc(seen, func(r possibility[S]) bool {
				return spec.SameState(r.state, next) && subset(r.applied, q.applied)
			}) {
				seen = append(seen, q)
				s.memory += int64(64 + 4*len(q.applied))
			}
		}
	}
	if len(after) == 0 {
		return nil
	}
	moved := &front[S]{possible: after}
	moved.lead, moved.beyond = advance(f.lead, f.beyond, op.rank)
	s.memory += perStep
	for _, p := range after {
		s.memory += int64(64 + 4*len(p.applied))
	}
	return moved
}

// before returns the inputs of unknown operations worth trying before an operation.
func (s *search[S, I, O]) before(state S, op *operation[I, O]) []I {
	if s.config.Before == nil {
		return s.pool.every()
	}
	which, all := s.config.Before(state, op.in, op.out, s.pool.depending)
	if all {
		return s.pool.every()
	}
	return which
}

// advance adds an operation to the set of those that have taken effect.
func advance(lead int, beyond []int, rank int) (int, []int) {
	if rank != lead {
		at, _ := slices.BinarySearch(beyond, rank)
		return lead, slices.Insert(slices.Clone(beyond), at, rank)
	}
	for lead++; len(beyond) > 0 && beyond[0] == lead; lead++ {
		beyond = beyond[1:]
	}
	return lead, beyond
}

// perStep is the approximate memory of a step without its possibilities, in bytes.
const perStep = 128

// timeline returns the operations in porcupine's form.
func (s *search[S, I, O]) timeline(ops []operation[I, O]) []porcupine.Operation {
	all := make([]porcupine.Operation, 0, len(ops))
	for i := range ops {
		all = append(all, porcupine.Operation{
			ClientId: int(ops[i].client), Input: &ops[i], Call: ops[i].call, Return: ops[i].ret,
		})
	}
	return all
}

// texts returns the possible states as text, without repeats.
func texts[S any](all []possibility[S]) string {
	var states []string
	for _, p := range all {
		if text := fmt.Sprint(p.state); !slices.Contains(states, text) {
			states = append(states, text)
		}
	}
	return strings.Join(states, " or ")
}
