package grouping

import "math/bits"

// pairSet numbers pairs of words, up to a limit.
type pairSet struct {
	limit   int
	table   []uint64 // pairs, plus one; 0 is a free place
	numbers []uint32
	shift   int
	filled  int
	looked  int // number of calls of Number
}

// newPairSet returns an empty set with a limit.
func newPairSet(limit int) *pairSet {
	n := 2 << bits.Len(uint(limit+1))
	return &pairSet{limit: limit, table: make([]uint64, n), numbers: make([]uint32, n), shift: 64 - bits.Len(uint(n-1))}
}

// clear removes all pairs.
func (p *pairSet) clear() {
	clear(p.table)
	p.filled = 0
}

// number returns the number of a pair, and false if the pair is new and there are more than Limit already.
func (p *pairSet) number(a, b uint32) (uint32, bool) {
	key := uint64(a)<<32 | uint64(b) + 1
	mask := len(p.table) - 1
	p.looked++
	for i := int((key ^ key>>32) * 0x9e3779b97f4a7c15 >> (p.shift & 63)); ; i++ {
		switch p.table[i&mask] {
		case key:
			return p.numbers[i&mask], true
		case 0:
			if p.filled > p.limit {
				return 0, false
			}
			p.table[i&mask], p.numbers[i&mask] = key, uint32(p.filled)
			p.filled++
			return uint32(p.filled - 1), true
		}
	}
}

// count returns the number of distinct pairs in two lists. It stops counting at enough.
func (p *pairSet) count(a, b []uint32, enough int) int {
	p.clear()
	for i := range a {
		if _, ok := p.number(a[i], b[i]); !ok || p.filled >= enough {
			break
		}
	}
	return p.filled
}
