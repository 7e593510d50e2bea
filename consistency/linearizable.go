package consistency

import (
	"fmt"
	"io"
	"slices"

	"github.com/anishathalye/porcupine"
)

// fewPending is the number of pending operations up to which all are searched at once. With more, the search first
// tries without most of them: each one doubles the search, and few histories need more than one.
const fewPending = 2

// Linearizable reports whether the operations of h have a total order that contains h's happens-before order and in
// which the object gives the answers in h. A pending operation may take effect at any point after its invocation, or
// never.
//
// The problem is NP-complete. The time grows exponentially with the number of concurrent operations, without a bound;
// a dozen are no problem.
func Linearizable[S, I, O any](spec Spec[S, I, O], h History[I, O]) bool {
	all, completed := timeline(h.lines)
	if completed == 0 {
		return true
	}
	spec = spec.withEqualities()
	var g guard
	defer g.release(spec.Name)
	model := spec.model(&g)
	// Operations that take effect after all others, where no one observes them, can be omitted. So a history that is
	// linearizable with some of the pending operations is so with all, and only the full search can refute it.
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

// Visualize writes an HTML page that shows h on a time line with a linearization, or else with the longest partial
// ones. Rows are numbered from 0 in the order of the clients; the tooltip of an operation has its client's number.
// Only the order on the time line is meaningful, not the lengths; pending operations end after all others. It takes
// at least the time of [Linearizable]. Among partial linearizations of equal length the order may differ between
// calls.
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

// timeline returns all operations, the completed ones first, with distinct times of invocation and return that
// realise the happens-before order: a returns before b is invoked if and only if a precedes b. Pending operations
// return after everything else, because porcupine handles calls that never return incorrectly.
//
// The order of events is found without a search. The returns that precede an invocation are those that it knew of and
// those of its client's earlier operations; in a real interleaving these sets only grow. So invocations are sorted by
// the size of that set, and each is preceded by the returns that are in its set and not in its predecessor's.
// Invocations with equal sets may come in any order.
func timeline[I, O any](lines []line[I, O]) (all []porcupine.Operation, completed int) {
	calls := invocations(lines)
	all = make([]porcupine.Operation, len(calls))
	starts := make([]int, len(lines)) // where in all the returned operations of a line begin
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

// invocation is the index of an entry, and the number of operations that had returned when it was invoked.
type invocation struct {
	line, index int
	returned    int
}

// invocations returns all entries in a possible order of invocation.
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
