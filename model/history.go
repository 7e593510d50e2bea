package model

import (
	"fmt"
	"sync"

	"synod/actor"
	"synod/internal/intern"
)

// histories are the distinct contents of an observer's slot.
type histories[M, H any] struct {
	space    *space[M]
	observer actor.Observer[M, H]
	walker   *intern.Walker[H]
	values   *intern.Table[H]
	mu       sync.Mutex
	next     map[[2]uint32]PartID // history and effect -> history
	calls    int
}

func newHistories[M, H any](sp *space[M], o actor.Observer[M, H]) (*histories[M, H], error) {
	what := fmt.Sprintf("what the observer %q remembers", o.Name)
	w, err := walker[H](what)
	if err != nil {
		return nil, err
	}
	values, err := intern.NewTable[H]()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return &histories[M, H]{
		space: sp, observer: o, walker: w, values: values, next: make(map[[2]uint32]PartID),
	}, nil
}

func (h *histories[M, H]) name() string { return h.observer.Name }

func (h *histories[M, H]) local(id uint32) H { return h.values.Value(id) }

func (h *histories[M, H]) start() (PartID, []SlotEffect, error) {
	id, _ := h.values.Intern(h.walker.Copy(h.observer.Start))
	return PartID(id), nil, nil
}

func (h *histories[M, H]) steps(_ PartID, into []Step) ([]Step, error) { return into, nil }

func (h *histories[M, H]) apply(id PartID, e EffectID) (next PartID, ok bool, err error) {
	k := [2]uint32{uint32(id), uint32(e)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if next, known := h.next[k]; known {
		return next, true, nil
	}
	envelope, passage := h.space.open(uint32(e>>1)), actor.Passage(e&1)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("observer %q: panic: %v", h.observer.Name, r)
		}
	}()
	value, err := h.observer.Next(h.values.Value(uint32(id)), envelope, passage)
	if err != nil {
		return 0, false, fmt.Errorf("observer %q: %w", h.observer.Name, err)
	}
	n, _ := h.values.Intern(value)
	h.calls++
	h.next[k] = PartID(n)
	return PartID(n), true, nil
}

func (h *histories[M, H]) aspect(id PartID, _ Aspect) uint32 { return uint32(id) }

func (h *histories[M, H]) action(ActionID) Action { panic("model: an observer does nothing") }

func (h *histories[M, H]) content(dst []byte, id PartID) []byte {
	return h.walker.Encode(dst, h.values.Value(uint32(id)))
}

func (h *histories[M, H]) text(id PartID) string { return h.walker.Text(h.values.Value(uint32(id))) }

func (h *histories[M, H]) changes(from, to PartID) []Change {
	return changes(h.walker.Diff(h.values.Value(uint32(from)), h.values.Value(uint32(to))))
}

func (h *histories[M, H]) audit() error {
	if id, ok := h.values.Verify(); !ok {
		return fmt.Errorf("what the observer %q remembers was changed later; it now reads %s",
			h.observer.Name, h.text(PartID(id)))
	}
	return nil
}

func (h *histories[M, H]) report(r *SpaceReport) {
	r.Slots = append(r.Slots, SlotReport{Name: h.name(), Parts: h.values.Len()})
}
