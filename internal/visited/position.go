package visited

// As long as nothing is inserted, every key of a shard has its own position. Further data on the keys can be stored
// in an array indexed by position, which takes less memory than another table.

// Positions returns the number of positions. Positions count from 0.
func (s *Shard) Positions() int { return int(s.positions()) }

// Find returns the position of a key, and whether the key is in the set. The position is valid until the next
// insertion. Find is safe for concurrent use while there are no insertions.
func (s *Shard) Find(key uint64) (position int, ok bool) {
	home, want := s.place(key)
	pos := home
	word := load(s.first, pos*s.width) & s.wordMask
	for word > want {
		pos++
		want += s.unit
		word = load(s.first, pos*s.width) & s.wordMask
	}
	return int(pos), want-word <= s.tagMask
}

// EachAt is Each with the position of each key instead of its tag.
func (s *Shard) EachAt(yield func(position int, key uint64) bool) {
	for pos, end := uint64(0), s.positions(); pos < end; pos++ {
		word := load(s.first, pos*s.width) & s.wordMask
		if word != 0 && !yield(int(pos), s.key(pos, word)) {
			return
		}
	}
}

// KeyAt returns the key at a position, which must not be empty.
func (s *Shard) KeyAt(position int) uint64 {
	pos := uint64(position)
	return s.key(pos, load(s.first, pos*s.width)&s.wordMask)
}
