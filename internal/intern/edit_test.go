package intern

import (
	"math/rand/v2"
	"testing"
)

// TestRenew makes a value be one after another of some, and expects it to share memory with none of them.
func TestRenew(t *testing.T) {
	type point struct {
		Of   []int8
		Name string
	}
	type nest struct {
		Rows   [][]int
		Texts  []string
		Deep   *[]int
		Two    [2][][]int8
		Each   map[int][]int
		Any    any
		Points []point
	}
	s, err := NewSplit[nest]()
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := For[[2]nest]()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]nest, 100)
	ids := make([][]uint32, len(values))
	for i := range values {
		v := &values[i]
		for range r.IntN(3) {
			v.Rows = append(v.Rows, make([]int, r.IntN(3)))
			v.Texts = append(v.Texts, string(rune('a'+r.IntN(3))))
			v.Two[r.IntN(2)] = [][]int8{{int8(r.IntN(3))}, {}, make([]int8, r.IntN(2))}
			v.Points = append(v.Points, point{make([]int8, r.IntN(3)), "x"})
			v.Any = []int{r.IntN(3)}
		}
		if r.IntN(2) == 0 {
			v.Deep, v.Each = &[]int{r.IntN(3)}, map[int][]int{1: {r.IntN(3)}}
		}
		for _, row := range v.Rows {
			for k := range row {
				row[k] = r.IntN(3)
			}
		}
		ids[i] = make([]uint32, s.Len())
		s.Intern(v, ids[i])
	}
	own, was := s.walker.Copy(values[0]), append([]uint32(nil), ids[0]...)
	for range 5_000 {
		to := r.IntN(len(values))
		s.Renew(was, ids[to], &own)
		var kept nest
		s.Value(ids[to], &kept)
		if !s.walker.Equal(own, values[to]) {
			t.Fatalf("%v: expected %v", own, values[to])
		}
		if err := pairs.Check([2]nest{own, kept}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, ok := s.Verify(); !ok {
		t.Error("a value in the table was changed")
	}
}
