package model

import (
	"fmt"
	"sync"

	"synod/actor"
	"synod/internal/intern"
	"synod/internal/words"
)

// histories are the distinct contents of an observer's slot.
type histories struct {
	space    *space
	observer watcher
	walker   *intern.Walker[any]
	values   *intern.Table[any]
	next     *words.Map     // history and effect -> history
	locks    [64]sync.Mutex // by the same, for whoever computes it
	calls    sampler
}

func newHistories(sp *space, o watcher) (*histories, error) {
	w, err := intern.Boxed(o.memory)
	if err != nil {
		return nil, fmt.Errorf("what the observer %q remembers: %w", o.name, err)
	}
	return &histories{space: sp, observer: o, walker: w, values: intern.NewTableOf(w), next: words.NewMap(sp.arena)}, nil
}

func (h *histories) name() string { return h.observer.name }

func (h *histories) who() string { return fmt.Sprintf("observer %q", h.observer.name) }

func (h *histories) start() (PartID, []SlotEffect, error) {
	if err := h.walker.Check(h.observer.start); err != nil {
		return 0, nil, &ImpureError{Actor: h.who(), Event: "start", What: err.Error()}
	}
	return PartID(internCopy(h.values, h.observer.start)), nil, nil
}

// internCopy interns a private copy of a value, if it is new. What is interned thus shares no memory with anything, and
// has no spare capacity that an append might fill in place.
func internCopy[T any](t *intern.Table[T], v T) uint32 {
	id, _ := t.InternCopy(v)
	return id
}

func (h *histories) steps(_ PartID, into []Step) ([]Step, error) { return into, nil }

// apply computes what a passage makes of a history only for the first who asks.
func (h *histories) apply(id PartID, e EffectID) (PartID, bool, error) {
	k := uint64(id)<<32 | uint64(e)
	if next, known := h.next.Get(k); known {
		return PartID(next), true, nil
	}
	mu := &h.locks[(uint32(id)^uint32(e)*31)%uint32(len(h.locks))]
	mu.Lock()
	defer mu.Unlock()
	if next, known := h.next.Get(k); known {
		return PartID(next), true, nil
	}
	value, err := h.advance(uint32(id), e)
	if err != nil {
		return 0, false, err
	}
	next := internCopy(h.values, value)
	h.next.Put(k, func() uint32 { return next })
	return PartID(next), true, nil
}

// advance calls the observer: by sample on private copies and twice.
func (h *histories) advance(id uint32, e EffectID) (value any, err error) {
	before, envelope, p := h.values.Value(id), uint32(e>>1), actor.Passage(e&1)
	if !h.calls.twice() {
		return h.see(before, h.space.open(envelope), envelope, p)
	}
	h.space.turns.run(func() {
		if value, err = h.seeCopies(before, envelope, p); err != nil {
			return
		}
		var again any
		if again, err = h.seeCopies(before, envelope, p); err != nil || h.walker.Equal(value, again) {
			return
		}
		err = h.impure(envelope, p, "two calls with the same memory gave different ones: %s",
			first(h.walker.Diff(value, again), " and "))
	})
	return value, err
}

// seeCopies calls the observer on private copies, which it must leave as they are.
func (h *histories) seeCopies(before any, envelope uint32, p actor.Passage) (any, error) {
	given, e := h.walker.Copy(before), h.space.opened(envelope)
	value, err := h.see(given, e, envelope, p)
	if err != nil {
		return value, err
	}
	if !h.walker.Equal(before, given) {
		return value, h.impure(envelope, p, "it changed the memory that it was given: %s",
			first(h.walker.Diff(before, given), " became "))
	}
	return value, h.untouched(e, envelope, p)
}

// untouched wants the message of an envelope to be what it was.
func (h *histories) untouched(e actor.Envelope[any], envelope uint32, p actor.Passage) error {
	w, was := h.space.walker, h.space.open(envelope).Message
	if w.Equal(was, e.Message) {
		return nil
	}
	return h.impure(envelope, p, "it changed the message that it saw: %s", first(w.Diff(was, e.Message), " became "))
}

// see calls the observer once.
func (h *histories) see(before any, e actor.Envelope[any], envelope uint32, p actor.Passage) (value any, err error) {
	defer caught(&err, h.who(), func() string { return h.describe(envelope, p) })
	if value, err = h.observer.next(before, e, p); err != nil {
		return value, fmt.Errorf("%s, %s: %w", h.who(), h.describe(envelope, p), err)
	}
	if err := h.walker.Check(value); err != nil {
		return value, h.impure(envelope, p, "its memory: %v", err)
	}
	return value, nil
}

// sees tells whether a passage concerns the observer, which is asked twice.
func (h *histories) sees(envelope uint32, p actor.Passage) (sees bool, err error) {
	if h.observer.sees == nil {
		return true, nil
	}
	h.space.turns.run(func() { sees, err = h.asked(envelope, p) })
	return sees, err
}

func (h *histories) asked(envelope uint32, p actor.Passage) (sees bool, err error) {
	defer caught(&err, h.who(), func() string { return h.describe(envelope, p) })
	e := h.space.opened(envelope)
	sees = h.observer.sees(e, p)
	if h.observer.sees(e, p) != sees {
		return false, h.impure(envelope, p, "whether it concerns the observer was answered in two ways")
	}
	return sees, h.untouched(e, envelope, p)
}

func (h *histories) impure(envelope uint32, p actor.Passage, format string, args ...any) error {
	return &ImpureError{Actor: h.who(), Event: h.describe(envelope, p), What: fmt.Sprintf(format, args...)}
}

// describe says in words what the observer was called for.
func (h *histories) describe(envelope uint32, p actor.Passage) string {
	if p == actor.Accepted {
		return "accepted " + h.space.describe(envelope)
	}
	return "sent " + h.space.describe(envelope)
}

func (h *histories) aspect(id PartID, _ Aspect) uint32 { return uint32(id) }

func (h *histories) action(ActionID) Action { panic("model: an observer does nothing") }

func (h *histories) content(dst []byte, id PartID) []byte {
	return h.walker.Encode(dst, h.values.Value(uint32(id)))
}

func (h *histories) text(id PartID) string { return h.walker.Text(h.values.Value(uint32(id))) }

func (h *histories) changes(from, to PartID) []Change {
	return changes(h.walker.Diff(h.values.Value(uint32(from)), h.values.Value(uint32(to))))
}

func (h *histories) audit() error {
	if id, ok := h.values.Verify(); !ok {
		return &ImpureError{
			Actor: h.who(), Event: "later",
			What: "what it remembers was changed, by itself or by a property; it now reads " + h.text(PartID(id)),
		}
	}
	return nil
}

func (h *histories) report(r *SpaceReport) {
	r.Slots = append(r.Slots, SlotReport{Name: h.name(), Parts: h.values.Len()})
	r.Guards = append(r.Guards, h.calls.report(h.who()))
}
