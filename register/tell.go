package register

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"synod/consistency"
)

// operation is one of a history.
type operation = consistency.Operation[input, output]

// named is an operation without its answer: "client 3's put 'A'".
func named(op operation) string {
	if op.In.Write {
		return fmt.Sprintf("%s's put %v", op.Client.Name(), op.In.Value)
	}
	return op.Client.Name() + "'s get"
}

// answered says what an answer tells: "is done", "is refused" or "returns 'A'".
func answered(out output) string {
	switch out.Answer {
	case consistency.WriteOk:
		return "is done"
	case consistency.WriteRefused:
		return "is refused"
	case consistency.ReadUnset:
		return fmt.Sprintf("returns %v", Value(0))
	case consistency.ReadOk:
	}
	return fmt.Sprintf("returns %v", out.Value)
}

// place names an operation of a history: its client, and how many that client invoked before.
type place struct {
	client consistency.Client
	index  int
}

func places(h History) map[place]operation {
	all := make(map[place]operation)
	for op := range h.Operations() {
		all[place{op.Client, op.Index}] = op
	}
	return all
}

// tell says what clients asked and were told between two histories.
func tell(before, after History) []string {
	known := places(before)
	var returned, invoked []string
	for op := range after.Operations() {
		was, there := known[place{op.Client, op.Index}]
		if !there {
			invoked = append(invoked, named(op)+" begins")
		}
		if !op.Pending && (!there || was.Pending) {
			returned = append(returned, named(op)+" "+answered(op.Out))
		}
	}
	return append(returned, invoked...)
}

// span is when an operation was under way: the steps of a path in which it was invoked and returned, 0 for the start.
type span struct{ invoked, returned int }

// text is "from step 3 to step 7", or "since the start" for an operation that is pending.
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

// spans finds out along a path when the operations of its last history were under way.
func spans(path []History) map[place]span {
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

// convict tells of the answer with which the last history of a path is not linearizable any more: which operation it
// belongs to, what would have been allowed, and when the others were under way.
func convict(holds func(History) bool, path []History) []string {
	last := len(path) - 1
	if last < 1 || holds(path[last]) || !holds(path[last-1]) {
		return nil
	}
	before := places(path[last-1])
	when := spans(path)
	var culprit operation
	var all []operation
	for op := range path[last].Operations() {
		at := place{op.Client, op.Index}
		if was, there := before[at]; there && was.Pending && !op.Pending {
			culprit = op
			continue
		}
		if when[at].invoked < last { // What begins with the step comes too late to matter.
			all = append(all, op)
		}
	}
	at := place{culprit.Client, culprit.Index}
	lines := []string{fmt.Sprintf("not linearizable: %s, %s, %s; %s", named(culprit), when[at].text(false),
		answered(culprit.Out), allowed(holds, path[last-1], culprit))}
	slices.SortStableFunc(all, func(a, b operation) int {
		x, y := when[place{a.Client, a.Index}], when[place{b.Client, b.Index}]
		if x.invoked != y.invoked {
			return x.invoked - y.invoked
		}
		return cmp.Compare(a.Client, b.Client)
	})
	for _, op := range all {
		w := when[place{op.Client, op.Index}].text(op.Pending)
		if op.Pending {
			lines = append(lines, fmt.Sprintf("%s is pending %s", named(op), w))
		} else {
			lines = append(lines, fmt.Sprintf("%s, %s, %s", named(op), w, answered(op.Out)))
		}
	}
	return lines
}

// allowed says which answers to an operation would have left the history linearizable.
func allowed(holds func(History) bool, before History, culprit operation) string {
	var outs []output
	if culprit.In.Write {
		outs = []output{consistency.Wrote[Value](), consistency.Refused[Value]()}
	} else {
		outs = []output{consistency.Got(Value(0)), consistency.Unset[Value]()}
		for op := range before.Operations() {
			if op.In.Write {
				outs = append(outs, consistency.Got(op.In.Value))
			}
		}
	}
	var fits []string
	for _, out := range outs {
		h, err := before.Return(culprit.Client, out)
		if err != nil || out == culprit.Out || !holds(h) {
			continue
		}
		fit := fmt.Sprint(out.Value)
		if culprit.In.Write {
			fit = out.String()
		}
		if !slices.Contains(fits, fit) {
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
