package checker

// stack is a branch of a depth-first search: a path, and for every state on it the successors not yet visited. All
// were new when they were added, so every state is on a stack at most once.
type stack struct {
	path    []uint64 // packed
	frames  []frame  // one per state on the path
	pending []uint64 // the successors of all frames, one frame after the other
	spent   int      // number of frames, from the root, with nothing left to give away
}

// frame is a state's part of pending: from index from to the start of the next frame. What lies between start and
// from was given away.
type frame struct{ start, from int }

// top returns the state to expand next, after removing the end of the path as far as it has none left. It reports
// false if the stack is exhausted.
func (s *stack) top() (next uint64, ok bool) {
	for len(s.frames) > 0 {
		last := &s.frames[len(s.frames)-1]
		if len(s.pending) > last.from {
			return s.pending[len(s.pending)-1], true
		}
		s.pending = s.pending[:last.start]
		s.frames = s.frames[:len(s.frames)-1]
		s.spent = min(s.spent, len(s.frames))
		if len(s.path) > 0 {
			s.path = s.path[:len(s.path)-1]
		}
	}
	return 0, false
}

// drop removes the state returned by top.
func (s *stack) drop() { s.pending = s.pending[:len(s.pending)-1] }

// enter moves the state returned by top to the end of the path.
func (s *stack) enter() {
	s.path = append(s.path, s.pending[len(s.pending)-1])
	s.drop()
	s.frames = append(s.frames, frame{len(s.pending), len(s.pending)})
}

// split moves half of the pending states nearest to the root, except those of the last frame, to an exhausted stack.
// It reports false if there are none.
func (s *stack) split(part *stack) bool {
	for ; s.spent < len(s.frames)-1; s.spent++ {
		f := &s.frames[s.spent]
		n := s.frames[s.spent+1].start - f.from
		if n == 0 {
			continue
		}
		half := (n + 1) / 2
		part.path = append(part.path[:0], s.path[:s.spent]...)
		part.pending = append(part.pending[:0], s.pending[f.from:f.from+half]...)
		part.frames = append(part.frames[:0], make([]frame, s.spent+1)...)
		part.spent = s.spent
		f.from += half
		return true
	}
	return false
}
