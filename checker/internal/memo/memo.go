// Package memo caches what functions of states answer, by what the functions read of a state: properties, the state
// constraint, and mappings to abstract models. It calls each function repeatedly now and then, as a function that is
// not pure would make results wrong. It knows no engine.
package memo

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"synod/model/statespace"
)

// Function caches the answers of a function of states by what the function read. A state that agrees with an earlier
// one on these reads has the same answer. Answers are numbers: 0 and 1 for no and yes.
type Function struct {
	space   statespace.Space
	name    string
	eval    func(*statespace.Reading) uint32
	Learn   func(reads []statespace.Read) // called with the reads of a new evaluation; may be nil
	forgets bool                          // nothing is cached, as states are read as a whole and no two agree
	mu      sync.RWMutex
	tree    readTree
	leaves  int     // distinct evaluations, if it does not forget
	full    bool    // further answers were not cached
	doubts  []doubt // states to evaluate once more, see again
	seen    seen
	Turned  *Turned      // all images of a state have the same answer; nil without symmetry
	calls   atomic.Int64 // evaluations, repeats of the guard not included
	// Evaluations whose answers were not cached; counted without a lock.
	forgotten atomic.Int64
}

const (
	maxLeaves = 1 << 21 // cached answers of a predicate, some 30 bytes each
	// The first guardFirst distinct evaluations are made twice, and then one in guardEvery.
	guardFirst = 100_000
	guardEvery = 1_000
	// The first guardOften are made guardTimes times, on copies whose maps are built in different orders.
	guardOften = 64
	guardTimes = 8
)

const (
	no  = 0
	yes = 1
)

// NewOnce is NewPredicate for a function that is evaluated once for every state.
func NewOnce(space statespace.Space, name string, holds func(*statespace.Reading) bool) *Function {
	p := NewPredicate(space, name, holds)
	_, p.forgets = space.(statespace.Expander)
	return p
}

// NewMapping is New for a function that is evaluated once for every state.
func NewMapping(space statespace.Space, name string, eval func(*statespace.Reading) uint32) *Function {
	p := New(space, name, eval)
	_, p.forgets = space.(statespace.Expander)
	return p
}

// NewPredicate returns a Function for a boolean function of states.
func NewPredicate(space statespace.Space, name string, holds func(*statespace.Reading) bool) *Function {
	return New(space, name, func(r *statespace.Reading) uint32 {
		if holds(r) {
			return yes
		}
		return no
	})
}

// New returns a Function for a function of states whose values are less than leaf - 1.
func New(space statespace.Space, name string, eval func(*statespace.Reading) uint32) *Function {
	return &Function{space: space, name: name, eval: eval}
}

// Ask reports whether the answer for a state is yes.
func (p *Function) Ask(r *statespace.Reading, state []statespace.PartID) (answer bool, err error) {
	value, err := p.Value(r, state)
	return value == yes, err
}

// Value returns the answer for a state. It is safe for concurrent use, if each caller has its own Reading.
func (p *Function) Value(r *statespace.Reading, state []statespace.PartID) (answer uint32, err error) {
	if answer, err = p.of(r, state); err != nil || p.Turned == nil {
		return answer, err
	}
	asked := 0
	p.Turned.Images(state, func(image []statespace.PartID) bool {
		if asked++; asked%imagesAtOnce == 1 && p.Turned.Over() {
			return false
		}
		var other uint32
		if other, err = p.of(r, image); err == nil && other != answer {
			err = p.Turned.uneven()
		}
		return err == nil
	})
	return answer, err
}

// of returns the answer for a state alone.
func (p *Function) of(r *statespace.Reading, state []statespace.PartID) (uint32, error) {
	if p.forgets {
		return p.fresh(r, state)
	}
	p.mu.RLock()
	early := p.leaves < guardFirst
	answer, known := p.recall(state)
	p.mu.RUnlock()
	if known {
		return answer, nil
	}
	answer, reads, err := p.evaluate(r, state, early)
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.see(answer, reads)
	if p.Learn != nil {
		p.Learn(reads) // before another worker can recall the answer
	}
	return answer, p.remember(reads, answer)
}

// fresh returns the answer for a state that was not evaluated before, and does not cache it.
func (p *Function) fresh(r *statespace.Reading, state []statespace.PartID) (uint32, error) {
	answer, _, err := p.anew(r, state)
	if err != nil {
		return 0, err
	}
	p.forgotten.Add(1)
	p.seen.answered(answer)
	return answer, nil
}

// anew evaluates a function whose answers are not cached.
func (p *Function) anew(r *statespace.Reading, state []statespace.PartID) (uint32, []statespace.Read, error) {
	return p.evaluate(r, state, p.forgotten.Load() < guardFirst)
}

func (p *Function) recall(state []statespace.PartID) (answer uint32, known bool) {
	return p.tree.find(func(slot int32, a statespace.Aspect) uint32 { return p.space.Aspect(int(slot), state[slot], a) })
}

// remember caches an answer for recall.
func (p *Function) remember(reads []statespace.Read, answer uint32) error {
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

func (p *Function) impure() error {
	return fmt.Errorf("%s is not a pure function: it read equal values in two states, and then read different parts", p.name)
}

// evaluate calls the function several times early in the search, and later for a sample of calls. A panic becomes an
// error.
func (p *Function) evaluate(
	r *statespace.Reading, state []statespace.PartID, early bool,
) (answer uint32, reads []statespace.Read, err error) {
	if answer, reads, err = p.once(r, state); err != nil {
		return 0, nil, err
	}
	times := 1
	switch calls := p.calls.Add(1); {
	case early && calls <= guardOften:
		times = guardTimes
	case early || calls%guardEvery == 0:
		times = 2
	}
	defer r.Reorder(0)
	for order := 1; order < times; order++ {
		r.Reorder(order)
		var again uint32
		if again, reads, err = p.once(r, state); err != nil {
			return 0, nil, err
		}
		if again != answer {
			return 0, nil, fmt.Errorf("%s is not a pure function: it returned two values for one state%s",
				p.name, statespace.MapOrder(r.Reordered()))
		}
	}
	return answer, reads, nil
}

// once calls the function.
func (p *Function) once(r *statespace.Reading, state []statespace.PartID) (answer uint32, reads []statespace.Read, err error) {
	_, reads, err = r.Try(p.name, func(r *statespace.Reading) bool {
		answer = p.eval(r)
		return false
	}, state)
	return answer, reads, err
}

// Succeed continues the counts of another function. Both may be nil.
func (p *Function) Succeed(other *Function) {
	if p != nil {
		p.leaves = other.leaves
		p.forgotten.Store(other.forgotten.Load())
		p.full = true // Some evaluations may be made again.
		p.calls.Store(other.calls.Load())
	}
}

// Evaluations returns the number of distinct evaluations, and whether it is only a lower bound.
func (p *Function) Evaluations() (n int, atLeast bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.leaves + int(p.forgotten.Load()), p.full
}

// Guard returns the least number of distinct evaluations that were made twice. Which of them workers make at once,
// with the same answer, differs from run to run.
func (p *Function) Guard() statespace.Guard {
	n, _ := p.Evaluations()
	twice := min(n, guardFirst) + max(0, n-guardFirst)/guardEvery
	return statespace.Guard{Part: p.name, Calls: n, Twice: twice, Repeats: twice + min(n, guardOften)*(guardTimes-2)}
}

// Forgets reports whether no answers are cached, as states are read as a whole and no two agree.
func (p *Function) Forgets() bool { return p.forgets }

// Turned makes a function give one answer about all images of a state.
type Turned struct {
	statespace.Symmetry
	Who string // the function, in words
	// Over reports whether the search ended without a result, so that the images left need not be evaluated.
	Over func() bool
}

// imagesAtOnce is the number of images that are evaluated between calls of Over. A state may have millions.
const imagesAtOnce = 64

// uneven returns the error that two images of a state have different answers.
func (t *Turned) uneven() error {
	return &statespace.AsymmetryError{
		Who:  strings.Join(t.Report().Groups, "; "),
		What: t.Who + " holds in only one of two states that differ only by a permutation",
	}
}
