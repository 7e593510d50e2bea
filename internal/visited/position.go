package visited

// As long as nothing is inserted, every key of a shard stands at a position of its own. Who wants to know more of the
// keys than a tag holds can keep it in an array beside the shard, which takes less memory than another table.

// Positions returns how many positions there are: positions count from 0.
func (s *Shard) Positions() int { return int(s.positions()) }

// Find returns the position of a key, and whether the key is in the set. It is valid until the next insertion, and safe
// for concurrent use as long as there is none.
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

// KeyAt returns the key at a position, where one must stand.
func (s *Shard) KeyAt(position int) uint64 {
	pos := uint64(position)
	return s.key(pos, load(s.first, pos*s.width)&s.wordMask)
}
