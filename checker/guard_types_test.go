package checker_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
)

// parade is an actor whose state becomes the value with the number that it is sent.
func parade[S any](t *testing.T, name string, distinct int, values ...S) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		tw := newTwin[memo](model.Config{})
		add(tw, 7, suspect[S]{
			start: func(out *memoOut) S {
				for i := range values {
					out.Send(7, memo{N: i})
				}
				return values[0]
			},
			receive: func(_ S, m memo, out *memoOut) S {
				out.Send(9, m)
				return values[m.N]
			},
		}.actor())
		tw.check(t, checker.Options{}, 1, 4)
		r := reportOf(t, tw.sys, checker.Options{Workers: 1})
		if got := r.Slots[0].Of["local"]; got != distinct {
			t.Errorf("%d local states, want %d", got, distinct)
		}
	})
}

// hidden has unexported fields only.
type hidden struct {
	n int
	s string
	p *hidden
}

// set is one whose duplicates cancel in the hash that finds its bucket.
type set struct {
	Items []int `hash:"set"`
}

type box struct{ V any }

type blank struct {
	N int
	_ int
}

// TestStateTypes requires exactly the different states to be told apart, whatever they are made of.
func TestStateTypes(t *testing.T) {
	one, uno, two := 1, 1, 2
	nan := math.NaN()
	other := math.Float64frombits(math.Float64bits(nan) ^ 1)
	parade(t, "unexported fields", 4,
		hidden{n: 1}, hidden{n: 2}, hidden{s: "1"}, hidden{n: 1}, hidden{n: 1, p: &hidden{}})
	parade(t, "pointers", 3, &one, &uno, &two, nil)
	parade(t, "nil beside empty slices", 3, nil, []int{}, make([]int, 0, 4), []int{0})
	parade(t, "nil beside empty maps", 3, nil, map[int]int{}, make(map[int]int, 9), map[int]int{0: 0})
	parade(t, "interfaces", 5, box{[]int{1}}, box{[]int{1}}, box{[]int{2}}, box{[]int64{1}}, box{},
		box{map[string]any{"a": []int{1}}})
	parade(t, "floats", 4, nan, 0, math.Copysign(0, -1), math.NaN(), other)
	parade(t, "maps by floats", 3,
		map[float64]int{nan: 1}, map[float64]int{nan: 1}, map[float64]int{nan: 2}, map[float64]int{})
	parade(t, "sets with duplicates", 5, set{[]int{1, 1, 2}}, set{[]int{2}}, set{[]int{1, 2}}, set{[]int{1, 2, 1}},
		set{[]int{2, 1}}, set{[]int{2}})
	parade(t, "errors", 2, fmt.Errorf("a"), fmt.Errorf("a"), fmt.Errorf("b"))
	parade(t, "blank fields", 2, blank{N: 1}, blank{N: 2}, blank{N: 1})
}

// TestNilInterfaces requires states and projections that are nil interfaces to be values as any other.
func TestNilInterfaces(t *testing.T) {
	sys := model.NewSystem[memo](model.Config{})
	ref := model.Add(sys, 7, suspect[error]{
		start:   func(out *memoOut) error { out.Send(7, memo{}); return nil },
		receive: func(error, memo, *memoOut) error { return errors.New("received") },
	}.actor())
	same := model.Project(sys, ref, func(err error) error { return err })
	picked := model.Select(sys, func(actor.Envelope[memo]) (error, bool) { return nil, true })
	sys.Always("an error comes with the message", func(v model.View) bool {
		err, _ := same.In(v)
		all := picked.InFlight(v)
		return (err == nil) == (len(all) == 1 && all[0] == nil)
	})
	r := checker.BFS(t.Context(), sys, checker.Options{Workers: 1})
	defer r.Close()
	r.Require(t)
}
