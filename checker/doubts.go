package checker

import (
	"fmt"
	"math/bits"
	"slices"

	"synod/model/statespace"
)

// A function of states is asked once for all states that agree on what it read, and so one that reads a variable, a clock
// or chance besides would pass for one that holds. It is therefore asked again, now and then, about a state of which the
// answer is known, and once more at the end about the states of which it was asked so.

// spacing decides at which calls, in order, a function is asked again: the first 16, and then eight of each doubling.
// So a billion states cost some 220 calls.
type spacing struct{ calls, next uint64 }

func (s *spacing) due() bool {
	s.calls++
	if s.calls < s.next {
		return false
	}
	s.next = s.calls + max(1, uint64(1)<<bits.Len64(s.calls)>>4)
	return true
}

// doubt is a state with the answer that a function gave for it.
type doubt struct {
	state  []statespace.PartID
	answer uint32
}

// maxDoubts bounds the states that a predicate is asked about once more at the end.
const maxDoubts = 256

// again asks about a state, and holds the answer against what is known.
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

// settle asks once more about the states that were asked about again.
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

// askAgain asks the live properties of states about one of which the answer is known.
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

// functions returns all functions of states that the engine asks.
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

// raiseDoubts asks every function about the first initial states, before anything else happens. What one then panics with
// comes up again where its answer counts, if it does.
func (e *engine) raiseDoubts() {
	r := statespace.NewReading(e.space)
	for _, p := range e.functions() {
		for _, state := range e.initial[:min(len(e.initial), maxDoubts/8)] {
			_ = p.again(r, state)
		}
	}
}

// settleDoubts asks every function once more, at the end of a search that neither failed nor ran out of time or memory,
// and wants every path to show what it was found for.
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
