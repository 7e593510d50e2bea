package consistency

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Words defines how histories of an object are described in text. All functions are required.
type Words[I, O any] struct {
	// Named returns an operation without its answer: "client 3's put 'A'".
	Named func(op Operation[I, O]) string
	// Answered returns the answer in words: "is done", or "returns 'A'".
	Answered func(op Operation[I, O]) string
	// Answers returns alternative answers of an operation, of which those that would have been allowed are reported. The
	// history is the one before the operation was answered.
	Answers func(before History[I, O], op Operation[I, O]) []O
	// Shown formats an answer to an input.
	Shown func(in I, out O) string
}

// place identifies an operation of a history by its client and its index among the client's operations.
type place struct {
	client Client
	index  int
}

func places[I, O any](h History[I, O]) map[place]Operation[I, O] {
	all := make(map[place]Operation[I, O])
	for op := range h.Operations() {
		all[place{op.Client, op.Index}] = op
	}
	return all
}

// Tell describes the invocations and returns between two histories, one line each.
func (w Words[I, O]) Tell(before, after History[I, O]) []string {
	known := places(before)
	var returned, invoked []string
	for op := range after.Operations() {
		was, there := known[place{op.Client, op.Index}]
		if !there {
			invoked = append(invoked, w.Named(op)+" begins")
		}
		if !op.Pending && (!there || was.Pending) {
			returned = append(returned, w.Named(op)+" "+w.Answered(op))
		}
	}
	return append(returned, invoked...)
}

// span is when an operation was outstanding: the steps of a path at which it was invoked and returned, 0 for the
// start.
type span struct{ invoked, returned int }

// text returns "from step 3 to step 7", or "since the start" for a pending operation.
func (s span) text(pending bool) string {
	step := func(n int) string {
		if n == 0 {
			return "the start"
		}
		return fmt.Sprintf("step %d", n)
	}
	if pending {
		return "since " + step(s.invoked)
	}
	return "from " + step(s.invoked) + " to " + step(s.returned)
}

// spans returns when, along a path, the operations of its last history were outstanding.
func spans[I, O any](path []History[I, O]) map[place]span {
	all := make(map[place]span)
	for step := len(path) - 1; step >= 0; step-- {
		for op := range path[step].Operations() {
			s := all[place{op.Client, op.Index}]
			s.invoked = step
			if !op.Pending {
				s.returned = step
			}
			all[place{op.Client, op.Index}] = s
		}
	}
	return all
}

// Convict explains the answer with which the last history of a path stops being linearizable: which operation it
// belongs to, which answers would have been allowed, and when the other operations were outstanding. It returns
// nothing unless the last history is the first for which holds is false.
func (w Words[I, O]) Convict(holds func(History[I, O]) bool, path []History[I, O]) []string {
	last := len(path) - 1
	if last < 1 || holds(path[last]) || !holds(path[last-1]) {
		return nil
	}
	before := places(path[last-1])
	when := spans(path)
	var culprit Operation[I, O]
	var all []Operation[I, O]
	for op := range path[last].Operations() {
		at := place{op.Client, op.Index}
		if was, there := before[at]; there && was.Pending && !op.Pending {
			culprit = op
			continue
		}
		if when[at].invoked < last { // Operations invoked in the last step do not matter.
			all = append(all, op)
		}
	}
	at := place{culprit.Client, culprit.Index}
	lines := []string{fmt.Sprintf("not linearizable: %s, %s, %s; %s", w.Named(culprit), when[at].text(false),
		w.Answered(culprit), w.allowed(holds, path[last-1], culprit))}
	slices.SortStableFunc(all, func(a, b Operation[I, O]) int {
		x, y := when[place{a.Client, a.Index}], when[place{b.Client, b.Index}]
		if x.invoked != y.invoked {
			return x.invoked - y.invoked
		}
		return cmp.Compare(a.Client, b.Client)
	})
	for _, op := range all {
		span := when[place{op.Client, op.Index}].text(op.Pending)
		if op.Pending {
			lines = append(lines, fmt.Sprintf("%s is pending %s", w.Named(op), span))
		} else {
			lines = append(lines, fmt.Sprintf("%s, %s, %s", w.Named(op), span, w.Answered(op)))
		}
	}
	return lines
}

// allowed returns which answers to an operation would have left the history linearizable.
func (w Words[I, O]) allowed(holds func(History[I, O]) bool, before History[I, O], culprit Operation[I, O]) string {
	var fits []string
	for _, out := range w.Answers(before, culprit) {
		h, err := before.Return(culprit.Client, out)
		if err != nil || w.Shown(culprit.In, out) == w.Shown(culprit.In, culprit.Out) || !holds(h) {
			continue
		}
		if fit := w.Shown(culprit.In, out); !slices.Contains(fits, fit) {
			fits = append(fits, fit)
		}
	}
	switch len(fits) {
	case 0:
		return "no answer would have been allowed"
	case 1:
		return fits[0] + " would have been allowed"
	}
	return strings.Join(fits, " or ") + " would have been allowed"
}
