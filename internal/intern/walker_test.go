package intern

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

func walkerOf[T any](t testing.TB) *Walker[T] {
	t.Helper()
	w, err := For[T]()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// draw draws a value of T.
func draw[T any](t *rapid.T) T {
	var v T
	fill(t, reflect.ValueOf(&v).Elem(), 5)
	return v
}

// parallel runs a property as a parallel test.
func parallel(property func(*rapid.T)) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, property)
	}
}

// checkLaws checks all operations against each other and against the reference.
func checkLaws[T any](t *testing.T) {
	t.Helper()
	w := walkerOf[T](t)
	t.Run(reflect.TypeFor[T]().String(), parallel(func(t *rapid.T) {
		a := draw[T](t)
		before, hash := string(w.Encode(nil, a)), w.Hash(a)
		b := w.Copy(a)
		if !w.Equal(a, b) || !same(reflect.ValueOf(&a), reflect.ValueOf(&b)) {
			t.Fatalf("copy of %s is %s", before, w.Encode(nil, b))
		}
		if err := w.Check(a); err != nil {
			t.Fatal(err)
		}
		switch rapid.IntRange(0, 2).Draw(t, "other") {
		case 0:
			b = draw[T](t)
		case 1:
			change(t, reflect.ValueOf(&b).Elem(), 5)
		}
		if after := string(w.Encode(nil, a)); after != before || w.Hash(a) != hash {
			t.Fatalf("changing a copy changed %s to %s", before, after)
		}
		equal := same(reflect.ValueOf(&a), reflect.ValueOf(&b))
		encoded := string(w.Encode(nil, b))
		if w.Equal(a, b) != equal || w.Equal(b, a) != equal {
			t.Fatalf("Equal = %v, want %v: %s, %s", w.Equal(a, b), equal, before, encoded)
		}
		if (encoded == before) != equal {
			t.Fatalf("equal is %v, encodings %s, %s", equal, before, encoded)
		}
		if (w.Hash(b) == hash) != equal { // unequal values could collide, but not within our lifetime
			t.Fatalf("equal is %v, hashes %x, %x: %s, %s", equal, hash, w.Hash(b), before, encoded)
		}
		checkChanges(t, w, a, b, equal)
		scribble(reflect.ValueOf(&b).Elem())
		c := w.Copy(a)
		scribble(reflect.ValueOf(&c).Elem())
		if after := string(w.Encode(nil, a)); after != before {
			t.Fatalf("scribbling over a copy changed %s to %s", before, after)
		}
	}))
}

func checkChanges[T any](t *rapid.T, w *Walker[T], a, b T, equal bool) {
	there, back := w.Diff(a, b), w.Diff(b, a)
	if (len(there) == 0) != equal {
		t.Fatalf("equal is %v, differences %v", equal, there)
	}
	if len(there) != len(back) {
		t.Fatalf("%v is not the inverse of %v", back, there)
	}
	for i, c := range there {
		if c.Old == c.New {
			t.Fatalf("no difference: %+v", c)
		}
		if i > 0 && natural(there[i-1].Path, c.Path) > 0 {
			t.Fatalf("not sorted: %v", there)
		}
	}
	if equal && w.Text(a) != w.Text(b) {
		t.Fatalf("texts %s, %s", w.Text(a), w.Text(b))
	}
}

func TestLaws(t *testing.T) {
	checkLaws[state](t)
	checkLaws[shapes](t)
	checkLaws[message](t)
	checkLaws[any](t)
	checkLaws[*state](t)
	checkLaws[[]any](t)
	checkLaws[map[any]any](t)
	checkLaws[map[float32][]float32](t)
	checkLaws[flat](t)
	checkLaws[time.Time](t)
	checkLaws[[]struct{}](t)
	checkLaws[[3]*[1]*int](t)
	checkLaws[complex128](t)
}

func TestFlat(t *testing.T) {
	for name, c := range map[string]struct{ got, want bool }{
		"flat":      {walkerOf[flat](t).Flat(), true},
		"array":     {walkerOf[[3]string](t).Flat(), true},
		"float":     {walkerOf[struct{ f float32 }](t).Flat(), false},
		"complex":   {walkerOf[complex64](t).Flat(), false},
		"pointer":   {walkerOf[*int](t).Flat(), false},
		"interface": {walkerOf[message](t).Flat(), false},
		"time":      {walkerOf[time.Time](t).Flat(), false},
		"slice":     {walkerOf[[]int](t).Flat(), false},
		"blank func": {walkerOf[struct {
			_ [0]func()
			A int
		}](t).Flat(), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: flat is %v", name, c.got)
		}
	}
}

// TestPadding fills the gaps between fields, whose bytes are no part of a value.
func TestChangeable(t *testing.T) {
	type part struct {
		Name string
		Any  any
	}
	w, err := For[any]()
	if err != nil {
		t.Fatal(err)
	}
	for _, fixed := range []any{nil, 3, "text", part{Name: "n"}, part{Any: part{Any: 1.5}}, [2]any{1, nil}, []int(nil), (*int)(nil)} {
		if w.Changeable(fixed) {
			t.Errorf("%#v can be changed", fixed)
		}
	}
	for _, loose := range []any{new(int), []int{}, map[int]int{}, part{Any: []int{1}}, part{Any: part{Any: new(int)}}, [1]any{new(int)}} {
		if !w.Changeable(loose) {
			t.Errorf("%#v cannot be changed", loose)
		}
	}
}

func TestPadding(t *testing.T) {
	type gaps struct {
		A uint8
		B uint32
		C uint8
		D uint64
		E uint16
	}
	type inner struct { // no gap at its end
		A uint8
		B uint32
	}
	a, b, c, d := new(gaps), new(gaps), new(inner), new(inner)
	dirty(unsafe.Pointer(b), unsafe.Sizeof(*b))
	dirty(unsafe.Pointer(d), unsafe.Sizeof(*d))
	b.A, b.B, b.C, b.D, b.E = 0, 0, 0, 0, 0
	d.A, d.B = 0, 0
	if w := walkerOf[*gaps](t); !w.Equal(a, b) || w.Hash(a) != w.Hash(b) {
		t.Error("padding is taken for content")
	}
	if w := walkerOf[*inner](t); !w.Equal(c, d) || w.Hash(c) != w.Hash(d) {
		t.Error("inner padding is taken for content")
	}
}

func dirty(p unsafe.Pointer, n uintptr) {
	for i := range n {
		*(*byte)(unsafe.Add(p, i)) = 0xff
	}
}

type generic[T any] struct{ X T }

func local1() any {
	type twin struct{ A int }
	return twin{1}
}

func local2() any {
	type twin struct{ A int }
	return twin{1}
}

func TestEncode(t *testing.T) {
	one := 1
	w := walkerOf[any](t)
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, "nil"},
		{put{4, 66}, "intern.put{Request:4,value:66}"},
		{&put{4, 66}, "&intern.put{Request:4,value:66}"},
		{(*put)(nil), "*intern.put(nil)"},
		{scalar(-3), "intern.scalar(-3)"},
		{[]string{"a\n", ""}, `[]string(["a\n",""])`},
		{[]byte("x\xff"), `[]uint8("x\xff")`},
		{[]byte(nil), `[]uint8(nil)`},
		{map[string]int{}, `map[string]int({})`},
		{map[string]int(nil), `map[string]int(nil)`},
		{map[int]*int{2: &one, 1: nil}, `map[int]*int({1:nil,2:&1})`},
		{math.Copysign(0, -1), `float64(-0)`},
		{math.Nextafter(0.1, 1), `float64(0.10000000000000002)`},
		{float32(0.1), `float32(0.1)`},
		{math.NaN(), `float64(NaN(0x7ff8000000000001))`},
		{complex64(1), `complex64((1,0))`},
		{batch{put{}, nil}, `intern.batch([intern.put{Request:0,value:0},nil])`},
		{generic[put]{}, `intern.generic[intern.put]{X:{Request:0,value:0}}`},
		{generic[map[scalar]generic[time.Month]]{}, `intern.generic[map[intern.scalar]intern.generic[time.Month]]{X:nil}`},
		{time.Unix(0, 1).UTC(), `time.Time(1970-01-01T00:00:00.000000001Z)`},
		{time.Unix(0, 0).In(time.FixedZone("X", -5)), `time.Time(1970-01-01T00:00:00Z@"X"-5)`},
	} {
		if got := string(w.Encode([]byte("> "), c.v)); got != "> "+c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	x, y := w.Encode(nil, local1()), w.Encode(nil, local2())
	if bytes.Equal(x, y) || !bytes.Equal(y, w.Encode(nil, local2())) {
		t.Errorf("types declared in two functions: %s, %s", x, y)
	}
}

func TestShortName(t *testing.T) {
	for in, want := range map[string]string{
		"register.Put":                      "register.Put",
		"a.B[x/y/z.C,[]map[p/q.D]*r/s.E]":   "a.B[z.C,[]map[q.D]*s.E]",
		`struct { A x/y.Z "json:\"a/b\"" }`: `struct { A y.Z "json:\"a/b\"" }`,
		"a.B[gopkg.in/yaml%2ev3.Node]":      "a.B[yaml%2ev3.Node]",
	} {
		if got := shortName(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestForRefuses(t *testing.T) {
	check := func(err error, want string) {
		t.Helper()
		if err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	_, err := For[struct {
		A []map[string]*generic[chan int]
	}]()
	check(err, "walk struct { A []map[string]*intern.generic[chan int] }.A[][].X: a channel cannot be part of a state")
	_, err = For[map[chan int]int]()
	check(err, "walk map[chan int]int[key]: a channel cannot be part of a state")
	_, err = NewTable[generic[reflect.Value]]()
	check(err, "new table: walk intern.generic[reflect.Value].X.ptr: "+errPointer.Error())
}

type node struct {
	Next *node
	Any  any
	F    func()
	Map  map[int]*node
}

func TestCheck(t *testing.T) {
	w := walkerOf[*node](t)
	cycle, deep := &node{}, &node{}
	cycle.Next = &node{Map: map[int]*node{3: cycle}}
	for range 9_000 {
		deep = &node{Next: deep}
	}
	tooDeep := deep
	for range 1_000 {
		tooDeep = &node{Next: tooDeep}
	}
	self := &node{}
	self.Any = self
	loop := []any{nil}
	loop[0] = loop
	for name, c := range map[string]struct {
		v    *node
		want string
	}{
		"fine":    {&node{Any: &node{Any: 3}, Map: map[int]*node{1: nil}}, ""},
		"deep":    {deep, ""},
		"nil":     {nil, ""},
		"func":    {&node{Next: &node{F: func() {}}}, "*intern.node.Next.F: a func cannot be part of a state"},
		"boxed":   {&node{Any: func() {}}, "*intern.node.Any: a func cannot be part of a state"},
		"channel": {&node{Any: []any{1, make(chan int)}}, "*intern.node.Any[1]: a channel cannot be part of a state"},
		"map": {
			&node{Map: map[int]*node{3: {F: func() {}}, 2: {F: func() {}}, 1: nil}},
			"*intern.node.Map[2].F: a func cannot be part of a state",
		},
		"cycle": {cycle, "*intern.node.Next.Map[3]: a cycle: this is *intern.node again"},
		"self":  {self, "*intern.node.Any: a cycle: this is *intern.node again"},
		"loop":  {&node{Any: loop}, "*intern.node.Any[0]: a cycle: this is *intern.node.Any again"},
		"too deep": {
			&node{Next: &node{Next: tooDeep}},
			"*intern.node.Next.Next.Next.Next.Next.Next.Next.Next….Next.Next.Next.Next: nested deeper than 10000",
		},
	} {
		got := ""
		if err := w.Check(c.v); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	type ring struct{ Next []map[int]*ring } // nothing is risky here but the recursion
	r := &ring{Next: []map[int]*ring{{}}}
	r.Next[0][1] = r
	if err := walkerOf[*ring](t).Check(r); err == nil {
		t.Error("a cycle is not found")
	}
	if w := walkerOf[map[string][]accepted](t); w.plan.risky {
		t.Error("a type without risks is checked")
	}
}

// TestGrowingStack walks deep values on new stacks, which move while the walk holds addresses in them.
func TestGrowingStack(t *testing.T) {
	w := walkerOf[node](t)
	done := make(chan string)
	for depth := range 50 {
		go func() {
			v := node{Any: depth}
			for range depth * 20 {
				last := v
				v = node{Map: map[int]*node{1: &last}, Any: []any{depth}}
			}
			c := w.Copy(v)
			if !w.Equal(v, c) || w.Hash(v) != w.Hash(c) || depth < 10 && string(w.Encode(nil, v)) != string(w.Encode(nil, c)) {
				done <- "differs"
				return
			}
			done <- ""
		}()
	}
	for range 50 {
		if s := <-done; s != "" {
			t.Error(s)
		}
	}
}

type id int

func (i id) String() string { return [...]string{"alice", "bob"}[i] } // panics beyond

type wrapped struct {
	id // promotes String
	N  int
}

type lazy struct{ m map[int]bool }

func (l lazy) String() string { l.m[1] = true; return "lazy" }

type pointed struct{ n int }

func (p *pointed) String() string { return "pointed" }

func TestText(t *testing.T) {
	w := walkerOf[any](t)
	l := lazy{map[int]bool{}}
	for _, c := range []struct {
		v    any
		want string
	}{
		{id(1), "bob"},
		{id(5), "intern.id(5)"},
		{map[id]ballot{1: {}, 0: {1, 2}}, "map[intern.id]intern.ballot({alice:{Round:1,Leader:2},bob:{}})"},
		{wrapped{1, 2}, "intern.wrapped{id:bob,N:2}"},
		{wrapped{}, "intern.wrapped{}"},
		{l, "lazy"},
		{&pointed{}, "pointed"},
		{(*pointed)(nil), "*intern.pointed(nil)"},
		{pointed{}, "intern.pointed{}"},
		{[]any{nil, &put{}, time.Unix(0, 0).UTC()}, "[]interface {}([nil,&intern.put{},time.Time(1970-01-01T00:00:00Z)])"},
		{map[int]int{10: 1, 9: 2, -1: 3}, "map[int]int({-1:3,9:2,10:1})"},
	} {
		if got := w.Text(c.v); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if len(l.m) != 0 {
		t.Error("String changed its receiver")
	}
}

func TestDiff(t *testing.T) {
	w := walkerOf[state](t)
	base := func() state {
		return state{
			Prepares: map[uint64]*accepted{2: {V: 1}, 10: nil, 3: {}},
			Log:      []accepted{{}, {}},
			Msg:      put{1, 2},
			anything: id(0),
			Accepts:  map[uint64]struct{}{},
		}
	}
	a, b := base(), base()
	b.Prepares[2].Ballot.Round = 7
	b.Prepares[10] = &accepted{}
	delete(b.Prepares, 3)
	b.Log = append(b.Log[:1:1], accepted{V: 1}, accepted{})
	b.Msg = put{1, 3}
	b.anything = id(1)
	b.Accepts = nil
	b.raw = []byte{}
	want := []Change{
		{"Accepts", "{}", "nil"},
		{"Log[1].V", "0", "1"},
		{"Log[2]", "", "{}"},
		{"Msg.value", "2", "3"},
		{"Prepares[2].Ballot.Round", "0", "7"},
		{"Prepares[3]", "&{}", ""},
		{"Prepares[10]", "nil", "&{}"},
		{"anything", "alice", "bob"},
		{"raw", "nil", `""`},
	}
	if got := w.Diff(a, b); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	any1, any2 := walkerOf[any](t).Diff(lazy{map[int]bool{}}, 3), Change{"", "lazy", "int(3)"}
	if len(any1) != 1 || any1[0] != any2 {
		t.Errorf("got %v", any1)
	}
}

// TestHashIsStable holds the hash to what it was: it is to be the same in every process.
func TestHashIsStable(t *testing.T) {
	v := state{Prepares: map[uint64]*accepted{1: {V: 1}, 2: nil}, Msg: put{1, 2}, names: []string{"a", "b"}}
	if got := walkerOf[state](t).Hash(v); got != 0x9e0d09deb33773dd {
		t.Errorf("got %#x", got)
	}
}

// TestRebuild requires the copies in all orders to be equal to the value, and to show two entries of a small map in
// both ways.
func TestRebuild(t *testing.T) {
	states, maps := walkerOf[state](t), walkerOf[map[any]any](t)
	rapid.Check(t, func(t *rapid.T) {
		v, w := draw[state](t), states
		for order := range 9 {
			if c := w.Rebuild(v, order); !w.Equal(c, v) || w.Check(c) != nil {
				t.Fatalf("order %d: %s is %s", order, w.Text(v), w.Text(c))
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		v, w := draw[map[any]any](t), maps
		for order := range 9 {
			if c := w.Rebuild(v, order); !w.Equal(c, v) {
				t.Fatalf("order %d: %s is %s", order, w.Text(v), w.Text(c))
			}
		}
	})
	type odd struct{ A, B string } // no usual shape of a key
	firsts := map[string]int{}
	for range 100 {
		for order := range 8 {
			for k := range walkerOf[map[string]bool](t).Rebuild(map[string]bool{"a": true, "b": true}, order) {
				firsts[k]++
				break
			}
			for k := range walkerOf[map[odd]bool](t).Rebuild(map[odd]bool{{A: "c"}: true, {A: "d"}: true}, order) {
				firsts[k.A]++
				break
			}
		}
	}
	for _, k := range []string{"a", "b", "c", "d"} {
		if n := firsts[k]; n < 200 || n > 600 {
			t.Errorf("%s was shown first %d times of 800", k, n)
		}
	}
	w := walkerOf[any](t)
	for _, v := range []any{nil, 1, map[int]int{1: 1}, []any{map[string]int{}}} {
		if w.Orders(v) {
			t.Errorf("%v has an order", v)
		}
	}
	for _, v := range []any{map[int]int{1: 1, 2: 2}, []any{&generic[map[string]int]{map[string]int{"a": 1, "b": 2}}}} {
		if !w.Orders(v) {
			t.Errorf("%v has no order", v)
		}
	}
}
