package memo

import (
	"fmt"
	"math/bits"
	"slices"

	"synod/model/statespace"
)

// A function of states is called once for all states that agree on what it read. A function that also reads a
// variable, a clock or a random source would go unnoticed. So it is called again, now and then, for a state whose
// answer is known, and at the end once more for those states.

// Spacing selects the calls, in order, at which a function is called again: the first 16, and then eight of each
// doubling, some 220 for a billion states.
type Spacing struct{ calls, next uint64 }

// Due counts a call, and reports whether it is selected.
func (s *Spacing) Due() bool {
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

// MaxDoubts bounds the states for which a function is evaluated once more at the end.
const MaxDoubts = 256

// Again evaluates the function for a state, and compares the answer with the known one.
func (p *Function) Again(r *statespace.Reading, state []statespace.PartID) error {
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
	if len(p.doubts) < MaxDoubts {
		p.doubts = append(p.doubts, doubt{slices.Clone(state), answer})
	}
	return nil
}

// Settle evaluates the function once more for all doubts.
func (p *Function) Settle(r *statespace.Reading) error {
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
func (p *Function) strays(reads []statespace.Read) error {
	how := "it returned two values for states that agree in all parts that it read"
	if len(reads) == 0 {
		how = "it returned two values and read nothing of the state"
	}
	return fmt.Errorf("%s is not a pure function: %s; make it depend only on values that it reads through the View, "+
		"not on a variable, a clock or random numbers", p.name, how)
}
