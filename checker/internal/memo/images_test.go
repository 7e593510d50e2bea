package memo

import (
	"math/rand/v2"
	"testing"

	"synod/checker/internal/store"
)

// TestImageTable compares a table with a map: a hit is right, and nothing is lost before the table is full.
func TestImageTable(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, limits := range [][]uint32{{1}, {2, 3}, {9, 1 << 14}, {1 << 20, 1 << 22}, {1 << 31, 1 << 31, 4}} {
		l := store.NewLayout(limits, nil, 0, 0, 0)
		table, want, count := NewImages(l), map[uint64]uint32{}, new(Function)
		for range 60_000 {
			ids := make([]uint32, len(limits))
			for i, limit := range limits {
				ids[i] = random.Uint32N(limit)
			}
			packed, _ := l.Pack(ids, len(ids))
			image, known := table.Find(packed)
			if was, ok := want[packed]; known != ok || image != was {
				t.Fatalf("%v: image %d, %v; want %d, %v", limits, image, known, was, ok)
			}
			if !known {
				image = random.Uint32N(1000)
				table.add(packed, image, count)
				want[packed] = image
			}
		}
		n, atLeast := count.Evaluations()
		if n != len(want) || atLeast {
			t.Errorf("%v: %d evaluations, %v; want %d", limits, n, atLeast, len(want))
		}
		table.slots.Load().each(func(mixed uint64, image uint32) {
			if packed := l.Mixer.Unmix(mixed); want[packed] != image {
				t.Errorf("%v: an entry of %x with image %d; want %d", limits, packed, image, want[packed])
			}
		})
	}
}

// TestImageTableFull makes sure that a table that cannot grow still finds what it was given last, and says that some
// was lost.
func TestImageTableFull(t *testing.T) {
	l := store.NewLayout([]uint32{1 << 30}, nil, 0, 0, 0)
	table, count := NewImages(l), new(Function)
	for id := uint32(0); !table.lost && id < maxImages; id++ {
		for range 2 {
			table.add(uint64(id), id, count)
			if image, known := table.Find(uint64(id)); !known || image != id {
				t.Fatalf("image %d, %v; want %d", image, known, id)
			}
		}
	}
	if n, atLeast := count.Evaluations(); !atLeast || n > maxImages {
		t.Errorf("%d evaluations, at least: %v", n, atLeast)
	}
}
