package store

import "math/bits"

// PairSet numbers pairs of words, up to a limit.
type PairSet struct {
	Limit   int
	table   []uint64 // pairs, plus one; 0 is a free place
	numbers []uint32
	shift   int
	Filled  int
	Looked  int // number of calls of Number
}

// NewPairSet returns an empty set with a limit.
func NewPairSet(limit int) *PairSet {
	n := 2 << bits.Len(uint(limit+1))
	return &PairSet{Limit: limit, table: make([]uint64, n), numbers: make([]uint32, n), shift: 64 - bits.Len(uint(n-1))}
}

// Clear removes all pairs.
func (p *PairSet) Clear() {
	clear(p.table)
	p.Filled = 0
}

// Number returns the number of a pair, and false if the pair is new and there are more than Limit already.
func (p *PairSet) Number(a, b uint32) (uint32, bool) {
	key := uint64(a)<<32 | uint64(b) + 1
	mask := len(p.table) - 1
	p.Looked++
	for i := int((key ^ key>>32) * 0x9e3779b97f4a7c15 >> (p.shift & 63)); ; i++ {
		switch p.table[i&mask] {
		case key:
			return p.numbers[i&mask], true
		case 0:
			if p.Filled > p.Limit {
				return 0, false
			}
			p.table[i&mask], p.numbers[i&mask] = key, uint32(p.Filled)
			p.Filled++
			return uint32(p.Filled - 1), true
		}
	}
}

// Count returns the number of distinct pairs in two lists. It stops counting at enough.
func (p *PairSet) Count(a, b []uint32, enough int) int {
	p.Clear()
	for i := range a {
		if _, ok := p.Number(a[i], b[i]); !ok || p.Filled >= enough {
			break
		}
	}
	return p.Filled
}
