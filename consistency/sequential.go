package consistency

import (
	"slices"

	"github.com/anishathalye/porcupine"
)

// Sequences is what [Sequential] can be asked about: a [History] or a [ProgramOrder].
type Sequences[I, O any] interface {
	sequences() []line[I, O]
}

// Sequential tells whether the operations can be put into one order that keeps the order of each client's operations
// and in which the object answers as it did. Real time between clients does not count: a read may be stale. A
// pending operation may take effect at any point after its client's others, or never.
//
// Deciding this is NP-complete too. The time grows exponentially with the number of clients, whatever their
// operations' times were.
func Sequential[S, I, O any](spec Spec[S, I, O], h Sequences[I, O]) bool {
	lines := h.sequences()
	spec = spec.withEqualities()
	var g guard
	defer g.release(spec.Name)
	events, completed := simultaneous(lines)
	if completed == 0 {
		return true
	}
	return porcupine.CheckEvents(spec.sequentialModel(&g, len(lines)), events)
}

// turn is an operation and its place.
type turn[I, O any] struct {
	*entry[I, O]
	line, index int
}

// progress is the object's state, and how many operations of each line have taken effect.
type progress[S any] struct {
	state *S
	taken []int
}

// sequentialModel is the specification with the position of each client in its state: an operation can take effect
// when it is its client's next. All operations overlap in time, so nothing else orders them.
func (s Spec[S, I, O]) sequentialModel(g *guard, lines int) porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			init := s.Init
			return &progress[S]{&init, make([]int, lines)}
		},
		Step: func(state, input, _ any) (ok bool, next any) {
			defer g.watch()
			p, t := state.(*progress[S]), input.(*turn[I, O])
			if p.taken[t.line] != t.index {
				return false, nil
			}
			ok, moved := s.take(p.state, t.entry)
			if !ok {
				return false, nil
			}
			taken := slices.Clone(p.taken)
			taken[t.line]++
			return true, &progress[S]{moved.(*S), taken}
		},
		// Porcupine compares states only after the same operations have taken effect, so the positions are equal.
		Equal: func(a, b any) (same bool) {
			defer g.watch()
			return s.SameState(*a.(*progress[S]).state, *b.(*progress[S]).state)
		},
	}
}

// simultaneous gives the invocations of all operations, then all their returns. The pending ones come last: porcupine
// tries what comes first, and the completed ones are those that must fit.
func simultaneous[I, O any](lines []line[I, O]) (events []porcupine.Event, completed int) {
	n := count(lines)
	turns := make([]turn[I, O], 0, n)
	for i, l := range lines {
		for k := range l.returned() {
			turns = append(turns, turn[I, O]{&l.entries[k], i, k})
		}
	}
	completed = len(turns)
	for i, l := range lines {
		if k := l.returned(); l.pending() {
			turns = append(turns, turn[I, O]{&l.entries[k], i, k})
		}
	}
	events = make([]porcupine.Event, 0, 2*n)
	for i := range turns {
		events = append(events, porcupine.Event{ClientId: turns[i].line, Kind: porcupine.CallEvent, Value: &turns[i], Id: i})
	}
	for i := range turns {
		events = append(events, porcupine.Event{ClientId: turns[i].line, Kind: porcupine.ReturnEvent, Id: i})
	}
	return events, completed
}
