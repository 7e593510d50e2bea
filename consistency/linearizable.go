package consistency

import (
	"fmt"
	"io"
	"slices"

	"github.com/anishathalye/porcupine"
)

// fewPending is up to how many pending operations are searched together at once. Beyond that it pays to try first
// without most of them: each one doubles the search, and few histories need more than one.
const fewPending = 2

// Linearizable reports whether the operations of h can be put into one order that contains h's happens-before order and
// in which the object answers as it did in h. A pending operation may take effect at any point after its invocation, or
// never.
//
// Deciding this is NP-complete. The time grows exponentially with the number of operations that are concurrent, and
// cannot be bounded; a dozen are no trouble.
func Linearizable[S, I, O any](spec Spec[S, I, O], h History[I, O]) bool {
	all, completed := timeline(h.lines)
	if completed == 0 {
		return true
	}
	spec = spec.withEqualities()
	var g guard
	defer g.release(spec.Name)
	model := spec.model(&g)
	// Operations that take effect after everything else, where nobody sees them, can be left out. So what is
	// linearizable with some of the pending ones is so with all, and only the whole search can say no.
	if waiting := all[completed:]; len(waiting) > fewPending {
		if porcupine.CheckOperations(model, all[:completed]) {
			return true
		}
		some := slices.Grow(slices.Clone(all[:completed]), 1)
		for _, o := range waiting {
			if porcupine.CheckOperations(model, append(some, o)) {
				return true
			}
		}
	}
	return porcupine.CheckOperations(model, all)
}

// Visualize writes an HTML page that shows h on a time line with the linearization that was found, or else with the
// longest partial ones. Rows are numbered from 0 in the order of the clients; the client's own number is in the text
// that appears over an operation. The lengths on the time line mean nothing, only the order does, and an operation that
// is pending ends behind all others. It takes at least the time of [Linearizable]. Among partial linearizations of
// equal length the order may differ between calls.
func Visualize[S, I, O any](w io.Writer, spec Spec[S, I, O], h History[I, O]) error {
	all, _ := timeline(h.lines)
	for i := range all {
		all[i].Metadata = h.lines[all[i].ClientId].client.Name()
	}
	spec = spec.withEqualities()
	var g guard
	defer g.release(spec.Name)
	model := spec.model(&g)
	_, info := porcupine.CheckOperationsVerbose(model, all, 0)
	g.release(spec.Name)
	if err := porcupine.Visualize(model, info, w); err != nil {
		return fmt.Errorf("visualize history: %w", err)
	}
	return nil
}

// timeline returns all operations, the completed ones first, with moments of invocation and return that are all
// different and realise the happens-before order: a returns before b is invoked if and only if a precedes b. Pending
// operations return after everything else, because porcupine is wrong about calls that never return.
//
// The order of events is found without a search. What an invocation knew, with the number of its client's own earlier
// operations, says which returns came before it; along a real interleaving these sets only grow. So invocations are put
// in the order of the size of that set, and before each come the returns that it knew of and its predecessor did not.
// Invocations that knew of the same returns may come in any order.
func timeline[I, O any](lines []line[I, O]) (all []porcupine.Operation, completed int) {
	calls := invocations(lines)
	all = make([]porcupine.Operation, len(calls))
	starts := make([]int, len(lines)) // where in all the operations of a line begin that have returned
	for i, l := range lines {
		starts[i] = completed
		completed += l.returned()
	}
	var clock int64
	last := completed // where the next pending operation goes
	returned := make([]int, len(lines))
	for _, c := range calls {
		e := &lines[c.line].entries[c.index]
		knew := e.knew
		for i, l := range lines {
			want := 0
			if i == c.line {
				want = c.index
			} else if len(knew) > 0 && knew[0].client == l.client {
				want, knew = knew[0].returned, knew[1:]
			}
			if want < returned[i] || want > l.returned() {
				panic("consistency: no interleaving gives this history")
			}
			for ; returned[i] < want; returned[i]++ {
				all[starts[i]+returned[i]].Return = clock
				clock++
			}
		}
		at := starts[c.line] + c.index
		if e.pending {
			at = last
			last++
		}
		all[at] = porcupine.Operation{ClientId: c.line, Input: e, Call: clock}
		clock++
	}
	for i, l := range lines {
		for ; returned[i] < l.returned(); returned[i]++ {
			all[starts[i]+returned[i]].Return = clock
			clock++
		}
	}
	for i := completed; i < len(all); i++ {
		all[i].Return = clock
		clock++
	}
	return all, completed
}

// invocation is an entry's place, and the number of operations that had returned when it was invoked.
type invocation struct {
	line, index int
	returned    int
}

// invocations lists all entries in the order of a possible time of invocation.
func invocations[I, O any](lines []line[I, O]) []invocation {
	calls := make([]invocation, 0, count(lines))
	for i, l := range lines {
		for k, e := range l.entries {
			c := invocation{line: i, index: k, returned: k}
			for _, known := range e.knew {
				c.returned += known.returned
			}
			calls = append(calls, c)
		}
	}
	slices.SortStableFunc(calls, func(a, b invocation) int { return a.returned - b.returned })
	return calls
}
