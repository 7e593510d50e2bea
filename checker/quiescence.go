package checker

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"synod/model"
)

// StuckStates are the terminal states that violate a quiescence property. If a limit ended the search, states that it did
// not expand are not counted.
type StuckStates struct {
	Terminal int              // terminal states, also those that do not violate it
	Count    int              // those that do
	First    [][]model.PartID // the least of them in content order, at most ListedStuck
}

// ListedStuck is how many stuck states a result lists.
const ListedStuck = 5

// stuck gathers terminal states that violate a property.
type stuck struct {
	*pursuit
	terminal, count atomic.Int64
	mu              sync.Mutex
	first           []stuckState // ascending by content
}

type stuckState struct {
	content []byte
	state   []model.PartID
}

// findStuck looks at all terminal states.
func (p *pursuit) findStuck() *stuck {
	s := &stuck{pursuit: p}
	p.each(func(at place) bool { return !p.isLeft(at) }, func(v *surveyor, keys []uint64) bool {
		if !v.expand(keys) {
			return false
		}
		v.unknown = v.unknown[:0]
		for i, key := range keys {
			if !v.alive[i] {
				v.unknown = append(v.unknown, key)
			}
		}
		s.terminal.Add(int64(len(v.unknown)))
		return v.w.inspect(v.unknown, func(_ int, state []model.PartID) error {
			holds, err := v.holds.holds(state)
			if err == nil && !holds {
				s.add(state)
			}
			return err
		})
	})
	return s
}

func (s *stuck) add(state []model.PartID) {
	s.count.Add(1)
	found := stuckState{model.Content(s.e.space, state), slices.Clone(state)}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := slices.BinarySearchFunc(s.first, found, func(a, b stuckState) int { return bytes.Compare(a.content, b.content) })
	if at < ListedStuck {
		s.first = slices.Insert(s.first, at, found)
		s.first = s.first[:min(len(s.first), ListedStuck)]
	}
}

// states returns what was found.
func (s *stuck) states() *StuckStates {
	all := &StuckStates{Terminal: int(s.terminal.Load()), Count: int(s.count.Load())}
	for _, f := range s.first {
		all.First = append(all.First, f.state)
	}
	return all
}
