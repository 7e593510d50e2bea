package words

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"synod/internal/offheap"
)

// testArena returns an arena on the heap, which the race detector sees, and which is overwritten when it is freed.
func testArena(t interface{ Cleanup(func()) }) *offheap.Arena {
	arena := offheap.NewOnHeap()
	t.Cleanup(arena.Close)
	return arena
}

// sequences draws sequences that often repeat, and differ in length only, or in the last word only.
func sequences() *rapid.Generator[[]uint32] {
	word := rapid.OneOf(rapid.Uint32Range(0, 2), rapid.Uint32())
	return rapid.OneOf(rapid.SliceOfN(rapid.Uint32Range(0, 1), 0, 4), rapid.SliceOfN(word, 0, 40))
}

// TestTable interns random sequences in a table and in a Go map.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := NewTable(testArena(t))
		ids := make(map[string]uint32)
		var all [][]uint32
		for _, seq := range rapid.SliceOfN(sequences(), 1, 200).Draw(t, "sequences") {
			given := slices.Clone(seq)
			id, fresh := table.Intern(given)
			for i := range given {
				given[i]++ // The table must have a copy.
			}
			want, known := ids[fmt.Sprint(seq)]
			if fresh == known {
				t.Fatalf("%v: fresh %v, known %v", seq, fresh, known)
			}
			if fresh {
				want = uint32(len(all))
				ids[fmt.Sprint(seq)] = want
				all = append(all, seq)
			}
			if id != want {
				t.Fatalf("%v has the id %d, want %d", seq, id, want)
			}
		}
		if table.Len() != len(all) {
			t.Fatalf("%d sequences, want %d", table.Len(), len(all))
		}
		for id, seq := range all {
			if got := table.At(uint32(id)); !slices.Equal(got, seq) || cap(got) != len(got) {
				t.Fatalf("%d is %v with room for %d, want %v", id, got, cap(got), seq)
			}
		}
	})
}

// TestTableGrows fills a table far beyond its first size, also with long sequences.
func TestTableGrows(t *testing.T) {
	table := NewTable(testArena(t))
	for i := range uint32(20_000) {
		seq := []uint32{i, i * i, i % 7}[:i%4/2+2]
		if id, fresh := table.Intern(seq); id != i || !fresh {
			t.Fatalf("%v got the id %d, fresh %v", seq, id, fresh)
		}
	}
	lengthy := make([]uint32, maxLength)
	id, _ := table.Intern(lengthy)
	if got := table.At(id); len(got) != maxLength {
		t.Fatalf("a sequence of %d words came back with %d", maxLength, len(got))
	}
	defer func() {
		if recover() == nil {
			t.Error("a sequence that is too long was taken")
		}
	}()
	table.Intern(append(lengthy, 1))
}

// TestHashCollisions interns sequences that all have the same place in the index.
func TestHashCollisions(t *testing.T) {
	table := NewTable(testArena(t))
	var alike [][]uint32
	for i := uint32(0); len(alike) < 200; i++ {
		if seq := []uint32{i}; hash(seq)%stripes == 3 && hash(seq)>>indexShift%16 == 5 {
			alike = append(alike, seq)
		}
	}
	for range 2 {
		for i, seq := range alike {
			if id, _ := table.Intern(seq); id != uint32(i) {
				t.Fatalf("%v got the id %d, want %d", seq, id, i)
			}
		}
	}
}

// together runs f in several goroutines at once, each with its own random order of 0 … n−1.
func together(n int, f func(i int)) {
	const goroutines = 4
	var wg sync.WaitGroup
	for g := range goroutines {
		order := rand.New(rand.NewPCG(uint64(g), 1)).Perm(n)
		wg.Go(func() {
			for _, i := range order {
				f(i)
			}
		})
	}
	wg.Wait()
}

// TestTableConcurrently lets goroutines intern the same sequences in different orders, and read them at once.
func TestTableConcurrently(t *testing.T) {
	table := NewTable(testArena(t))
	const n = 5_000
	var ids [n]atomic.Uint32 // plus one
	var fresh atomic.Int32
	together(n, func(i int) {
		seq := []uint32{uint32(i), uint32(i) * 7, 3, 4}[:1+i%4]
		id, isFresh := table.Intern(seq)
		if isFresh {
			fresh.Add(1)
		}
		if got := table.At(id); !slices.Equal(got, seq) {
			t.Errorf("%d is %v, want %v", id, got, seq)
		}
		if !ids[i].CompareAndSwap(0, id+1) && ids[i].Load() != id+1 {
			t.Errorf("%v got the ids %d and %d", seq, ids[i].Load()-1, id)
		}
	})
	if table.Len() != n || fresh.Load() != n {
		t.Errorf("%d sequences, %d fresh, want %d", table.Len(), fresh.Load(), n)
	}
	dense := make([]bool, n)
	for i := range ids {
		dense[ids[i].Load()-1] = true
	}
	if slices.Contains(dense, false) {
		t.Error("the ids are not dense")
	}
}

// TestPairs interns random pairs in a table and in a Go map.
func TestPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := NewPairs(testArena(t))
		ids := make(map[[2]uint32]uint32)
		word := rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Just(uint32(1<<32-1)), rapid.Uint32())
		for range rapid.IntRange(1, 300).Draw(t, "pairs") {
			pair := [2]uint32{word.Draw(t, "a"), word.Draw(t, "b")}
			want, known := ids[pair]
			if !known {
				want = uint32(len(ids))
				ids[pair] = want
			}
			if id := pairs.Intern(pair[0], pair[1]); id != want {
				t.Fatalf("%v has the id %d, want %d", pair, id, want)
			}
		}
		if pairs.Len() != len(ids) {
			t.Fatalf("%d pairs, want %d", pairs.Len(), len(ids))
		}
		for pair, id := range ids {
			if a, b := pairs.At(id); a != pair[0] || b != pair[1] {
				t.Fatalf("%d is %d and %d, want %v", id, a, b, pair)
			}
		}
	})
}

// TestPairsConcurrently lets goroutines intern the same pairs in different orders.
func TestPairsConcurrently(t *testing.T) {
	pairs := NewPairs(testArena(t))
	const n = 10_000
	together(n, func(i int) {
		a, b := uint32(i%100), uint32(i/100)
		id := pairs.Intern(a, b)
		if x, y := pairs.At(id); x != a || y != b {
			t.Errorf("%d is %d and %d, want %d and %d", id, x, y, a, b)
		}
		if again := pairs.Intern(a, b); again != id {
			t.Errorf("%d and %d got the ids %d and %d", a, b, id, again)
		}
	})
	if pairs.Len() != n {
		t.Errorf("%d pairs, want %d", pairs.Len(), n)
	}
}

// TestMap puts random keys into a map and into a Go map.
func TestMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := NewMap(testArena(t))
		values := make(map[uint64]uint32)
		key := rapid.OneOf(rapid.Uint64Range(0, 20), rapid.Uint64Range(0, 1<<64-2),
			rapid.Map(rapid.Uint64Range(0, 1<<20), func(k uint64) uint64 { return k << 32 }))
		for range rapid.IntRange(1, 300).Draw(t, "keys") {
			k := key.Draw(t, "key")
			want, known := values[k]
			if got, ok := m.Get(k); ok != known || ok && got != want {
				t.Fatalf("%d has %d %v, want %d %v", k, got, ok, want, known)
			}
			made := rapid.Uint32().Draw(t, "value")
			got, fresh := m.Put(k, func() uint32 {
				if known {
					t.Fatalf("a second value is made for %d", k)
				}
				return made
			})
			if !known {
				want = made
				values[k] = made
			}
			if got != want || fresh == known {
				t.Fatalf("%d got %d, fresh %v; want %d", k, got, fresh, want)
			}
		}
		for k, want := range values {
			if got, ok := m.Get(k); !ok || got != want {
				t.Fatalf("%d has %d %v, want %d", k, got, ok, want)
			}
		}
	})
}

// TestMapConcurrently lets goroutines put the same keys in different orders: one of them makes the value.
func TestMapConcurrently(t *testing.T) {
	m := NewMap(testArena(t))
	const n = 5_000
	var made atomic.Uint32
	together(n, func(i int) {
		k := uint64(i) << (i % 40)
		value, _ := m.Put(k, func() uint32 { made.Add(1); return uint32(k) ^ uint32(k>>32) })
		if got, ok := m.Get(k); !ok || got != value || value != uint32(k)^uint32(k>>32) {
			t.Errorf("%d has %d %v", k, got, ok)
		}
	})
	distinct := make(map[uint64]bool)
	for i := range n {
		distinct[uint64(i)<<(i%40)] = true
	}
	if int(made.Load()) != len(distinct) {
		t.Errorf("%d values were made for %d keys", made.Load(), len(distinct))
	}
}

// TestPool reserves runs of random lengths, and reads all of them in the end.
func TestPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := NewPool[uint64](testArena(t))
		lengths := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(1, 3_000)), 1, 60).Draw(t, "lengths")
		refs := make(map[Ref]int)
		for k, n := range lengths {
			ref, run := pool.Reserve(n)
			if ref == 0 || len(run) != n || cap(run) != n {
				t.Fatalf("%d elements: ref %d, length %d, room for %d", n, ref, len(run), cap(run))
			}
			if _, double := refs[ref]; double {
				t.Fatalf("two runs at %d", ref)
			}
			refs[ref] = k
			for i := range run {
				if run[i] != 0 {
					t.Fatalf("element %d is %d at first", i, run[i])
				}
				run[i] = uint64(k)<<32 | uint64(i)
			}
		}
		for ref, k := range refs {
			run := pool.From(ref)
			for i := range lengths[k] {
				if want := uint64(k)<<32 | uint64(i); run[i] != want {
					t.Fatalf("element %d of run %d is %d, want %d", i, k, run[i], want)
				}
			}
		}
	})
}

// TestPoolLimits reserves the longest run that there may be, among short ones, and one more.
func TestPoolLimits(t *testing.T) {
	pool := NewPool[uint32](testArena(t))
	first, _ := pool.Reserve(1)
	longest, run := pool.Reserve(1 << refOffsetBits)
	run[len(run)-1] = 5
	if last, _ := pool.Reserve(1); last == first || last == longest {
		t.Error("two runs in one place")
	}
	if got := pool.From(longest); got[1<<refOffsetBits-1] != 5 {
		t.Error("the last element is lost")
	}
	defer func() {
		if recover() == nil {
			t.Error("a run that is too long was given")
		}
	}()
	pool.Reserve(1<<refOffsetBits + 1)
}

// TestPoolConcurrently hands refs from writers to readers.
func TestPoolConcurrently(t *testing.T) {
	pool := NewPool[uint32](testArena(t))
	const n = 5_000
	var refs [n]atomic.Uint64
	together(n, func(i int) {
		length := 1 + i%17
		if ref := Ref(refs[i].Load()); ref != 0 {
			for k, got := range pool.From(ref)[:length] {
				if got != uint32(i+k) {
					t.Errorf("element %d of run %d is %d", k, i, got)
				}
			}
			return
		}
		ref, run := pool.Reserve(length)
		for k := range run {
			run[k] = uint32(i + k)
		}
		refs[i].Store(uint64(ref))
	})
}

// TestArray writes all elements around the borders of the segments, and some far away.
func TestArray(t *testing.T) {
	places := []uint32{0, 1, 1<<base - 1, 1 << base, 1<<base + 1, 2<<base - 1, 2 << base, 4<<base - 1, 4 << base, 1 << 20}
	rapid.Check(t, func(t *rapid.T) {
		a := NewArray[[3]uint32](testArena(t))
		if a.Has(0) {
			t.Fatal("an empty array has an element")
		}
		written := make(map[uint32][3]uint32)
		index := rapid.OneOf(rapid.SampledFrom(places), rapid.Uint32Range(0, 5_000))
		for range rapid.IntRange(1, 40).Draw(t, "writes") {
			i := index.Draw(t, "index")
			a.Ensure(i)
			if !a.Has(i) {
				t.Fatalf("no place for %d", i)
			}
			if got := *a.At(i); got != written[i] {
				t.Fatalf("element %d is %v, want %v", i, got, written[i])
			}
			written[i] = [3]uint32{i, rapid.Uint32().Draw(t, "value"), i}
			*a.At(i) = written[i]
		}
		limit := rapid.Uint32Range(0, 9_000).Draw(t, "limit")
		a.EnsureAll(limit)
		for i := range limit {
			if got := *a.At(i); got != written[i] {
				t.Fatalf("element %d is %v, want %v", i, got, written[i])
			}
		}
		for i, want := range written {
			if got := *a.At(i); got != want {
				t.Fatalf("element %d is %v, want %v", i, got, want)
			}
		}
	})
}

// TestArrayConcurrently lets goroutines make places at once; none may get lost.
func TestArrayConcurrently(t *testing.T) {
	a := NewArray[uint32](testArena(t))
	const n = 20_000
	together(n, func(i int) {
		a.Ensure(uint32(i))
		atomic.AddUint32(a.At(uint32(i)), 1)
	})
	for i := range uint32(n) {
		if got := *a.At(i); got != 4 {
			t.Fatalf("element %d was counted %d times, want 4", i, got)
		}
	}
}
