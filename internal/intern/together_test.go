package intern

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type gathered struct {
	Bytes []int8
	Rows  [][]int
	Pairs [2][][]uint16
	Deep  [][][]int8
	Names []string
	Of    []struct{ Has []int32 }
	One   *[]int
	Flag  bool
}

func randomGathered(r *rand.Rand) gathered {
	v := gathered{Flag: r.IntN(2) == 0}
	for range r.IntN(4) {
		v.Bytes = append(v.Bytes, int8(r.IntN(3)))
		v.Rows = append(v.Rows, make([]int, r.IntN(3)), nil)
		v.Names = append(v.Names, string(rune('a'+r.IntN(3))))
		v.Of = append(v.Of, struct{ Has []int32 }{make([]int32, r.IntN(3))})
	}
	for i := range v.Pairs {
		v.Pairs[i] = [][]uint16{make([]uint16, r.IntN(4)), {}}
	}
	v.Deep = [][][]int8{{{1}, make([]int8, r.IntN(40))}, nil, {{2, 3}}}
	if r.IntN(2) == 0 {
		v.One = &[]int{r.IntN(3)}
	}
	return v
}

// change makes a change in place.
func (v *gathered) change(r *rand.Rand) {
	switch r.IntN(9) {
	case 0:
		v.Flag = !v.Flag
	case 1:
		if len(v.Bytes) > 0 {
			v.Bytes[r.IntN(len(v.Bytes))] ^= 1
		}
	case 2:
		if len(v.Rows) > 0 {
			v.Rows[r.IntN(len(v.Rows))] = make([]int, r.IntN(3))
		}
	case 3:
		if row := v.Pairs[1][0]; len(row) > 0 {
			row[r.IntN(len(row))]++
		}
	case 4:
		if row := v.Deep[0][1]; len(row) > 0 {
			row[r.IntN(len(row))]++
		}
	case 5:
		if len(v.Names) > 0 {
			v.Names[0] += "x"
		}
	case 6:
		if len(v.Of) > 0 && len(v.Of[0].Has) > 0 {
			v.Of[0].Has[0]++
		}
	case 7:
		if v.One != nil {
			(*v.One)[0]++
		}
	case 8:
		v.Deep[2] = v.Deep[0] // the same memory twice
	}
}

// TestTogether requires that a copy is equal, shares nothing, and can be appended to without changing its neighbours.
func TestTogether(t *testing.T) {
	s, err := NewSplit[gathered]()
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := For[[2]gathered]()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		v := randomGathered(r)
		c := s.Together(&v, r.IntN(3))
		if !s.walker.Equal(v, c) {
			t.Fatalf("%v, expected %v", c, v)
		}
		if err := pairs.Check([2]gathered{v, c}); err != nil {
			t.Fatal(err)
		}
		_, _ = append(c.Bytes, 9), append(c.Rows, []int{9})
		_, _ = append(c.Pairs[0][0], 9), append(c.Deep[0][0], 9)
		if !s.walker.Equal(v, c) {
			t.Fatalf("after an append %v, expected %v", c, v)
		}
	}
}

// TestEdited changes values in place, as one piece of memory or many, and compares what is said of them with a
// comparison of everything.
func TestEdited(t *testing.T) {
	s, err := NewSplit[gathered]()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	shared, again := 0, 0
	for range 3_000 {
		v := randomGathered(r)
		value, ids := s.stored(v)
		own := s.Together(&value, 0)
		if r.IntN(2) == 0 {
			own = s.walker.Copy(value)
		}
		var trace Trace
		s.Snap(&own, &trace)
		if r.IntN(2) == 0 { // Go on to another value of the same shape.
			v := s.walker.Copy(value)
			v.change(r)
			next, to := s.stored(v)
			if s.walker.Check(v) == nil && s.Renew(slices.Clone(ids), to, &own) {
				again++
				s.Resnap(&own, &trace)
				value = next
			} else {
				s.Snap(&own, &trace)
				value = s.walker.Copy(own)
			}
		}
		if !s.Intact(&trace) {
			t.Fatalf("%v was not changed", own)
		}
		next := own
		for range r.IntN(4) {
			next.change(r)
		}
		want := s.Differences(&value, &next, nil)
		fits := s.Fits(&value, &next)
		got, err := s.Edited(&trace, &value, &own, &next, nil)
		if (err == nil) != (fits == nil) {
			t.Fatalf("%v: %v, expected %v", next, err, fits)
		}
		if fits != nil {
			shared++
			continue
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v of %v: %v, expected %v", next, value, got, want)
		}
		if s.Intact(&trace) && !s.walker.Equal(own, value) {
			t.Fatalf("%v is not as it was: %v", own, value)
		}
	}
	if shared < 200 || again < 200 {
		t.Errorf("%d shared, %d again: this shows little", shared, again)
	}
}

// stored interns a value, and returns it as the tables have it.
func (s *Split[T]) stored(v T) (value T, ids []uint32) {
	ids = make([]uint32, s.Len())
	s.Intern(&v, ids)
	s.Value(ids, &value)
	return value, ids
}
