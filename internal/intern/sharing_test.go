package intern

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

type box struct{ N int }

type ledger struct {
	ByName map[string]*box
	Order  []*box
	Last   *box
	Field  *int
	Log    []int
	Tail   []int
	Any    any
	Votes  map[int]bool
	Again  map[int]bool
	Nested []map[int]bool
	Empty  [2]*struct{}
	Names  [2]string
	Times  []time.Time
	ByBox  map[*box]int
}

// TestSharing lists what may be reached in two ways and what may not, and what a user is told.
func TestSharing(t *testing.T) {
	a, votes, log, nothing := &box{1}, map[int]bool{1: true}, make([]int, 6, 9), &struct{}{}
	const twice = ", but copies of them would not: keep the value in one place, and its key or index in the other"
	const clone = ", but copies of them would not: let one of them be a clone"
	name, now := "a long name", time.Now()
	for _, c := range []struct {
		what string
		v    ledger
		want string
	}{
		{"tree", ledger{ByName: map[string]*box{"a": {1}}, Order: []*box{{1}}, Log: log, Votes: votes}, ""},
		{"pointer in a map and a slice", ledger{ByName: map[string]*box{"a": a}, Order: []*box{nil, a}}, `Order[1]: shares memory with intern.ledger.ByName["a"]` + twice},
		{"pointer in two entries", ledger{ByName: map[string]*box{"b": a, "a": a}}, `ByName["b"]: shares memory with intern.ledger.ByName["a"]` + twice},
		{"pointer in an interface", ledger{Last: a, Any: []any{a}}, `Any[0]: shares memory with intern.ledger.Last` + twice},
		{"pointer as a key", ledger{Last: a, ByBox: map[*box]int{a: 1}}, `ByBox[key]: shares memory with intern.ledger.Last` + twice},
		{"pointer to a field", ledger{Last: a, Field: &a.N}, `Field: shares memory with intern.ledger.Last` + twice},
		{"pointer to an element", ledger{Field: &log[2], Log: log}, `Log: shares memory with intern.ledger.Field` + twice},
		{"pointer to spare capacity", ledger{Field: &log[5], Log: log[:2]}, `Log: shares memory with intern.ledger.Field` + twice},
		{"map", ledger{Votes: votes, Again: votes}, `Again: shares memory with intern.ledger.Votes` + twice},
		{"map in a slice", ledger{Nested: []map[int]bool{nil, votes, votes}}, `Nested[2]: shares memory with intern.ledger.Nested[1]` + twice},
		{"slice", ledger{Log: log, Tail: log}, `Tail: shares its array with intern.ledger.Log` + clone},
		{"overlapping slices", ledger{Log: log[:3:3], Tail: log[2:4:4]}, `Tail: shares its array with intern.ledger.Log` + clone},
		{"a slice inside another", ledger{Log: log[2:3:3], Tail: log}, `Tail: shares its array with intern.ledger.Log` + clone},
		{"neighbours", ledger{Log: log[:2], Tail: log[2:]}, `Tail: an append could write to the array of intern.ledger.Log as well, but not in copies of them: let one of them be a clone`},
		{"two empty slices", ledger{Log: log[:0], Tail: log[:0]}, `Tail: an append could write to the array of intern.ledger.Log as well, but not in copies of them: let one of them be a clone`},
		{"clipped neighbours", ledger{Log: log[:2:2], Tail: log[2:]}, ""},
		{"empty clipped slices", ledger{Log: log[:0:0], Tail: log[:0:0], Any: log}, ""},
		{"no bytes", ledger{Empty: [2]*struct{}{nothing, nothing}}, ""},
		{"strings and times", ledger{Names: [2]string{name, name[2:]}, Times: []time.Time{now, now}}, ""},
		{"boxes of interfaces", ledger{Any: [2]any{name, name}}, ""},
	} {
		got := ""
		if err := walkerOf[ledger](t).Check(c.v); err != nil {
			got = strings.TrimPrefix(err.Error(), "intern.ledger.")
		}
		if got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.what, got, c.want)
		}
		if err := walkerOf[ledger](t).CheckShared(c.v); err != nil {
			t.Errorf("%s, only read: %v", c.what, err)
		}
	}
	if w := walkerOf[map[string]accepted](t); w.plan.risky || w.plan.shares {
		t.Error("a value of one map is checked")
	}
}

// TestEndless gives values that refer to themselves, or to what they share in so many ways that no walk that forgets
// where it was comes to its end, to all operations that take any value.
func TestEndless(t *testing.T) {
	type mesh struct {
		Peers map[int]*mesh
		Left  *mesh
		Right []*mesh
	}
	nodes := []*mesh{{}, {}, {}}
	for i := range nodes {
		nodes[i].Peers = map[int]*mesh{}
		for j, other := range nodes {
			if i != j {
				nodes[i].Peers[j] = other
			}
		}
	}
	shared := &mesh{}
	for range 64 {
		shared = &mesh{Left: shared, Right: []*mesh{shared}}
	}
	wide := []any{1}
	for range 40 {
		wide = []any{wide, wide, wide}
	}
	for _, v := range []any{nodes[0], shared, wide, []any{shared, shared}} {
		w := walkerOf[any](t)
		if w.Check(v) == nil || w.CheckShared(v) == nil {
			t.Fatal("nothing is wrong")
		}
		bad := unreadable(w.CheckShared(v))
		if got := w.Text(v); got != bad {
			t.Errorf("text %s", got)
		}
		if got := w.Brief(v); got != bad {
			t.Errorf("brief %s", got)
		}
		if got := w.Tree(v, 10); got.Text != bad {
			t.Errorf("tree %v", got)
		}
		if got := w.Diff(1, v); len(got) != 1 || got[0] != (Change{"", "int(1)", bad}) {
			t.Errorf("difference %v", got)
		}
	}
	table, err := NewTable[*mesh]()
	if err != nil {
		t.Fatal(err)
	}
	kept := &mesh{Peers: map[int]*mesh{}}
	table.Intern(kept)
	kept.Peers[1] = kept
	if _, ok := table.Verify(); ok {
		t.Error("a value that was changed to refer to itself is as it was")
	}
	w := walkerOf[*mesh](t)
	if err := w.CheckShared(&mesh{Left: &mesh{Left: shared.Left.Left}, Right: nil}); err == nil {
		t.Error("62 levels are few")
	}
	few := &mesh{}
	for range 12 {
		few = &mesh{Left: few, Right: []*mesh{few}}
	}
	if err := w.CheckShared(few); err != nil {
		t.Errorf("12 levels: %v", err)
	}
}

// knot is what random graphs are made of.
type knot struct {
	P   *knot
	L   []*knot
	M   map[int]*knot
	Any any
	W   []int
	I   *int
	A   [2]*knot
}

// span is the memory that a reference leads to.
type extent struct{ start, end uintptr }

// spans collects what the references of a graph lead to, one by one, and reports whether there is a cycle.
type tracer struct {
	all    []extent
	open   map[any]bool
	done   map[any]bool
	cyclic bool
}

func (r *tracer) memory(p unsafe.Pointer, n uintptr) {
	r.all = append(r.all, extent{uintptr(p), uintptr(p) + n})
}

func (r *tracer) knot(k *knot) {
	if k == nil {
		return
	}
	r.memory(unsafe.Pointer(k), unsafe.Sizeof(*k))
	if r.open[k] {
		r.cyclic = true
	}
	if r.open[k] || r.done[k] {
		return
	}
	r.open[k] = true
	r.knot(k.P)
	r.knots(k.L)
	if k.M != nil {
		p := reflect.ValueOf(k.M).UnsafePointer()
		r.memory(p, 1)
		r.inside(p, func() {
			for _, other := range k.M {
				r.knot(other)
			}
		})
	}
	switch v := k.Any.(type) {
	case *knot:
		r.knot(v)
	case []*knot:
		r.knots(v)
	}
	if cap(k.W) > 0 {
		r.memory(unsafe.Pointer(unsafe.SliceData(k.W)), uintptr(cap(k.W))*8)
	}
	if k.I != nil {
		r.memory(unsafe.Pointer(k.I), 8)
	}
	r.knot(k.A[0])
	r.knot(k.A[1])
	r.open[k], r.done[k] = false, true
}

func (r *tracer) knots(l []*knot) {
	if cap(l) == 0 {
		return
	}
	r.memory(unsafe.Pointer(unsafe.SliceData(l)), uintptr(cap(l))*unsafe.Sizeof(l[0:1][0]))
	r.inside([2]any{unsafe.SliceData(l), len(l)}, func() {
		for _, k := range l {
			r.knot(k)
		}
	})
}

func (r *tracer) inside(place any, walk func()) {
	if r.open[place] {
		r.cyclic = true
		return
	}
	if r.done[place] {
		return
	}
	r.open[place] = true
	walk()
	r.open[place], r.done[place] = false, true
}

// drawGraph draws knots that refer to one another, seldom in two ways.
func drawGraph(t *rapid.T) *knot {
	var knots []*knot
	var lists [][]*knot
	var numbers [][]int
	seldom := func(n int) bool { return n > 0 && rapid.IntRange(0, 14).Draw(t, "again") == 0 }
	var fresh func(depth int) *knot
	some := func(depth int) *knot {
		switch {
		case seldom(len(knots)):
			return rapid.SampledFrom(knots).Draw(t, "knot")
		case depth > 4 || rapid.Bool().Draw(t, "nil"):
			return nil
		}
		return fresh(depth)
	}
	list := func(depth int) []*knot {
		if seldom(len(lists)) {
			l := rapid.SampledFrom(lists).Draw(t, "list")
			i := rapid.IntRange(0, len(l)).Draw(t, "from")
			return l[i:rapid.IntRange(i, len(l)).Draw(t, "to")]
		}
		l := make([]*knot, rapid.IntRange(0, 2).Draw(t, "length"))
		lists = append(lists, l)
		for i := range l {
			l[i] = some(depth + 1)
		}
		return l
	}
	fresh = func(depth int) *knot {
		k := &knot{}
		knots = append(knots, k)
		k.P, k.L = some(depth+1), list(depth)
		switch {
		case seldom(len(knots)):
			k.M = rapid.SampledFrom(knots).Draw(t, "map").M
		case rapid.Bool().Draw(t, "map"):
			k.M = map[int]*knot{1: some(depth + 1), 2: some(depth + 1)}
		}
		switch rapid.IntRange(0, 5).Draw(t, "any") {
		case 0:
			k.Any = some(depth + 1)
		case 1:
			k.Any = list(depth)
		}
		if seldom(len(numbers)) {
			w := rapid.SampledFrom(numbers).Draw(t, "numbers")
			i := rapid.IntRange(0, len(w)-1).Draw(t, "from")
			if k.W = w[i:]; rapid.Bool().Draw(t, "one") {
				k.W, k.I = nil, &w[i]
			}
		} else if rapid.Bool().Draw(t, "numbers") {
			k.W = make([]int, 3)[:rapid.IntRange(0, 3).Draw(t, "numbers"):3]
			numbers = append(numbers, k.W[:3])
		}
		k.A[1] = some(depth + 1)
		return k
	}
	return fresh(0)
}

// TestSharingOfGraphs holds the checks of random graphs to a walk that compares all references with all others.
func TestSharingOfGraphs(t *testing.T) {
	w := walkerOf[*knot](t)
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		r := tracer{open: map[any]bool{}, done: map[any]bool{}}
		r.knot(g)
		shared := false
		for i, a := range r.all {
			for _, b := range r.all[:i] {
				shared = shared || a.start < b.end && b.start < a.end
			}
		}
		err := w.Check(g)
		if (err != nil) != shared {
			t.Fatalf("shared is %v, check says %v", shared, err)
		}
		if lenient := w.CheckShared(g); (lenient != nil) != r.cyclic {
			t.Fatalf("cyclic is %v, check says %v", r.cyclic, lenient)
		}
		for range 3 {
			if again := w.Check(g); err != nil && again.Error() != err.Error() {
				t.Fatalf("%v, and then %v", err, again)
			}
		}
		if r.cyclic {
			return
		}
		if c := w.Copy(g); w.Check(c) != nil || !w.Equal(c, g) || w.Hash(c) != w.Hash(g) {
			t.Fatalf("a copy of %s is not a tree with its content", w.Text(g))
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	w, err := For[ledger]()
	if err != nil {
		b.Fatal(err)
	}
	v := ledger{ByName: map[string]*box{"a": {1}, "b": {2}}, Order: []*box{{1}, {2}}, Log: []int{1, 2}, Votes: map[int]bool{1: true}}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Check(v); err != nil {
			b.Fatal(err)
		}
	}
}

// TestSharedAmongMany finds memory that is held twice among few and many slices, where they are compared in different ways.
func TestSharedAmongMany(t *testing.T) {
	w, err := For[[][]int]()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{2, 7, 8, 9, 20, 63, 64, 65, 200} {
		rows := make([][]int, n)
		for i := range rows {
			rows[i] = []int{i, 7}
		}
		if err := w.Check(rows); err != nil {
			t.Errorf("%d rows: %v", n, err)
		}
		rows[n-1] = rows[n/3]
		if w.Check(rows) == nil {
			t.Errorf("%d rows: shared memory was not found", n)
		}
		rows[n-1] = rows[n/3][1:]
		if w.Check(rows) == nil {
			t.Errorf("%d rows: overlapping memory was not found", n)
		}
	}
}
