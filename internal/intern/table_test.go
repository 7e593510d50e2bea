package intern

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func tableOf[T any](t testing.TB) *Table[T] {
	t.Helper()
	table, err := NewTable[T]()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// checkTable plays random values against a linear scan.
func checkTable[T any](t *testing.T, bucket func(any) (uint64, bool)) {
	t.Helper()
	t.Run(reflect.TypeFor[T]().String(), parallel(func(t *rapid.T) {
		table, err := NewTable[T]()
		if err != nil {
			t.Fatal(err)
		}
		if bucket != nil {
			table.bucket = bucket
		}
		var all []T
		scan := func(v T) int {
			for i, w := range all {
				if same(reflect.ValueOf(&v), reflect.ValueOf(&w)) {
					return i
				}
			}
			return -1
		}
		for range rapid.IntRange(1, 24).Draw(t, "steps") {
			var v T
			if len(all) > 0 && rapid.Bool().Draw(t, "near") {
				v = table.walker.Copy(all[rapid.IntRange(0, len(all)-1).Draw(t, "like")])
				if rapid.Bool().Draw(t, "changed") {
					change(t, reflect.ValueOf(&v).Elem(), 3)
				}
			} else {
				fill(t, reflect.ValueOf(&v).Elem(), 3)
			}
			want := scan(v)
			if got, ok := table.Lookup(v); ok != (want >= 0) || ok && int(got) != want {
				t.Fatalf("looked up %d %v, want %d", got, ok, want)
			}
			id, fresh := table.Intern(v)
			if fresh {
				all = append(all, v)
			}
			if fresh != (want < 0) || !fresh && int(id) != want || fresh && int(id) != len(all)-1 {
				t.Fatalf("interned as %d %v, want %d of %d", id, fresh, want, len(all))
			}
		}
		if table.Len() != len(all) {
			t.Fatalf("length %d, want %d", table.Len(), len(all))
		}
		for i, v := range all {
			if w := table.Value(uint32(i)); !same(reflect.ValueOf(&v), reflect.ValueOf(&w)) {
				t.Fatalf("value %d", i)
			}
		}
		if id, ok := table.Verify(); !ok {
			t.Fatalf("value %d was changed", id)
		}
	}))
}

// The types that hashstructure cannot tell apart, or fails on.

type hidden struct{ a, b *int8 }

type sets struct {
	A []int8   `hash:"set"`
	B []string `hash:"ignore"`
}

type lying struct{ N []int8 }

func (lying) Hash() (uint64, error) { return rand.Uint64(), nil }

type panicking struct{ N *int8 }

func (panicking) Hash() (uint64, error) { panic("no hash") }

type failing struct {
	N []int8 `hash:"string"`
	Z complex128
}

func TestTable(t *testing.T) {
	checkTable[flat](t, nil)
	checkTable[string](t, nil)
	checkTable[state](t, nil)
	checkTable[message](t, nil)
	checkTable[any](t, nil)
	checkTable[map[any]int8](t, nil)
	checkTable[map[float64]bool](t, nil)
	checkTable[hidden](t, nil)
	checkTable[sets](t, nil)
	checkTable[lying](t, nil)
	checkTable[panicking](t, nil)
	checkTable[failing](t, nil)
	checkTable[struct{ A, B []int8 }](t, nil)
	checkTable[struct{ T time.Time }](t, nil)
	checkTable[*state](t, func(any) (uint64, bool) { return 0, true })
	checkTable[[]int8](t, func(any) (uint64, bool) { return rand.Uint64N(3), rand.N(3) > 0 })
}

func TestHashstructureFails(t *testing.T) {
	n := int8(1)
	for _, v := range []any{panicking{&n}, failing{}, make(chan int), complex128(1)} {
		if h, ok := structureHash(v); ok {
			t.Errorf("%T has the hash %x", v, h)
		}
	}
	if x, _ := structureHash(hidden{}); true {
		if y, ok := structureHash(hidden{a: &n}); !ok || x != y {
			t.Errorf("hashstructure sees unexported fields: %x, %x", x, y)
		}
	}
	x, _ := structureHash(sets{A: []int8{1, 1, 2}})
	if y, ok := structureHash(sets{A: []int8{2}}); !ok || x != y {
		t.Errorf("duplicates in sets do not cancel: %x, %x", x, y)
	}
}

// TestFullBucket interns more values than a bucket takes, all in one bucket for hashstructure, and asks it once for
// each distinct value.
func TestFullBucket(t *testing.T) {
	table := tableOf[hidden](t)
	asked := 0
	table.bucket = func(v any) (uint64, bool) { asked++; return structureHash(v) }
	const n = 16
	intern := func(fresh bool) {
		for i := range n * n {
			a, b := int8(i/n), int8(i%n)
			if id, f := table.Intern(hidden{&a, &b}); f != fresh || int(id) != i {
				t.Fatalf("value %d has the id %d, fresh is %v", i, id, f)
			}
		}
	}
	intern(true)
	intern(false)
	if asked != structureLimit {
		t.Errorf("hashstructure asked %d times", asked)
	}
	counts := map[bucketKind]int{}
	for key, h := range table.buckets {
		counts[key.kind] += int(h.count)
	}
	if counts[byStructure] != bucketLimit || counts[byBoth] != structureLimit-bucketLimit {
		t.Errorf("values per kind of bucket: %v", counts)
	}
}

// TestTwins makes all values collide in the exact index.
func TestTwins(t *testing.T) {
	table := tableOf[[]int](t)
	const own = 7<<32 | 7
	for i := range 50 {
		if id := table.add([]int{i}, own, bucketKey{kind: byOwn, own: own}, 0); int(id) != i {
			t.Fatalf("value %d has the id %d", i, id)
		}
	}
	for i := range 50 {
		if id, ok := table.find(own, []int{i}); !ok || int(id) != i {
			t.Errorf("twin %d: %d %v", i, id, ok)
		}
		if id, ok := table.findFriend(bucketKey{kind: byOwn, own: own}, own, []int{i}); !ok || int(id) != i {
			t.Errorf("friend %d: %d %v", i, id, ok)
		}
	}
	if _, ok := table.find(own, []int{50}); ok {
		t.Error("found a value that is not there")
	}
	if id, ok := table.Verify(); ok || id != 0 {
		t.Errorf("verify: %d %v", id, ok)
	}
}

// TestLocate requires cells to lie one behind the other, in chunks that each are a fourth to a fifth of all before
// them.
func TestLocate(t *testing.T) {
	chunk, next := -1, uint64(0)
	length := uint64(0)
	for id := range uint32(1 << 20) {
		c, i, size := locateID(id)
		if i == 0 {
			if next != length || c != chunk+1 {
				t.Fatalf("value %d begins chunk %d, the one before was %d with %d of %d", id, c, chunk, next, length)
			}
			chunk, next, length = c, 0, size
		}
		if c != chunk || i != next || size != length {
			t.Fatalf("value %d lies in chunk %d of %d at %d, want %d of %d, %d", id, c, size, i, chunk, length, next)
		}
		next++
	}
	if c, i, size := locateID(1<<32 - 1); c >= chunkCount || i >= size {
		t.Errorf("the last id lies in chunk %d of %d, at %d of %d", c, chunkCount, i, size)
	}
}

// TestInternCopy requires the table to keep a copy, and only of a new value.
func TestInternCopy(t *testing.T) {
	table := tableOf[[]int](t)
	mine := append(make([]int, 0, 8), 1)
	id, fresh := table.InternCopy(mine)
	if !fresh {
		t.Error("the first value is not fresh")
	}
	mine[0] = 2
	if kept := table.Value(id); kept[0] != 1 || cap(kept) != 1 {
		t.Errorf("kept %v with room for %d", kept, cap(kept))
	}
	if again, fresh := table.InternCopy([]int{1}); fresh || again != id {
		t.Errorf("the same value: %d, fresh %v", again, fresh)
	}
	if _, ok := table.Verify(); !ok {
		t.Error("the value was changed")
	}
}

// TestVerifyAppend appends to an interned slice within its spare capacity, which only a later value shows.
func TestVerifyAppend(t *testing.T) {
	table := tableOf[state](t)
	first := state{Log: make([]accepted, 1, 4)}
	table.Intern(first)
	second := first
	second.Log = append(first.Log, accepted{V: 1}) // not private: shares the array
	table.Intern(second)
	if id, ok := table.Verify(); !ok {
		t.Fatalf("value %d changed too early", id)
	}
	third := first
	third.Log = append(first.Log, accepted{V: 2})
	table.Intern(third)
	if id, ok := table.Verify(); ok || id != 1 {
		t.Errorf("verify: %d %v, want 1 false", id, ok)
	}
	for i := range 3 {
		copied := table.walker.Copy(table.Value(uint32(i)))
		if cap(copied.Log) != len(copied.Log) {
			t.Errorf("a copy has spare capacity: %d of %d", len(copied.Log), cap(copied.Log))
		}
	}
}

func TestValuePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	tableOf[*int](t).Value(0)
}

func TestConcurrent(t *testing.T) {
	t.Run("deep", func(t *testing.T) {
		checkConcurrent(t, func(i int) state {
			return state{Ballot: ballot{Round: uint32(i)}, Accepts: map[uint64]struct{}{uint64(i): {}}, Msg: scalar(i)}
		})
	})
	t.Run("flat", func(t *testing.T) {
		checkConcurrent(t, func(i int) flat { return flat{b: fmt.Sprint(i)} })
	})
}

func checkConcurrent[T any](t *testing.T, value func(i int) T) {
	const workers, values = 4, 500
	table := tableOf[T](t)
	fresh := make([]int, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			order := rand.Perm(values)
			for _, i := range order {
				id, f := table.Intern(value(i))
				if f {
					fresh[w]++
				}
				if !table.walker.Equal(table.Value(id), value(i)) {
					t.Errorf("value %d is another", id)
				}
				table.Value(uint32(table.Len() - 1))
				if again, ok := table.Lookup(value(i)); !ok || again != id {
					t.Errorf("looked up %d %v, want %d", again, ok, id)
				}
			}
			table.Verify()
			table.Bytes()
		})
	}
	group.Wait()
	sum := 0
	for _, f := range fresh {
		sum += f
	}
	if sum != values || table.Len() != values {
		t.Errorf("%d fresh, length %d, want %d", sum, table.Len(), values)
	}
}

// TestBytes compares the estimate with what the heap really grows by.
func TestBytes(t *testing.T) {
	t.Run("deep", func(t *testing.T) { checkBytes(t, realistic) })
	t.Run("flat", func(t *testing.T) {
		checkBytes(t, func(i uint64) flat { return flat{b: fmt.Sprintf("a string %d", i)} })
	})
	t.Run("large", func(t *testing.T) {
		checkBytes(t, func(i uint64) map[uint64][40]uint64 { return map[uint64][40]uint64{i: {}, i + 1: {}} })
	})
	t.Run("small", func(t *testing.T) { checkBytes(t, func(i uint64) []uint64 { return []uint64{i} }) })
}

func checkBytes[T any](t *testing.T, value func(i uint64) T) {
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	table := tableOf[T](t)
	table.Intern(value(0))
	before, claimed := heap(), table.Bytes()
	for i := range uint64(3_000) {
		table.Intern(value(i))
	}
	grown, claimed := heap()-before, table.Bytes()-claimed
	t.Logf("heap grew by %d bytes, estimate %d", grown, claimed)
	if claimed < grown*2/3 || claimed > grown*3/2 {
		t.Errorf("heap grew by %d bytes, estimate %d", grown, claimed)
	}
	runtime.KeepAlive(table)
}
