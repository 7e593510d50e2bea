package offheap

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// arenas runs a test on both kinds of memory.
func arenas(t *testing.T, test func(t *testing.T, fresh func() *Arena)) {
	t.Run("mapped", func(t *testing.T) { test(t, New) })
	t.Run("heap", func(t *testing.T) { test(t, NewOnHeap) })
}

// drawLength favours the edges of the size classes.
func drawLength(t *rapid.T) int {
	n := rapid.SampledFrom([]int{1, 63, 64, 65, 300, 511, 4096, 40_000, largeSize - 65, largeSize, 200_000}).Draw(t, "n")
	return max(n+rapid.IntRange(-2, 2).Draw(t, "offset"), 1)
}

// TestAllocFree fills each piece with a pattern of its own and finds it unharmed when the piece is freed, and every
// new piece zeroed and aligned.
func TestAllocFree(t *testing.T) {
	arenas(t, func(t *testing.T, fresh func() *Arena) {
		rapid.Check(t, func(t *rapid.T) {
			a := fresh()
			defer a.Close()
			type piece struct {
				b    []byte
				fill byte
			}
			var live []piece
			var held, peak int64
			free := func(i int) {
				p := live[i]
				if got := bytes.Count(p.b, []byte{p.fill}); got != len(p.b) {
					t.Fatalf("%d bytes of %d are overwritten", len(p.b)-got, len(p.b))
				}
				live[i] = live[len(live)-1]
				live = live[:len(live)-1]
				held -= a.Size(len(p.b))
				a.Free(p.b)
			}
			for i := range rapid.IntRange(1, 60).Draw(t, "operations") {
				if len(live) > 0 && rapid.IntRange(0, 2).Draw(t, "free") == 0 {
					free(rapid.IntRange(0, len(live)-1).Draw(t, "which"))
				} else {
					n := drawLength(t)
					b := must(t, a, n)
					if len(b) != n || cap(b) != n {
						t.Fatalf("length %d and capacity %d, asked for %d", len(b), cap(b), n)
					}
					if p := uintptr(unsafe.Pointer(&b[0])); p%64 != 0 {
						t.Fatalf("address %#x is not aligned", p)
					}
					if got := bytes.Count(b, []byte{0}); got != n {
						t.Fatalf("%d bytes of %d are not zero", n-got, n)
					}
					copy(b, bytes.Repeat([]byte{byte(i + 1)}, n))
					live = append(live, piece{b, byte(i + 1)})
					held += a.Size(n)
					peak = max(peak, held)
				}
				if a.Bytes() != held || a.Peak() != peak {
					t.Fatalf("bytes %d, peak %d, want %d and %d", a.Bytes(), a.Peak(), held, peak)
				}
			}
			for len(live) > 0 {
				free(0)
			}
			if a.Bytes() != 0 {
				t.Fatalf("%d bytes left", a.Bytes())
			}
		})
	})
}

type fataler interface{ Fatal(args ...any) }

func must(t fataler, a *Arena, n int) []byte {
	b, err := a.Alloc(n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSizes holds the rounding to what Size promises, and the numbering of the classes to what the free lists need.
func TestSizes(t *testing.T) {
	a := NewOnHeap()
	last := 0
	for n := 1; n < largeSize; n++ {
		size := a.size(n)
		if size < n || size%lineSize != 0 || size-n >= max(64, n/4) {
			t.Fatalf("%d bytes take %d", n, size)
		}
		if size < last {
			t.Fatalf("%d bytes take %d, one less takes %d", n, size, last)
		}
		if size > last && last > 0 && class(size) != class(last)+1 {
			t.Fatalf("size %d has class %d, size %d has %d", last, class(last), size, class(size))
		}
		last = size
	}
	if got := class(last); got != classes-1 {
		t.Fatalf("the last class is %d, want %d", got, classes-1)
	}
	if got, want := a.size(largeSize+1), largeSize+a.pageSize; got != want {
		t.Fatalf("%d bytes take %d, want %d", largeSize+1, got, want)
	}
}

// TestReuse allocates far more than it ever holds; the blocks show whether pieces were used again.
func TestReuse(t *testing.T) {
	arenas(t, func(t *testing.T, fresh func() *Arena) {
		a := fresh()
		defer a.Close()
		for range 2000 {
			b, c := must(t, a, 5000), must(t, a, 15_000)
			a.Free(b)
			a.Free(c)
		}
		if len(a.blocks) != 1 {
			t.Errorf("%d blocks, want 1", len(a.blocks))
		}
	})
}

// TestTail sees that the end of a block is not lost when the next piece does not fit there.
func TestTail(t *testing.T) {
	a := NewOnHeap()
	for len(a.blocks) < 3 {
		must(t, a, 14_000)
		must(t, a, 1000)
	}
	var free int
	for c, pieces := range a.free {
		for range pieces {
			free += sizeOf(c)
		}
	}
	if free == 0 {
		t.Error("nothing is left over, so this tests nothing")
	}
	if got := int(a.Bytes()) + len(a.tail) + free; got != 3*blockSize {
		t.Errorf("%d bytes of %d are accounted for", got, 3*blockSize)
	}
}

// sizeOf is the inverse of class.
func sizeOf(c int) int {
	for u := 1; ; u++ {
		if class(u*lineSize) == c {
			return u * lineSize
		}
	}
}

func TestLimit(t *testing.T) {
	arenas(t, func(t *testing.T, fresh func() *Arena) {
		a := fresh()
		defer a.Close()
		a.SetLimit(200_000)
		b := must(t, a, 100_000)
		for _, n := range []int{100_000, 1 << 30} {
			if _, err := a.Alloc(n); !errors.Is(err, ErrLimit) {
				t.Fatalf("error %v, want ErrLimit", err)
			}
		}
		if got := a.Peak(); got != a.Bytes() {
			t.Errorf("a refused allocation counts: peak %d", got)
		}
		must(t, a, 14_000)
		a.Free(b)
		must(t, a, 100_000)
		a.SetLimit(0)
		must(t, a, 1<<20)
	})
}

// TestConcurrent is for the race detector, and sees that no two goroutines get the same piece.
func TestConcurrent(t *testing.T) {
	arenas(t, func(t *testing.T, fresh func() *Arena) {
		a := fresh()
		defer a.Close()
		var wg sync.WaitGroup
		for g := range byte(8) {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(g), 0))
				for range 300 {
					b, err := a.Alloc(1 + r.IntN(100_000)>>r.IntN(10))
					if err != nil {
						t.Error(err)
						return
					}
					b[0], b[len(b)-1] = g, g
					if b[0] != g || b[len(b)-1] != g {
						t.Error("two owners")
					}
					a.Free(b)
				}
			})
		}
		wg.Wait()
		if a.Bytes() != 0 {
			t.Errorf("%d bytes left", a.Bytes())
		}
	})
}

func TestSlice(t *testing.T) {
	arenas(t, func(t *testing.T, fresh func() *Arena) {
		a := fresh()
		defer a.Close()
		type pair struct {
			A uint32
			B [2]int16
		}
		s := Slice[pair](must(t, a, 83))
		if len(s) != 10 {
			t.Fatalf("length %d, want 10", len(s))
		}
		s[9] = pair{1, [2]int16{2, 3}}
		if s[9].B[1] != 3 || s[8] != (pair{}) {
			t.Error("what was written is not read")
		}
	})
	for name, call := range map[string]func([]byte){
		"pointer": func(b []byte) { Slice[*int](b) },
		"string":  func(b []byte) { Slice[struct{ S string }](b) },
		"empty":   func(b []byte) { Slice[[0]int](b) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call(make([]byte, 64))
		})
	}
}

// TestPoison sees that a use after Free shows in an arena for tests.
func TestPoison(t *testing.T) {
	a := NewOnHeap()
	b := must(t, a, 100)
	a.Free(b)
	if b[0] == 0 {
		t.Error("freed memory looks fresh")
	}
}
