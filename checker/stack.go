package checker

// stack is what a depth-first search holds of a branch: a path, and of every state on it the successors that are still
// to be visited. All were new when they were put here, so every state is on a stack at most once.
type stack struct {
	path    []uint64 // packed
	frames  []frame  // one per state on the path
	pending []uint64 // the successors of all frames, one frame after the other
	spent   int      // so many frames from the root on have nothing left to give away
}

// frame is a state's part of pending: from from, before the next frame's start. What lies between start and from was
// given away.
type frame struct{ start, from int }

// top returns the state that is to be expanded next, and takes the end of the path away as far as it has none. It
// reports false if the stack has come to its end.
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

// drop takes away the state that top gave.
func (s *stack) drop() { s.pending = s.pending[:len(s.pending)-1] }

// enter puts the state that top gave at the end of the path.
func (s *stack) enter() {
	s.path = append(s.path, s.pending[len(s.pending)-1])
	s.drop()
	s.frames = append(s.frames, frame{len(s.pending), len(s.pending)})
}

// split moves half of the pending states that are nearest to the root, but for those of the last frame, to a stack that
// has come to its end. It reports false if there are none.
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
