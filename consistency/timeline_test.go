package consistency

import (
	"testing"

	"pgregory.net/rapid"
)

type (
	in  = RegisterInput[int]
	out = RegisterOutput[int]
)

// drawHistory draws an interleaving of up to five clients and records it.
func drawHistory(t *rapid.T) (History[in, out], []Event[in, out]) {
	var (
		h      History[in, out]
		events []Event[in, out]
	)
	for range rapid.IntRange(0, 24).Draw(t, "events") {
		c := Client(rapid.IntRange(1, 5).Draw(t, "client"))
		e := Event[in, out]{Client: c, Invoke: !h.Pending(c)}
		if e.Invoke {
			e.In = Write(rapid.IntRange(0, 3).Draw(t, "value"))
		} else {
			e.Out = Wrote[int]()
		}
		next, err := h.Advance(e)
		if err != nil {
			t.Fatal(err)
		}
		h, events = next, append(events, e)
	}
	return h, events
}

// The moments given to porcupine are all different and order the operations just as the vectors do.
func TestTimelineRealisesTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, _ := drawHistory(t)
		all, completed := timeline(h.lines)
		if len(all) != h.Len() {
			t.Fatalf("%d operations, want %d", len(all), h.Len())
		}
		place := map[*entry[in, out]]int{}
		moments := map[int64]bool{}
		for i, o := range all {
			e := o.Input.(*entry[in, out])
			place[e] = i
			if e.pending != (i >= completed) {
				t.Fatalf("operation %d: pending %v with %d completed", i, e.pending, completed)
			}
			if o.Call >= o.Return {
				t.Fatalf("operation %d: called at %d, returned at %d", i, o.Call, o.Return)
			}
			moments[o.Call], moments[o.Return] = true, true
		}
		if len(place) != len(all) || len(moments) != 2*len(all) {
			t.Fatalf("%d operations have %d places and %d moments", len(all), len(place), len(moments))
		}
		find := func(o Operation[in, out]) int {
			at, _ := find(h.lines, o.Client)
			return place[&h.lines[at].entries[o.Index]]
		}
		for a := range h.Operations() {
			for b := range h.Operations() {
				early, late := all[find(a)], all[find(b)]
				if got, want := early.Return < late.Call, a.Precedes(b); got != want {
					t.Fatalf("%v of client %d before %v of client %d: %v, want %v\n%v",
						a, a.Client, b, b.Client, got, want, h)
				}
			}
		}
	})
}

// A history that no interleaving gives cannot be made outside this package. If one came about all the same, it must
// not get an answer.
func TestTimelineRefusesImpossibleOrders(t *testing.T) {
	t.Parallel()
	done := func(knew ...knowledge) entry[in, out] { return entry[in, out]{knew: knew} }
	waits := entry[in, out]{pending: true}
	for name, lines := range map[string][]line[in, out]{
		"each knew of the other": {
			{1, []entry[in, out]{done(knowledge{2, 1})}},
			{2, []entry[in, out]{done(knowledge{1, 1})}},
		},
		"second operations that did not know of the others' first, whose own return was earlier": {
			{1, []entry[in, out]{done(), done()}},
			{2, []entry[in, out]{done(), done()}},
		},
		"knows more than there is": {
			{1, []entry[in, out]{done()}},
			{2, []entry[in, out]{done(knowledge{1, 2})}},
		},
		"knows of an answer that is still awaited": {
			{1, []entry[in, out]{waits}},
			{2, []entry[in, out]{done(knowledge{1, 1})}},
		},
		"forgets": {
			{1, []entry[in, out]{done()}},
			{2, []entry[in, out]{done(knowledge{1, 1}), done()}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			timeline(lines)
		})
	}
}
