package intern

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSnap edits values in place and derives others from them, and compares what a trace with a copy of the memory says with
// what a comparison of all says.
func TestSnap(t *testing.T) {
	t.Run("slices", func(t *testing.T) {
		compareSnaps(t, func(m map[int]int) map[int]int { return nil })
	})
	t.Run("maps", func(t *testing.T) {
		compareSnaps(t, func(m map[int]int) map[int]int { return m })
	})
}

type snapped struct {
	N     int8
	Rows  [][]int16
	Name  string
	Names []string
	Deep  *[]float64
	Two   [2][][]struct {
		A bool
		B int
	}
	Map map[int]int
	M   int
}

func compareSnaps(t *testing.T, maps func(map[int]int) map[int]int) {
	s, err := NewSplit[snapped]()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	row := func() []int16 { return slices.Repeat([]int16{int16(r.IntN(2))}, 1+r.IntN(2)) }
	edits := []func(v *snapped){
		func(v *snapped) { v.N = int8(r.IntN(2)) },
		func(v *snapped) { v.M = r.IntN(2) },
		func(v *snapped) { v.Name = []string{"a", "b"}[r.IntN(2)] },
		func(v *snapped) { v.Names[0] = string([]byte{byte('a' + r.IntN(2))}) },
		func(v *snapped) { v.Rows[0] = row() },
		func(v *snapped) { v.Rows[r.IntN(2)][0] = int16(r.IntN(2)) },
		func(v *snapped) { v.Rows[r.IntN(2)] = v.Rows[r.IntN(2)] },
		func(v *snapped) { v.Rows = append(slices.Clone(v.Rows), nil) },
		func(v *snapped) { (*v.Deep)[0] = float64(r.IntN(2)) },
		func(v *snapped) { *v.Deep = slices.Clone(*v.Deep) },
		func(v *snapped) { v.Two[1][0][0].B = r.IntN(2) },
		func(v *snapped) { v.Two[0] = v.Two[1] },
		func(v *snapped) { v.Two[0], v.Two[1] = v.Two[1], v.Two[0] },
		func(v *snapped) {
			if v.Map != nil {
				v.Map[0] = r.IntN(2)
			}
		},
	}
	apart := edits[:3] // These, and new memory, change no memory of the value.
	intact, fitting, shared, changed := 0, 0, 0, 0
	for range 20_000 {
		value := snapped{
			Rows: [][]int16{row(), row()}, Names: []string{"a", "b"}, Deep: &[]float64{0, 1}, Map: maps(map[int]int{0: 0}),
		}
		for k := range value.Two {
			value.Two[k] = append(value.Two[k], make([]struct {
				A bool
				B int
			}, 1))
		}
		own, other := s.walker.Copy(value), s.walker.Copy(value)
		var trace, plain, before Trace
		s.Snap(&own, &trace)
		s.Snap(&other, &before)
		s.Trace(&own, &plain)
		to, also := own, other
		for range r.IntN(3) {
			n := r.IntN(len(edits) + 1)
			if n == len(edits) {
				to.Rows = [][]int16{row(), own.Rows[1]}
			} else {
				edits[n](&to)
			}
		}
		if s.Intact(&trace) {
			if intact++; !s.Holds(&value, &own) || !s.Kept(&plain, &own) {
				t.Fatalf("%v is not what it was, %v", own, value)
			}
			got, want := s.FitsDerived(&trace, &own, &to), s.Fits(&own, &to)
			if (got == nil) != (want == nil) {
				t.Fatalf("%v: %v, expected %v", to, got, want)
			}
			if a, b := s.Derived(&value, &own, &to, nil), s.Differences(&value, &to, nil); !slices.Equal(a, b) {
				t.Fatalf("%v: differences %v, expected %v", to, a, b)
			}
			apart[r.IntN(len(apart))](&also)
			if got, want := s.Alike(&own, &to, &other, &also), s.Holds(&to, &also); got != want {
				t.Fatalf("%v is like %v: %v, expected %v", to, also, got, want)
			}
		}
		want := s.FitsTrace(&plain, &own, &to)
		got, err := s.Edited(&trace, &value, &own, &to, nil)
		if (err == nil) != (want == nil) {
			t.Fatalf("%v: %v, expected %v", to, err, want)
		}
		if want != nil {
			shared++
			continue
		}
		fitting++
		all := s.Differences(&value, &to, nil)
		if !slices.Equal(got, all) {
			t.Fatalf("%v: differences %v, expected %v", to, got, all)
		}
		if changed += len(all); !s.Intact(&before) && trace.snapped {
			t.Fatalf("%v was not changed", other)
		}
	}
	t.Logf("%d intact, %d fit with %d changes, %d share memory", intact, fitting, changed, shared)
	if fitting < 1000 || changed < 1000 || shared < 1000 {
		t.Error("this shows too little")
	}
}
