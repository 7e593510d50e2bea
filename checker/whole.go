package checker

import (
	"fmt"
	"slices"

	"synod/checker/internal/expand"
	"synod/model/statespace"
)

// If a model expands states as a whole (see statespace.Expander), there are no steps of single units to compute or
// store: the model's own functions expand a batch. Everything after that is the same. The slots of such a space are
// internal to the engine; paths are shown in the space that it was made of.

// takeApart returns the space to search: the collapsed one if the space can be collapsed.
func (s *spaces) takeApart(space statespace.Space) (statespace.Space, error) {
	s.outer, s.whole = nil, nil
	c, ok := space.(statespace.Collapsible)
	if !ok {
		return space, nil
	}
	whole, err := c.Collapse()
	if err != nil {
		space.Close()
		return nil, err
	}
	s.outer, s.whole = space, whole
	return whole, nil
}

// closer returns a function that closes the engine's current space, even if the engine has another one by then.
func (s *spaces) closer() func() {
	space, outer := s.space, s.outer
	return func() {
		space.Close()
		if outer != nil {
			outer.Close()
		}
	}
}

// expandFirst is expand for states that the search has not expanded before.
func (w *worker) expandFirst(keys []uint64) bool {
	if w.expansion == nil {
		return w.expand(keys)
	}
	w.grown.Ask |= statespace.AskFirst
	ok := w.expand(keys)
	w.grown.Ask &^= statespace.AskFirst
	if !ok && w.failed < 0 {
		w.expansion.Uncount(len(keys))
	}
	return ok
}

// expandWhole finds the successors of the batch. Those of a flat layout are packed.
func (w *worker) expandWhole(keys []uint64, flat bool) (wide uint64, ok bool) {
	us, l := w.e.units, w.e.states.Layout
	w.moves = w.moves[:0]
	w.grown.Ask &^= statespace.AskActions
	if w.labelling {
		w.grown.Ask |= statespace.AskActions
	}
	for i, key := range keys {
		w.partsAt(i)
		w.grown.Reset()
		if err := w.grow(); err != nil {
			w.failed = i
			w.e.failAt(err, w.stateAt(i))
			return 0, false
		}
		if w.labelling {
			for _, a := range w.grown.Actions {
				w.labels = append(w.labels, us.Just.Label(0, a))
			}
		}
		from := uint32(0)
		for _, end := range w.grown.Ends {
			changed := w.grown.Changed[from:end]
			from = end
			next, mask := key, uint64(0)
			for _, part := range changed {
				u, f := us.Of[part.Slot], &l.Fields[part.Slot]
				if id := uint32(part.ID); id >= u.Bound() {
					u.Admit(id)
				}
				mask |= 1 << (part.Slot & 63)
				wide |= uint64(part.ID) >> (f.Width & 63)
				next ^= uint64(w.ids[part.Slot][i]^uint32(part.ID)) << (f.Shift & 63)
			}
			w.masks.add(mask)
			w.succeed(i, next)
			if !flat {
				w.noteChanges(i, changed)
			}
		}
	}
	return wide, true
}

// grow expands the state in w.state.
func (w *worker) grow() error {
	if err := w.expansion.Expand(w.state, &w.grown); err != nil {
		return err
	}
	if n := w.grown.Len(); n > expand.MaxSteps {
		return fmt.Errorf("%[2]s has %[1]d steps in one state; the limit is %[3]d", n, w.e.outer.SlotName(0), expand.MaxSteps)
	}
	return nil
}

// noteChanges records the changes of the last successor, as if by a step of the first slot and effects on the others.
func (w *worker) noteChanges(source int, changed []statespace.SlotPart) {
	if len(changed) == 0 {
		w.moves = append(w.moves, change{0, w.ids[0][source]})
		return
	}
	w.moves = append(w.moves, change{uint32(changed[0].Slot), uint32(changed[0].ID)})
	for _, part := range changed[1:] {
		w.asks = append(w.asks, question{
			successor: uint32(len(w.successors) - 1), unit: uint32(part.Slot), id: uint32(part.ID),
		})
	}
}

// judgeWhole is judge for properties that read states as a whole, so that no two agree.
func (w *worker) judgeWhole(keys []uint64, decided func(packed uint64, decides []int)) {
	w.unpackBatch(keys)
	for i, key := range keys {
		if w.e.halted() {
			return
		}
		w.partsAt(i)
		if decides := w.askWhole(); len(decides) > 0 {
			decided(key, decides)
		}
	}
}

// askWhole evaluates the properties in w.state, and returns those that it decides.
func (w *worker) askWhole() []int {
	e := w.e
	if w.judged.Due() {
		if err := e.judge.Again(w.reading, w.state); err != nil {
			e.failAt(err, slices.Clone(w.state))
		}
	}
	decides, err := e.judge.Ask(w.reading, w.state)
	if err != nil {
		e.failAt(err, slices.Clone(w.state))
		return nil
	}
	return decides
}

// expandHere finds and counts the transitions of the walk's current state. It reports false on an error.
func (k *walker) expandHere() (total int, ok bool) {
	w := k.w
	if !k.expanded {
		w.e.units.Parts(k.ids, w.state)
		k.grown.Reset()
		k.grown.Ask = statespace.AskSorted
		if !k.repeats {
			k.grown.Ask |= statespace.AskFirst
		}
		if err := w.expansion.Expand(w.state, &k.grown); err != nil {
			k.failed(err)
			return 0, false
		}
		k.expanded = true
	}
	return k.grown.Len(), true
}

// leadHere sets k.next to the successor by transition n.
func (k *walker) leadHere(n int) {
	copy(k.next, k.ids)
	for _, part := range k.grown.Of(n) {
		k.next[part.Slot] = k.w.e.units.Of[part.Slot].Admit(uint32(part.ID))
	}
}

// show translates a result to the space in which it is shown.
func (e *engine) show(r *Result) {
	if e.outer == nil {
		return
	}
	for i := range r.Properties {
		p := &r.Properties[i]
		p.Path = e.outward(p.Path)
		if p.Stuck != nil {
			for k, state := range p.Stuck.First {
				p.Stuck.First[k] = e.outwardState(state)
			}
		}
	}
	r.Failure = e.outward(r.Failure)
}

// outward translates a path to the space that was collapsed.
func (s *spaces) outward(p *statespace.Path) *statespace.Path {
	if s.outer == nil || p == nil {
		return p
	}
	all := *p
	all.Initial, all.Steps = s.outwardState(p.Initial), slices.Clone(p.Steps)
	for i := range all.Steps {
		all.Steps[i].State = s.outwardState(all.Steps[i].State)
	}
	return &all
}

func (s *spaces) outwardState(state []statespace.PartID) []statespace.PartID {
	if s.outer == nil {
		return state
	}
	shown, err := s.outer.Carry(s.space, state)
	if err != nil {
		panic(err) // Both spaces come from one source.
	}
	return shown
}
