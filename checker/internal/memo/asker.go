package memo

import (
	"synod/model/statespace"
)

// Asker is one worker's copy of the answers of a function, which it reads without a lock.
type Asker struct {
	of      *Function
	reading *statespace.Reading
	tree    readTree
	reads   []statespace.Read
	leaves  int
	asked   Spacing
	forgets bool // nothing is cached
}

// maxAsker bounds the answers of an Asker, of some 30 bytes each; a full one is cleared.
const maxAsker = 1 << 16

// NewCached returns an Asker with a Reading of its own.
func NewCached(p *Function) *Asker {
	return &Asker{of: p, reading: statespace.NewReading(p.space)}
}

// NewAsker is NewCached for a function that is evaluated once for each state. If states are read as a whole, so that
// no two agree, nothing is cached.
func NewAsker(p *Function, reading *statespace.Reading) *Asker {
	r := &Asker{of: p, reading: reading}
	if _, r.forgets = p.space.(statespace.Expander); r.forgets {
		r.reading.Unrecorded()
	}
	return r
}

// Value returns the answer for a state.
func (r *Asker) Value(state []statespace.PartID) (uint32, error) {
	if r.asked.Due() {
		if err := r.of.Again(r.reading, state); err != nil {
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
	answer, err := r.of.Value(r.reading, state)
	if err != nil || !r.traced(state) {
		return answer, err
	}
	if r.leaves >= maxAsker {
		r.tree, r.leaves = readTree{}, 0
	}
	r.tree.add(r.reads, answer)
	r.leaves++
	return answer, nil
}

// Holds reports whether the answer for a state is yes.
func (r *Asker) Holds(state []statespace.PartID) (bool, error) {
	answer, err := r.Value(state)
	return answer == yes, err
}

// traced records the reads behind the answer just given. It reports false if the answer was not cached.
func (r *Asker) traced(state []statespace.PartID) bool {
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

// Forgets reports whether no answers are cached.
func (r *Asker) Forgets() bool { return r.of.forgets }

// Due counts a call, and reports whether the function should be called again although the answer is known.
func (r *Asker) Due() bool { return r.asked.Due() }

// Uncounted is Value, but if answers are not cached, it does not count the state as evaluated.
func (r *Asker) Uncounted(state []statespace.PartID) (uint32, error) {
	if !r.of.forgets {
		return r.Value(state)
	}
	if r.asked.Due() {
		if err := r.of.Again(r.reading, state); err != nil {
			return 0, err
		}
	}
	answer, _, err := r.of.anew(r.reading, state)
	return answer, err
}

// Count counts a state as evaluated, if answers are not cached.
func (r *Asker) Count() {
	if r.of.forgets {
		r.of.forgotten.Add(1)
	}
}

// Image returns the answer for a state that is packed as key, and remembers it in a table. It evaluates the function if
// the answer is not in the table, or if that is due although it is.
func (r *Asker) Image(t *Images, key uint64, state []statespace.PartID, due bool) (uint32, error) {
	if due {
		if err := r.of.Again(r.reading, state); err != nil {
			return 0, err
		}
	}
	image, known := t.Find(key)
	if known && !due {
		return image, nil
	}
	now, reads, err := r.of.anew(r.reading, state)
	switch {
	case err != nil:
		return 0, err
	case known && now != image:
		return 0, r.of.strays(reads)
	case !known:
		t.add(key, now, r.of)
	}
	return now, nil
}
