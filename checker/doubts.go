package checker

import (
	"fmt"
	"math/bits"
	"slices"

	"synod/model/statespace"
)

// A function of states is called once for all states that agree on what it read. A function that also reads a
// variable, a clock or a random source would go unnoticed. So it is called again, now and then, for a state whose
// answer is known, and at the end once more for those states.

// spacing selects the calls, in order, at which a function is called again: the first 16, and then eight of each
// doubling, some 220 for a billion states.
type spacing struct{ calls, next uint64 }

func (s *spacing) due() bool {
	s.calls++
	if s.calls < s.next {
		return false
	}
	s.next = s.calls + max(1, uint64(1)<<bits.Len64(s.calls)>>4)
	return true
}

// doubt is a state with the answer of a function for it.
type doubt struct {
	state  []statespace.PartID
	answer uint32
}

// maxDoubts bounds the states for which a predicate is evaluated once more at the end.
const maxDoubts = 256

// again evaluates the predicate for a state, and compares the answer with the known one.
func (p *predicate) again(r *statespace.Reading, state []statespace.PartID) error {
	answer, reads, err := p.once(r, state)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.recall(state); known {
		if _, same := p.tree.add(reads, answer); !same {
			return p.strays(reads)
		}
	}
	if len(p.doubts) < maxDoubts {
		p.doubts = append(p.doubts, doubt{slices.Clone(state), answer})
	}
	return nil
}

// settle evaluates the predicate once more for all doubts.
func (p *predicate) settle(r *statespace.Reading) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, d := range p.doubts {
		answer, reads, err := p.once(r, d.state)
		if err != nil {
			return err
		}
		if answer != d.answer {
			return p.strays(reads)
		}
	}
	return nil
}

// strays is the error of a function whose answer depends on more than it reads of the state.
func (p *predicate) strays(reads []statespace.Read) error {
	how := "it gave two answers for states that agree on all that it read of them"
	if len(reads) == 0 {
		how = "it gave two answers and read nothing of the state"
	}
	return fmt.Errorf("%s is not a pure function: %s; make it depend on what it reads through the View, "+
		"not on a variable, a clock or chance", p.name, how)
}

// askAgain evaluates the live properties for a state whose answers may be known.
func (j *judge) askAgain(r *statespace.Reading, state []statespace.PartID) error {
	for _, i := range j.ofStates {
		if j.decided[i].Load() {
			continue
		}
		if err := j.predicates[i].again(r, state); err != nil {
			return err
		}
	}
	return nil
}

// functions returns all functions of states that the engine calls.
func (e *engine) functions() []*predicate {
	var all []*predicate
	if e.inside != nil {
		all = append(all, e.inside)
	}
	for i := range e.judge.properties {
		all = append(all, e.asked(i)...)
	}
	return all
}

// raiseDoubts evaluates every function for the first initial states, before the search. A panic in one is ignored: it
// recurs where its answer is needed, if it is.
func (e *engine) raiseDoubts() {
	r := statespace.NewReading(e.space)
	for _, p := range e.functions() {
		for _, state := range e.initial[:min(len(e.initial), maxDoubts/8)] {
			_ = p.again(r, state)
		}
	}
}

// settleDoubts evaluates every function once more, at the end of a search that neither failed nor ran out of time or
// memory, and checks that every path witnesses its property.
func (e *engine) settleDoubts(r *Result) {
	if stopCause(e.halt.Load()) >= stopTime {
		return
	}
	reading := statespace.NewReading(e.space)
	for _, p := range e.functions() {
		if err := p.settle(reading); err != nil {
			e.failAt(err, nil)
			return
		}
	}
	for i, p := range r.Properties {
		if p.Path == nil {
			continue
		}
		shown, err := statespace.Shows(e.space, e.judge.properties[i], *p.Path)
		if err == nil && !shown {
			err = fmt.Errorf("property %s is not a pure function: the path that was found for it does not show it when it is asked again",
				p.Name)
		}
		if err != nil {
			e.failAt(err, p.Path.Last())
			return
		}
	}
}
