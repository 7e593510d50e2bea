package judge

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"synod/checker/internal/memo"
	"synod/model/statespace"
)

// Listed is the most terminal states that are listed of a property.
const Listed = 5

// Ends collects the terminal states that violate a quiescence property while the search expands each state once.
// Finding them afterwards would mean expanding all states again.
type Ends struct {
	property        int
	space           statespace.Space
	predicate       *memo.Function
	terminal, count atomic.Int64
	mu              sync.Mutex
	first           []ending // ascending by content
}

type ending struct {
	content []byte
	state   []statespace.PartID
}

// EndsOf is a worker's view of such a property.
type EndsOf struct {
	ends  *Ends
	holds *memo.Asker
}

// newEnds returns what collects the ends for each undecided quiescence property.
func newEnds(j *Judge) []*Ends {
	var all []*Ends
	for i, p := range j.Properties {
		if p.Expect == statespace.Quiescent && !j.decided[i].Load() {
			all = append(all, &Ends{property: i, space: j.space, predicate: j.predicates[i]})
		}
	}
	return all
}

// Ends returns what was collected for a quiescence property.
func (j *Judge) Ends(property int) *Ends {
	return j.ends[slices.IndexFunc(j.ends, func(s *Ends) bool { return s.property == property })]
}

// NewEnds returns the view of a worker of each quiescence property that is undecided.
func (j *Judge) NewEnds() []EndsOf {
	var own []EndsOf
	for _, s := range j.ends {
		own = append(own, EndsOf{s, memo.NewCached(s.predicate)})
	}
	return own
}

// Count counts terminal states, whether they violate the property or not.
func (s EndsOf) Count(n int) { s.ends.terminal.Add(int64(n)) }

// Judge collects a terminal state if it violates the property.
func (s EndsOf) Judge(state []statespace.PartID) error {
	holds, err := s.holds.Holds(state)
	if err == nil && !holds {
		s.ends.add(state)
	}
	return err
}

func (s *Ends) add(state []statespace.PartID) {
	s.count.Add(1)
	found := ending{statespace.Content(s.space, state), slices.Clone(state)}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := slices.BinarySearchFunc(s.first, found, func(a, b ending) int { return bytes.Compare(a.content, b.content) })
	if at < Listed {
		s.first = slices.Insert(s.first, at, found)
		s.first = s.first[:min(len(s.first), Listed)]
	}
}

// Counts returns how many terminal states there are, and how many of them violate the property.
func (s *Ends) Counts() (terminal, violating int) { return int(s.terminal.Load()), int(s.count.Load()) }

// First returns the least violating states in content order, at most Listed.
func (s *Ends) First() [][]statespace.PartID {
	var all [][]statespace.PartID
	for _, f := range s.first {
		all = append(all, f.state)
	}
	return all
}
