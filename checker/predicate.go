package checker

import (
	"fmt"
	"sync"
	"sync/atomic"

	"synod/model"
)

// predicate remembers the answers of a function of states by what the function read: a tree whose inner nodes are reads
// and whose leaves are answers. A state that agrees with an earlier one on its reads has its answer.
type predicate struct {
	space   model.Space
	name    string
	eval    func(model.View) bool
	forgets bool // the whole of the only slot is read, so no two states agree
	mu      sync.RWMutex
	root    node
	leaves  int          // distinct evaluations
	full    bool         // there were more than are remembered
	calls   atomic.Int64 // evaluations, repeats of the guard not included
}

type node struct {
	kind     nodeKind
	answer   bool // of a leaf
	slot     int32
	aspect   model.Aspect
	children map[uint32]*node
}

type nodeKind uint8

const (
	unknown nodeKind = iota
	leaf
	inner
)

const (
	maxLeaves = 1 << 20 // answers that a predicate remembers; each takes some 200 bytes with its path
	// Every one of the first calls of a predicate is made twice, and then one in guardEvery.
	guardFirst = 100_000
	guardEvery = 1_000
)

func newPredicate(space model.Space, name string, eval func(model.View) bool) *predicate {
	return &predicate{space: space, name: name, eval: eval, forgets: space.Slots() == 1}
}

// ask gives the answer for a state, and the reads that it was evaluated from, if it was. Several may ask at once, each
// with a Reading of their own.
func (p *predicate) ask(r *model.Reading, state []model.PartID) (answer bool, reads []model.Read, err error) {
	if !p.forgets {
		p.mu.RLock()
		answer, known := p.recall(state)
		p.mu.RUnlock()
		if known {
			return answer, nil, nil
		}
	}
	if answer, reads, err = p.evaluate(r, state); err != nil {
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
	n := &p.root
	for n != nil && n.kind == inner {
		n = n.children[p.space.Aspect(int(n.slot), state[n.slot], n.aspect)]
	}
	if n == nil || n.kind == unknown {
		return false, false
	}
	return n.answer, true
}

// remember puts an answer where recall finds it.
func (p *predicate) remember(reads []model.Read, answer bool) error {
	if p.leaves >= maxLeaves {
		p.full = true
		return nil
	}
	n := &p.root
	for _, r := range reads {
		if n.kind == unknown {
			n.kind, n.slot, n.aspect, n.children = inner, r.Slot, r.Aspect, make(map[uint32]*node)
		}
		if n.kind != inner || n.slot != r.Slot || n.aspect != r.Aspect {
			return p.impure()
		}
		child := n.children[r.Value]
		if child == nil {
			child = &node{}
			n.children[r.Value] = child
		}
		n = child
	}
	if n.kind == inner || n.kind == leaf && n.answer != answer {
		return p.impure()
	}
	if n.kind == unknown {
		n.kind, n.answer = leaf, answer
		p.leaves++
	}
	return nil
}

func (p *predicate) impure() error {
	return fmt.Errorf("%s is not a pure function: it read the same of two states and went on differently", p.name)
}

// evaluate calls the function, by sample twice. A panic is an error.
func (p *predicate) evaluate(r *model.Reading, state []model.PartID) (answer bool, reads []model.Read, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: panic: %v", p.name, v)
		}
	}()
	if calls := p.calls.Add(1); calls <= guardFirst || calls%guardEvery == 0 {
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
