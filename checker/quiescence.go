package checker

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"synod/checker/internal/memo"
	"synod/model/statespace"
)

// StuckStates are the terminal states that violate a quiescence property. If a limit ended the search, the states
// that were not expanded are not counted.
type StuckStates struct {
	Terminal int                   // terminal states, including those that do not violate it
	Count    int                   // terminal states that violate it
	First    [][]statespace.PartID // the least violating states in content order, at most ListedStuck
}

// ListedStuck is the most stuck states that a result lists.
const ListedStuck = 5

// stuck collects the terminal states that violate a quiescence property while the search expands each state once.
// Finding them afterwards would mean expanding all states again.
type stuck struct {
	property        int
	space           statespace.Space
	terminal, count atomic.Int64
	mu              sync.Mutex
	first           []stuckState // ascending by content
}

type stuckState struct {
	content []byte
	state   []statespace.PartID
}

// stuckOf is a worker's view of such a property.
type stuckOf struct {
	*stuck
	holds *memo.Asker
}

// newStuck returns a stuck for each undecided quiescence property of the judge.
func newStuck(j *judge) []*stuck {
	var all []*stuck
	for i, p := range j.properties {
		if p.Expect == statespace.Quiescent && !j.decided[i].Load() {
			all = append(all, &stuck{property: i, space: j.space})
		}
	}
	return all
}

// stuckIn returns what the search collected for a property.
func (e *engine) stuckIn(property int) *stuck {
	return e.stuck[slices.IndexFunc(e.stuck, func(s *stuck) bool { return s.property == property })]
}

// awaitEnds prepares the worker for the quiescence properties of its engine's space.
func (w *worker) awaitEnds() {
	w.stuck, w.cutFrom = nil, nil
	for _, s := range w.e.stuck {
		w.stuck = append(w.stuck, stuckOf{s, memo.NewCached(w.e.judge.predicates[s.property])})
	}
	if len(w.stuck) > 0 {
		w.alive, w.cutFrom = make([]bool, batchLength), make([]uint16, 0, batchLength)
	}
}

// noteEnds judges the terminal states of the batch just expanded. The search calls it once for every state.
func (w *worker) noteEnds(keys []uint64) {
	w.findAlive(keys, w.alive)
	w.ended = w.ended[:0]
	for i, key := range keys {
		if !w.alive[i] {
			w.ended = append(w.ended, key)
		}
	}
	for _, s := range w.stuck {
		s.terminal.Add(int64(len(w.ended)))
		w.inspect(w.ended, func(_ int, state []statespace.PartID) error {
			holds, err := s.holds.Holds(state)
			if err == nil && !holds {
				s.add(state)
			}
			return err
		})
	}
}

// findAlive finds the states of the batch just expanded that have a transition to another state, including
// transitions cut by the boundary.
func (w *worker) findAlive(keys []uint64, alive []bool) {
	clear(alive[:len(keys)])
	for i, source := range w.sources {
		if w.successors[i] != keys[source] {
			alive[source] = true
		}
	}
	for _, source := range w.cutFrom {
		alive[source] = true
	}
}

func (s *stuck) add(state []statespace.PartID) {
	s.count.Add(1)
	found := stuckState{statespace.Content(s.space, state), slices.Clone(state)}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := slices.BinarySearchFunc(s.first, found, func(a, b stuckState) int { return bytes.Compare(a.content, b.content) })
	if at < ListedStuck {
		s.first = slices.Insert(s.first, at, found)
		s.first = s.first[:min(len(s.first), ListedStuck)]
	}
}

// states returns the states collected.
func (s *stuck) states() *StuckStates {
	all := &StuckStates{Terminal: int(s.terminal.Load()), Count: int(s.count.Load())}
	for _, f := range s.first {
		all.First = append(all.First, f.state)
	}
	return all
}
