package memo

import (
	"sync/atomic"

	"synod/model/statespace"
)

// seen records what a function encountered.
type seen struct {
	yes  atomic.Bool  // the answer was yes for some state
	up   map[int]bool // slots read; false while all reads were of an actor that is down
	none bool         // it read nothing of some state
}

// answered records an answer.
func (s *seen) answered(answer uint32) {
	if answer == yes && !s.yes.Load() {
		s.yes.Store(true)
	}
}

// see records an evaluation. The caller holds the lock.
func (p *Function) see(answer uint32, reads []statespace.Read) {
	p.seen.answered(answer)
	p.seen.none = p.seen.none || len(reads) == 0
	for _, r := range reads {
		if slot := int(r.Slot); !p.seen.up[slot] {
			if p.seen.up == nil {
				p.seen.up = make(map[int]bool)
			}
			p.seen.up[slot] = !r.Down()
		}
	}
}

// EverYes reports whether the answer was yes for some state.
func (p *Function) EverYes() bool { return p.seen.yes.Load() }

// ReadsNothing reports whether the function read nothing of some state.
func (p *Function) ReadsNothing() bool { return p.seen.none }

// FoundDown reports whether a slot was read, and was that of an actor that is down each time.
func (p *Function) FoundDown(slot int) bool {
	up, read := p.seen.up[slot]
	return read && !up
}
