package consistency

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"
)

// Sequences is an argument of [Sequential]: a [History] or a [ProgramOrder].
type Sequences[I, O any] interface {
	sequences() []line[I, O]
}

// Sequential reports whether the operations have a total order that keeps the order of each client's operations and
// in which the object gives the same answers. Real time between clients does not count: a read may be stale. A
// pending operation may take effect at any point after its client's others, or never.
//
// This problem is NP-complete too. The time grows exponentially with the number of clients, whatever the times of the
// operations.
func Sequential[S, I, O any](spec Spec[S, I, O], h Sequences[I, O]) bool {
	outcome, _ := SequentialWithin(context.Background(), spec, h, math.MaxInt64)
	return outcome == Holds
}

// SequentialWithin is like [Sequential], but stops when ctx is done or the search takes more than an estimated
// maxMemory bytes. The outcome is then Undecided, and the string is the reason.
func SequentialWithin[S, I, O any](
	ctx context.Context, spec Spec[S, I, O], h Sequences[I, O], maxMemory int64,
) (Outcome, string) {
	lines := h.sequences()
	spec = spec.withEqualities()
	events, completed := simultaneous(lines)
	if completed == 0 {
		return Holds, ""
	}
	b := bounds{ctx: ctx, most: maxMemory, steps: -1}
	defer b.guard.release(spec.Name)
	perStep := int64(128 + len(events)/16 + 8*len(lines))
	if int64(completed) > maxMemory/perStep { // Even one order takes this much.
		return Undecided, fmt.Sprintf("the search would take more than %d MB of memory", maxMemory>>20)
	}
	accepted := porcupine.CheckEvents(spec.sequentialModel(&b, len(lines), perStep), events)
	switch {
	case b.stopped != "":
		return Undecided, b.stopped
	case accepted:
		return Holds, ""
	}
	return Violated, ""
}

// turn is an operation and its position.
type turn[I, O any] struct {
	*entry[I, O]
	line, index int
}

// progress is the object's state, and how many operations of each line have taken effect.
type progress[S any] struct {
	state *S
	taken []int
}

// sequentialModel is the specification with the position of each client added to its state: an operation can take
// effect when it is its client's next. All operations overlap in time, so nothing else orders them.
func (s Spec[S, I, O]) sequentialModel(within *bounds, lines int, perStep int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			init := s.Init
			return &progress[S]{&init, make([]int, lines)}
		},
		Step: func(state, input, _ any) (ok bool, next any) {
			defer within.guard.watch()
			if within.halted() {
				return true, state // accepting everything ends the search soonest
			}
			p, t := state.(*progress[S]), input.(*turn[I, O])
			if p.taken[t.line] != t.index {
				return false, nil
			}
			ok, moved := s.take(p.state, t.entry)
			if !ok {
				return false, nil
			}
			within.memory += perStep
			taken := slices.Clone(p.taken)
			taken[t.line]++
			return true, &progress[S]{moved.(*S), taken}
		},
		// Porcupine compares states only after the same operations have taken effect, so the positions are equal.
		Equal: func(a, b any) (same bool) {
			defer within.guard.watch()
			return s.SameState(*a.(*progress[S]).state, *b.(*progress[S]).state)
		},
	}
}

// simultaneous returns the invocations of all operations, followed by all their returns. Pending operations come
// last: porcupine tries the first ones first, and the completed ones must fit.
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
