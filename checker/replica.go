package checker

import (
	"synod/model/statespace"
)

// replica is one worker's copy of the answers of a predicate, which it reads without a lock.
type replica struct {
	of      *predicate
	reading *statespace.Reading
	tree    readTree
	reads   []statespace.Read
	leaves  int
	asked   spacing
	forgets bool // nothing is cached
}

// maxReplica bounds the answers in a replica, of some 30 bytes each; a full one is cleared.
const maxReplica = 1 << 16

func newReplica(p *predicate) *replica {
	return &replica{of: p, reading: statespace.NewReading(p.space)}
}

// newAsker is newReplica for a function that is evaluated once for each state. If states are read as a whole, so that
// no two agree, nothing is cached.
func newAsker(p *predicate, reading *statespace.Reading) *replica {
	r := &replica{of: p, reading: reading}
	if _, r.forgets = p.space.(statespace.Expander); r.forgets {
		r.reading.Unrecorded()
	}
	return r
}

// value returns the answer for a state.
func (r *replica) value(state []statespace.PartID) (uint32, error) {
	if r.asked.due() {
		if err := r.of.again(r.reading, state); err != nil {
			return 0, err
		}
	}
	if r.forgets {
		return r.of.fresh(r.reading, state)
	}
	answer, known := r.tree.find(func(slot int32, a statespace.Aspect) uint32 {
		return r.of.space.Aspect(int(slot), state[slot], a)
	})
	if known {
		return answer, nil
	}
	answer, err := r.of.value(r.reading, state)
	if err != nil || !r.traced(state) {
		return answer, err
	}
	if r.leaves >= maxReplica {
		r.tree, r.leaves = readTree{}, 0
	}
	r.tree.add(r.reads, answer)
	r.leaves++
	return answer, nil
}

// holds reports whether the answer for a state is yes.
func (r *replica) holds(state []statespace.PartID) (bool, error) {
	answer, err := r.value(state)
	return answer == yes, err
}

// traced records the reads behind the answer just given. It reports false if the answer was not cached.
func (r *replica) traced(state []statespace.PartID) bool {
	p := r.of
	p.mu.RLock()
	defer p.mu.RUnlock()
	r.reads = r.reads[:0]
	_, known := p.tree.find(func(slot int32, a statespace.Aspect) uint32 {
		value := p.space.Aspect(int(slot), state[slot], a)
		r.reads = append(r.reads, statespace.Read{Slot: slot, Aspect: a, Value: value})
		return value
	})
	return known
}
