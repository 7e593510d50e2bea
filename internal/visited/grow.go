package visited

import (
	"fmt"
	"math"
	"unsafe"

	"synod/internal/offheap"
)

// policy determines when a shard grows, and how far.
type policy struct {
	maxLoad float64 // entries per home at which it grows
	growth  float64 // ratio of the homes after and before growing
}

// defaultPolicy is a compromise based on BenchmarkPolicy: with ten million keys of 59 bits, growth by 1.41 takes 3%
// less memory and 20% more time, growth by 2 takes 17% more memory and 20% less time, and a load of 0.8 takes 6% more
// memory and about the same time.
var defaultPolicy = policy{maxLoad: 0.85, growth: 1.5}

// crowdedLoad is the load from which an entry at the greatest displacement is attributed to chance, and more homes
// help. Below it the keys are clustered and more homes would not separate them; the displacement gets more bits
// instead.
const crowdedLoad = 0.5

// Stagger returns the start size for shard i of n, so that shards that fill evenly grow one after the other: the
// sizes are spread geometrically from least to just below least times the growth factor.
func Stagger(least, i, n int) int { return stagger(defaultPolicy, least, i, n) }

func stagger(p policy, least, i, n int) int {
	return int(float64(least) * math.Pow(p.growth, float64(i)/float64(n)))
}

// next returns the layout to try after one that is too small for n+1 entries.
func (p policy) next(l layout, n uint64) layout {
	if n < p.capacity(&l) && float64(n) < crowdedLoad*float64(l.m) {
		if wide, ok := newLayout(l.keyBits, l.tagBits, l.m, 4*l.limit); ok {
			return wide
		}
	}
	m := l.m
	for {
		m = capHomes(l.keyBits, max(m+1, uint64(float64(m)*p.growth)))
		// More homes leave a shorter remainder, so an entry that fitted still fits.
		big, ok := newLayout(l.keyBits, l.tagBits, m, l.least)
		if !ok {
			panic(fmt.Sprintf("visited: no layout for %d homes of %d bits", m, l.keyBits))
		}
		if n < p.capacity(&big) {
			return big
		}
	}
}

// capacity returns the most entries of a layout.
func (p policy) capacity(l *layout) uint64 {
	if l.direct() {
		return l.m
	}
	return uint64(float64(l.m) * p.maxLoad)
}

// capHomes returns m, but at most one home for each key.
func capHomes(keyBits uint, m uint64) uint64 {
	if keyBits < 64 {
		return min(m, 1<<keyBits)
	}
	return m
}

// allocTable returns an empty table.
func allocTable(a *offheap.Arena, l layout) ([]byte, error) {
	n := l.bytes()
	if n > math.MaxInt || n/l.width < l.m {
		return nil, fmt.Errorf("table of %d entries of %d bytes: %w", l.m, l.width, offheap.ErrLimit)
	}
	return a.AllocBacked(int(n))
}

// adopt sets the shard's table, which must contain all s.count entries.
func (s *Shard) adopt(l layout, table []byte) {
	s.layout, s.table, s.first = l, table, unsafe.Pointer(unsafe.SliceData(table))
	s.room = s.policy.capacity(&l) - s.count
	s.places.Store(&places{uintptr(s.first), l.m, l.width, 64 - l.keyBits})
}

// grow moves the entries to a larger table, so that there is room for a new key. If the arena returns an error, grow
// returns it and nothing changes.
func (s *Shard) grow() error {
	for l := s.layout; ; {
		l = s.policy.next(l, s.count)
		table, err := allocTable(s.arena, l)
		if err != nil {
			return fmt.Errorf("grow shard of %d keys: %w", s.count, err)
		}
		if s.copyTo(&l, unsafe.Pointer(unsafe.SliceData(table))) {
			s.arena.Free(s.table)
			s.adopt(l, table)
			return nil
		}
		s.arena.Free(table)
	}
}

// copyTo copies all entries to an empty table of another layout. It returns false if an entry would get the greatest
// displacement there.
func (s *Shard) copyTo(l *layout, to unsafe.Pointer) bool {
	// Copy to locals: otherwise the compiler must assume that a store changes them.
	from, old, big := s.first, s.layout, *l
	oldWidth, oldMask, oldTag := old.width, old.wordMask, old.tagMask
	next := uint64(0) // the first position that is still empty
	at := uint64(0)
	for pos, end := uint64(0), old.positions(); pos < end; pos++ {
		word := load(from, at) & oldMask
		at += oldWidth
		if word == 0 {
			continue
		}
		home, moved := big.place(old.key(pos, word))
		next = max(home, next)
		if next-home >= big.limit {
			return false
		}
		// The bytes written beyond the entry are still empty.
		store(to, next*big.width, moved-big.tagMask+word&oldTag+(next-home)*big.unit)
		next++
	}
	return true
}
