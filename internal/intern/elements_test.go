package intern

import (
	"math/rand/v2"
	"testing"
)

// TestElements keeps so many values that their elements are kept once, and expects every value to come back as it was, without
// memory that it shares with itself.
func TestElements(t *testing.T) {
	type cell struct {
		Queue []int8
		Name  *string
		Marks map[int8][]int8
		Any   any
	}
	type grid struct {
		Rows  [][]int8
		Cells [2][]cell
		One   cell
		Texts []string
		Sizes []int64 // too various to be worth a table
	}
	s, err := NewSplit[struct{ Grid grid }]()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := NewSplit[[1]grid]()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	row := func() []int8 {
		switch r.IntN(8) {
		case 0:
			return nil
		case 1:
			return []int8{}
		}
		return []int8{int8(r.IntN(4)), int8(r.IntN(4))}[:1+r.IntN(2)]
	}
	names := []string{"", "a", "b"}
	cells, err := For[cell]()
	if err != nil {
		t.Fatal(err)
	}
	some := func() cell {
		name := names[r.IntN(3)]
		c := cell{Queue: row(), Marks: map[int8][]int8{int8(r.IntN(3)): row()}, Any: []any{nil, row(), 1}[r.IntN(3)]}
		if name != "" {
			c.Name = &name
		}
		return c
	}
	pool := make([]cell, 10)
	for i := range pool {
		pool[i] = some()
	}
	one := func() cell { return cells.Copy(pool[r.IntN(len(pool))]) }
	n := 8 * manyValues
	if testing.Short() {
		n = 3 * manyValues
	}
	values := make([][1]grid, n)
	ids, sum := make([][]uint32, n), int64(0)
	for i := range values {
		g := &values[i][0]
		for range r.IntN(5) {
			g.Rows = append(g.Rows, row())
		}
		for range r.IntN(3) {
			g.Cells[r.IntN(2)] = []cell{one(), one()}
			g.Texts = append(g.Texts, names[r.IntN(3)])
		}
		g.One, g.Sizes = one(), []int64{r.Int64()}
		ids[i] = make([]uint32, whole.Len())
		whole.Intern(&values[i], ids[i])
		sum += whole.walker.plan.bytes(whole.walker.at(&values[i]))
		own := make([]uint32, s.Len())
		s.Intern(&struct{ Grid grid }{*g}, own)
	}
	for i, want := range values {
		var v [1]grid
		whole.Value(ids[i], &v)
		if !whole.walker.Equal(v, want) {
			t.Fatalf("%+v, expected %+v", v, want)
		}
		if err := whole.walker.Check(v); err != nil {
			t.Fatalf("%+v: %v", v, err)
		}
		again := make([]uint32, whole.Len())
		if whole.Intern(&want, again); again[0] != ids[i][0] {
			t.Fatalf("%+v: %v and %v", v, again, ids[i])
		}
	}
	if got := whole.Bytes() - int64(n)*int64(whole.walker.plan.size+30); !testing.Short() && 4*got > 3*sum {
		t.Errorf("%d bytes, which should be much less than %d, if every value has its own elements", got, sum)
	}
	sizes := whole.columns[0].elements[0].elements[4]
	if known := sizes.len.Load(); known > 2*firstAsked {
		t.Errorf("%d values in the table of what is too various", known)
	}
	for i := range values {
		var v [1]grid
		if whole.Value(ids[i], &v); len(v[0].Rows) > 0 && len(v[0].Rows[0]) > 0 && i > 2*manyValues {
			v[0].Rows[0][0]++
			break
		}
	}
	if _, _, ok := whole.Verify(); ok {
		t.Error("an element that was changed is not found")
	}
}
