package visited

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"synod/internal/offheap"
	"synod/internal/raced"
)

// reference is a shard as a map, beside the shard that must agree with it.
type reference struct {
	*Shard
	tags map[uint64]uint8
}

// fataler is what testing and rapid have in common here.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newReference(t fataler, a *offheap.Arena, keyBits, tagBits, start int) *reference {
	t.Helper()
	s, err := NewShard(a, keyBits, tagBits, start)
	if err != nil {
		t.Fatalf("new shard: %v", err)
	}
	return &reference{s, map[uint64]uint8{}}
}

func (r *reference) put(key uint64, tag uint8) (fresh bool) {
	if _, ok := r.tags[key]; !ok {
		r.tags[key] = tag
		return true
	}
	return false
}

func (r *reference) insert(t fataler, key uint64, tag uint8) {
	t.Helper()
	got, err := r.Insert(key, tag)
	if err != nil {
		t.Fatalf("insert %#x: %v", key, err)
	}
	if want := r.put(key, tag); got != want {
		t.Fatalf("insert %#x: fresh %t, want %t", key, got, want)
	}
}

func (r *reference) insertBatch(t fataler, keys []uint64, tag uint8) {
	t.Helper()
	before := []uint64{1, 2, 3}
	got, err := r.InsertBatch(keys, tag, slices.Clone(before))
	if err != nil {
		t.Fatalf("insert batch: %v", err)
	}
	want := before
	for _, key := range keys {
		if r.put(key, tag) {
			want = append(want, key)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("insert batch: fresh %#x, want %#x", got, want)
	}
}

// check compares everything that a shard tells with the map.
func (r *reference) check(t fataler) {
	t.Helper()
	type pair struct {
		key uint64
		tag uint8
	}
	byKey := func(a, b pair) int { return cmp.Compare(a.key, b.key) }
	var got, want []pair
	for key, tag := range r.tags {
		want = append(want, pair{key, tag})
	}
	slices.SortFunc(want, byKey)
	r.Each(func(key uint64, tag uint8) bool {
		got = append(got, pair{key, tag})
		return true
	})
	if !slices.Equal(got, want) {
		t.Fatalf("%d bits, %d homes: each yields %d keys %v, want %d keys %v", r.keyBits, r.m,
			len(got), got[:min(len(got), 9)], len(want), want[:min(len(want), 9)])
	}
	if r.Len() != len(want) {
		t.Fatalf("length %d, want %d", r.Len(), len(want))
	}
	var byTag []pair
	for tag := range uint64(1) << r.tagBits {
		r.EachTag(uint8(tag), func(key uint64) bool {
			byTag = append(byTag, pair{key, uint8(tag)})
			return true
		})
	}
	slices.SortStableFunc(byTag, byKey)
	if !slices.Equal(byTag, want) {
		t.Fatalf("the keys of all tags are %d, want %d", len(byTag), len(want))
	}
	for _, p := range want {
		if tag, ok := r.Lookup(p.key); !ok || tag != p.tag {
			t.Fatalf("lookup %#x: %d, %t, want %d", p.key, tag, ok, p.tag)
		}
		// Neighbours of keys are where a search goes wrong.
		for _, near := range []uint64{p.key + 1, p.key - 1} {
			near &= mask(int(r.keyBits))
			tag, ok := r.Lookup(near)
			if wantTag, in := r.tags[near]; ok != in || ok && tag != wantTag {
				t.Fatalf("lookup %#x: %d, %t, want %d, %t", near, tag, ok, wantTag, in)
			}
		}
	}
}

func mask(keyBits int) uint64 { return 1<<keyBits - 1 } // also for 64

// pattern makes keys of one kind; what exceeds the bits is cut off.
var patterns = []struct {
	name string
	key  func(r *rand.Rand, i uint64, keyBits int) uint64
}{
	{"random", func(r *rand.Rand, _ uint64, _ int) uint64 { return r.Uint64() }},
	{"repeated", func(r *rand.Rand, i uint64, keyBits int) uint64 { return NewMixer(64).Mix(r.Uint64N(i/3 + 1)) }},
	{"ascending", func(_ *rand.Rand, i uint64, _ int) uint64 { return i }},
	{"descending", func(_ *rand.Rand, i uint64, _ int) uint64 { return -i - 1 }},
	{"shuffled", func(r *rand.Rand, _ uint64, _ int) uint64 { return r.Uint64N(3000) }},
	{"high", func(_ *rand.Rand, i uint64, keyBits int) uint64 { return i << max(keyBits-12, 0) }},
	{"clusters", func(r *rand.Rand, _ uint64, keyBits int) uint64 {
		return r.Uint64N(8)<<max(keyBits-3, 0) + r.Uint64N(100)
	}},
	{"edges", func(r *rand.Rand, _ uint64, keyBits int) uint64 { return r.Uint64() | mask(max(keyBits-6, 0))<<6 }},
}

// TestShardLoads runs every width of keys through every pattern, in ones and in batches.
func TestShardLoads(t *testing.T) {
	for _, p := range patterns {
		t.Run(p.name, func(t *testing.T) {
			// The race detector looks at each byte of a word, which takes a hundred times as long.
			keys, step := uint64(1500), 1
			if raced.Detector {
				keys, step = 300, 16
			}
			for keyBits := 0; keyBits <= 64; keyBits += step {
				arena := testArena()
				tagBits := keyBits % 7
				random := rand.New(rand.NewPCG(uint64(keyBits), 0))
				r := newReference(t, arena, keyBits, tagBits, 1+keyBits%5)
				var batch []uint64
				for i := range keys {
					key := p.key(random, i, keyBits) & mask(keyBits)
					if i%300 < 100 {
						r.insert(t, key, uint8(i)&uint8(r.tagMask))
						continue
					}
					if batch = append(batch, key); i%300 >= 290 || i%17 == 0 {
						r.insertBatch(t, batch, uint8(i/300)&uint8(r.tagMask))
						batch = batch[:0]
					}
				}
				r.check(t)
				if got, want := r.Bytes(), arena.Bytes(); got != want {
					t.Fatalf("the shard counts %d bytes, its arena %d", got, want)
				}
				r.Free()
				if arena.Bytes() != 0 {
					t.Fatalf("%d bytes left", arena.Bytes())
				}
				arena.Close()
			}
		})
	}
}

// testArena is on the heap only where the other kind is not tested by the same run without the race detector.
func testArena() *offheap.Arena {
	if raced.Detector {
		return offheap.NewOnHeap()
	}
	return offheap.New()
}

// TestShardFull inserts every key there is.
func TestShardFull(t *testing.T) {
	most := 13
	if raced.Detector {
		most = 7
	}
	for keyBits := range most {
		for _, tagBits := range []int{0, 2, 6, 8} {
			arena := offheap.NewOnHeap()
			r := newReference(t, arena, keyBits, tagBits, 1)
			for _, key := range rand.New(rand.NewPCG(1, 1)).Perm(1 << keyBits) {
				r.insert(t, uint64(key), uint8(key)&uint8(r.tagMask))
			}
			r.check(t)
			bytes := r.Bytes()
			for key := range uint64(1) << keyBits {
				r.insert(t, key, 0)
			}
			if r.check(t); r.Bytes() != bytes {
				t.Errorf("a full shard of %d bits grew from %d to %d bytes", keyBits, bytes, r.Bytes())
			}
		}
	}
}

func TestShardRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		arena := offheap.NewOnHeap()
		keyBits := rapid.IntRange(0, 64).Draw(t, "key bits")
		tagBits := rapid.IntRange(0, 8).Draw(t, "tag bits")
		r := newReference(t, arena, keyBits, tagBits, rapid.IntRange(0, 40).Draw(t, "start"))
		key := rapid.Custom(func(t *rapid.T) uint64 {
			// Few values in the high bits and few in the low ones: many keys that meet.
			high := rapid.Uint64Range(0, 7).Draw(t, "high") << max(keyBits-3, 0)
			return (high + rapid.Uint64Range(0, 300).Draw(t, "low")) & mask(keyBits)
		})
		tag := rapid.Uint8Range(0, uint8(1<<tagBits-1))
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) { r.insert(t, key.Draw(t, "key"), tag.Draw(t, "tag")) },
			"batch": func(t *rapid.T) {
				r.insertBatch(t, rapid.SliceOfN(key, 0, 100).Draw(t, "keys"), tag.Draw(t, "tag"))
			},
			"lookup": func(t *rapid.T) {
				k := key.Draw(t, "key")
				got, ok := r.Lookup(k)
				if want, in := r.tags[k]; ok != in || ok && got != want {
					t.Fatalf("lookup %#x: %d, %t, want %d, %t", k, got, ok, want, in)
				}
			},
		})
		r.check(t)
	})
}

// TestLayout sees that the key comes back from home and remainder, and that both ascend with it.
func TestLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keyBits := uint(rapid.IntRange(0, 64).Draw(t, "key bits"))
		m := capHomes(keyBits, rapid.Uint64Range(1, 1<<uint(rapid.IntRange(0, 40).Draw(t, "log"))).Draw(t, "homes"))
		l, ok := newLayout(keyBits, 0, m, minLimit)
		if !ok {
			t.Skip("too few homes for the bits")
		}
		if l.direct() && l.width > 1 {
			t.Fatalf("%d bytes for an entry that says nothing", l.width)
		}
		type place struct{ home, rem uint64 }
		var last place
		first := rapid.Uint64().Draw(t, "key") & mask(int(keyBits))
		for i := range uint64(50) {
			key := first + i
			if key > mask(int(keyBits)) || key < first {
				break
			}
			home, word := l.place(key)
			p := place{home, ^word & (l.unit - 1)}
			if home >= m {
				t.Fatalf("key %#x has home %d of %d", key, home, m)
			}
			if i > 0 && (p.home < last.home || p.home == last.home && p.rem <= last.rem) {
				t.Fatalf("key %#x is placed at %v, the key before at %v", key, p, last)
			}
			if got := l.unplace(p.home, p.rem); got != key {
				t.Fatalf("key %#x comes back as %#x", key, got)
			}
			for d := range uint64(3) {
				if got := l.key(home+d, word+d*l.unit); got != key {
					t.Fatalf("key %#x with displacement %d comes back as %#x", key, d, got)
				}
			}
			last = p
		}
	})
}

// TestShardLimit lets allocations fail at every stage of growth. Nothing may be lost, and with more memory the shard
// goes on.
func TestShardLimit(t *testing.T) {
	for _, keyBits := range []int{20, 51, 60} {
		for _, p := range patterns {
			t.Run(fmt.Sprintf("%s/%d", p.name, keyBits), func(t *testing.T) {
				arena := offheap.NewOnHeap()
				random := rand.New(rand.NewPCG(2, uint64(keyBits)))
				r := newReference(t, arena, keyBits, 2, 16)
				failures := 0
				rounds := uint64(400)
				if raced.Detector {
					rounds = 40
				}
				for i := range rounds {
					var keys []uint64
					for j := range uint64(5) {
						keys = append(keys, p.key(random, 5*i+j, keyBits)&mask(keyBits))
					}
					arena.SetLimit(arena.Bytes() + 1)
					got, err := r.InsertBatch(keys, 1, nil)
					if err != nil {
						if !errors.Is(err, offheap.ErrLimit) {
							t.Fatalf("error %v, want ErrLimit", err)
						}
						failures++
						for _, key := range got {
							if !r.put(key, 1) {
								t.Fatalf("%#x is said to be fresh, but is not", key)
							}
						}
						r.check(t)
						if _, err := NewShard(arena, 51, 2, 16); !errors.Is(err, offheap.ErrLimit) {
							t.Fatalf("error %v, want ErrLimit", err)
						}
						arena.SetLimit(0)
						r.insertBatch(t, keys, 1)
						continue
					}
					for _, key := range keys {
						r.put(key, 1)
					}
				}
				r.check(t)
				if failures == 0 {
					t.Error("no allocation failed")
				}
			})
		}
	}
}

// TestShardBytes holds the memory that spread keys take to what it should be.
func TestShardBytes(t *testing.T) {
	arena := offheap.NewOnHeap()
	s, err := NewShard(arena, 51, 2, 1000)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 0))
	for i := range 40_000 {
		if _, err := s.Insert(random.Uint64()>>13, 0); err != nil {
			t.Fatal(err)
		}
		if i < 10_000 {
			continue
		}
		if s.width > 6 || s.least > minLimit {
			t.Fatalf("%d keys: entries of %d bytes, displacement %d", i, s.width, s.least)
		}
		if load := float64(s.Len()) / float64(s.m); load < 0.85/1.5 {
			t.Fatalf("%d keys: load %.2f", i, load)
		}
	}
}

// TestClustersStayAffordable sees that keys without any spread do not make a shard grow without bound.
func TestClustersStayAffordable(t *testing.T) {
	for _, keyBits := range []int{30, 45, 56, 60} {
		arena := offheap.NewOnHeap()
		r := newReference(t, arena, keyBits, 2, 16)
		keys := uint64(3000)
		if raced.Detector {
			keys = 300
		}
		for i := range keys {
			r.insert(t, i, 1)
		}
		r.check(t)
		if per := r.Bytes() / int64(keys); per > 100 {
			t.Errorf("%d bits: %d bytes for each key", keyBits, per)
		}
	}
}

func TestStagger(t *testing.T) {
	last := 0
	for i := range 64 {
		start := Stagger(1000, i, 64)
		if start <= last || start < 1000 || float64(start) >= 1000*defaultPolicy.growth {
			t.Errorf("start %d is %d after %d", i, start, last)
		}
		last = start
	}
}
