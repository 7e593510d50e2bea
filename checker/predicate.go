package checker

import (
	"fmt"
	"sync"
	"sync/atomic"

	"synod/model"
)

// predicate remembers the answers of a function of states by what the function read. A state that agrees with an
// earlier one on its reads has its answer.
type predicate struct {
	space   model.Space
	name    string
	eval    func(model.View) bool
	forgets bool // the whole of the only slot is read, so no two states agree
	mu      sync.RWMutex
	tree    readTree
	leaves  int          // distinct evaluations
	full    bool         // there were more than are remembered
	calls   atomic.Int64 // evaluations, repeats of the guard not included
}

const (
	maxLeaves = 1 << 21 // answers that a predicate remembers; each takes some 30 bytes
	// The calls for the first distinct evaluations are made twice, and then one in guardEvery.
	guardFirst = 100_000
	guardEvery = 1_000
)

func newPredicate(space model.Space, name string, eval func(model.View) bool) *predicate {
	return &predicate{space: space, name: name, eval: eval, forgets: space.Slots() == 1}
}

// ask gives the answer for a state, and the reads that it was evaluated from, if it was. Several may ask at once, each
// with a Reading of their own.
func (p *predicate) ask(r *model.Reading, state []model.PartID) (answer bool, reads []model.Read, err error) {
	p.mu.RLock()
	early, known := p.leaves < guardFirst, false
	if !p.forgets {
		answer, known = p.recall(state)
	}
	p.mu.RUnlock()
	if known {
		return answer, nil, nil
	}
	if answer, reads, err = p.evaluate(r, state, early); err != nil {
		return false, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forgets {
		p.leaves++
		return answer, nil, nil
	}
	return answer, reads, p.remember(reads, answer)
}

func (p *predicate) recall(state []model.PartID) (answer, known bool) {
	return p.tree.find(func(slot int32, a model.Aspect) uint32 { return p.space.Aspect(int(slot), state[slot], a) })
}

// remember puts an answer where recall finds it.
func (p *predicate) remember(reads []model.Read, answer bool) error {
	if p.leaves >= maxLeaves {
		p.full = true
		return nil
	}
	fresh, ok := p.tree.add(reads, answer)
	if !ok {
		return p.impure()
	}
	if fresh {
		p.leaves++
	}
	return nil
}

func (p *predicate) impure() error {
	return fmt.Errorf("%s is not a pure function: it read the same of two states and went on differently", p.name)
}

// evaluate calls the function, twice if it is early in the search, and later by sample. A panic is an error.
func (p *predicate) evaluate(
	r *model.Reading, state []model.PartID, early bool,
) (answer bool, reads []model.Read, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: panic: %v", p.name, v)
			if cause, ok := v.(error); ok {
				err = fmt.Errorf("%s: panic: %w", p.name, cause)
			}
		}
	}()
	if calls := p.calls.Add(1); early || calls%guardEvery == 0 {
		answer, _ = r.Judge(p.eval, state)
		again, reads := r.Judge(p.eval, state)
		if again != answer {
			return false, nil, fmt.Errorf("%s is not a pure function: it gave two answers for one state", p.name)
		}
		return answer, reads, nil
	}
	answer, reads = r.Judge(p.eval, state)
	return answer, reads, nil
}

// evaluations is the number of distinct evaluations, and whether that is only a lower bound.
func (p *predicate) evaluations() (n int, atLeast bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.leaves, p.full
}

// guard tells how many of the distinct evaluations were made twice, at least: which of them workers make at once, to the
// same answer, differs from run to run.
func (p *predicate) guard() model.Guard {
	n, _ := p.evaluations()
	return model.Guard{Part: p.name, Calls: n, Twice: min(n, guardFirst) + max(0, n-guardFirst)/guardEvery}
}
