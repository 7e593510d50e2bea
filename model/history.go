package model

import (
	"fmt"
	"sync"

	"synod/actor"
	"synod/internal/intern"
	"synod/internal/words"
	"synod/model/statespace"
)

// histories are the distinct contents of an observer's slot.
type histories struct {
	space    *space
	observer watcher
	walker   *intern.Walker[any]
	values   *intern.Table[any]
	next     *words.Map // history and effect -> history
	log      []uint64   // keys of next, with symmetry only: see symmetry
	logMu    sync.Mutex
	locks    [64]sync.Mutex // by the same hash, held while a history is computed
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

func (h *histories) start() (statespace.PartID, []statespace.SlotEffect, error) {
	if err := h.walker.Check(h.observer.start); err != nil {
		return 0, nil, &statespace.ImpureError{Actor: h.who(), Event: "start", What: err.Error()}
	}
	return statespace.PartID(internCopy(h.values, h.observer.start)), nil, nil
}

// internCopy interns a private copy of a value, if it is new. An interned value therefore shares no memory with any
// other, and has no spare capacity that an append could fill in place.
func internCopy[T any](t *intern.Table[T], v T) uint32 {
	id, _ := t.InternCopy(v)
	return id
}

func (h *histories) steps(_ statespace.PartID, into []statespace.Step) ([]statespace.Step, error) {
	return into, nil
}

// apply returns the history after an effect. Only the first call for a history and effect runs the observer.
func (h *histories) apply(id statespace.PartID, e statespace.EffectID) (statespace.PartID, bool, error) {
	k := uint64(id)<<32 | uint64(e)
	if next, known := h.next.Get(k); known {
		return statespace.PartID(next), true, nil
	}
	mu := &h.locks[(uint32(id)^uint32(e)*31)%uint32(len(h.locks))]
	mu.Lock()
	defer mu.Unlock()
	if next, known := h.next.Get(k); known {
		return statespace.PartID(next), true, nil
	}
	value, err := h.advance(uint32(id), e)
	if err != nil {
		return 0, false, err
	}
	next := internCopy(h.values, value)
	h.next.Put(k, func() uint32 { return next })
	if h.space.symmetry != nil {
		h.logMu.Lock()
		h.log = append(h.log, k)
		h.logMu.Unlock()
	}
	return statespace.PartID(next), true, nil
}

// advance calls the observer; for a sample of the calls, several times on private copies.
func (h *histories) advance(id uint32, e statespace.EffectID) (value any, err error) {
	before := h.values.Value(id)
	times := h.calls.times(ofReaders)
	if times == 1 {
		return h.see(before, h.happened(e))
	}
	h.space.turns.run(func() {
		value, err = h.seeCopies(before, e, 0)
		for order := 1; order < times && err == nil; order++ {
			var again any
			if again, err = h.seeCopies(before, e, order); err == nil && !h.walker.Equal(value, again) {
				err = h.impure(e, "two calls with the same memory gave different ones: %s%s",
					first(h.walker.Diff(value, again), " and "), statespace.MapOrder(h.orders(before, e)))
			}
		}
	})
	return value, err
}

// orders reports whether an argument of the observer contains a map with several entries.
func (h *histories) orders(before any, e statespace.EffectID) bool {
	what := h.happened(e)
	return h.walker.Orders(before) || !what.crash && h.space.walker.Orders(what.envelope.Message)
}

// seeCopies calls the observer on private copies, which it must not change.
func (h *histories) seeCopies(before any, e statespace.EffectID, order int) (any, error) {
	given, what := h.walker.Rebuild(before, order), h.happened(e)
	if !what.crash {
		what.envelope.Message = h.space.walker.Rebuild(what.envelope.Message, order)
	}
	value, err := h.see(given, what)
	if err != nil {
		return value, err
	}
	if changes := h.walker.Diff(before, given); len(changes) > 0 {
		return value, h.impure(e, "it changed the memory that it was given: %s", first(changes, " became "))
	}
	if what.crash {
		return value, nil
	}
	return value, h.untouched(what.envelope, e)
}

// happened is an event for an observer: the passage of a message, or a crash.
type happened struct {
	effect   statespace.EffectID
	envelope actor.Envelope[any]
	passage  actor.Passage
	crash    bool
	crashed  actor.ID
}

func (h *histories) happened(e statespace.EffectID) happened {
	if slot, ok := h.space.crashed(e); ok {
		return happened{effect: e, crash: true, crashed: h.space.sys.actors[slot].id}
	}
	return happened{effect: e, envelope: h.space.open(uint32(e >> 1)), passage: actor.Passage(e & 1)}
}

// untouched requires that the message of a passage did not change.
func (h *histories) untouched(seen actor.Envelope[any], e statespace.EffectID) error {
	changes := h.space.walker.Diff(h.happened(e).envelope.Message, seen.Message)
	if len(changes) == 0 {
		return nil
	}
	return h.impure(e, "it changed the message that it saw: %s", first(changes, " became "))
}

// see calls the observer once.
func (h *histories) see(before any, what happened) (value any, err error) {
	defer statespace.Caught(&err, h.who(), func() string { return h.describe(what.effect) })
	if what.crash {
		value, err = h.observer.crash(before, what.crashed)
	} else {
		value, err = h.observer.next(before, what.envelope, what.passage)
	}
	if err != nil {
		return value, fmt.Errorf("%s, %s: %w", h.who(), h.describe(what.effect), err)
	}
	if err := h.walker.Check(value); err != nil {
		return value, h.impure(what.effect, "its memory: %v", err)
	}
	return value, nil
}

// sees reports whether the observer sees a passage. It calls the observer's function twice.
func (h *histories) sees(envelope uint32, p actor.Passage) (sees bool, err error) {
	if h.observer.sees == nil {
		return true, nil
	}
	h.space.turns.run(func() { sees, err = h.asked(envelope, p) })
	return sees, err
}

func (h *histories) asked(envelope uint32, p actor.Passage) (sees bool, err error) {
	defer statespace.Caught(&err, h.who(), func() string { return h.describe(passage(envelope, p)) })
	for order := range 2 {
		e := h.space.opened(envelope, order)
		again := h.observer.sees(e, p)
		if order > 0 && again != sees {
			return false, h.impure(passage(envelope, p), "whether it concerns the observer was answered in two ways%s",
				statespace.MapOrder(h.space.walker.Orders(h.space.open(envelope).Message)))
		}
		if err := h.untouched(e, passage(envelope, p)); err != nil {
			return false, err
		}
		sees = again
	}
	return sees, nil
}

func (h *histories) impure(e statespace.EffectID, format string, args ...any) error {
	return &statespace.ImpureError{Actor: h.who(), Event: h.describe(e), What: fmt.Sprintf(format, args...)}
}

// describe returns a text that describes the event of an observer call.
func (h *histories) describe(e statespace.EffectID) string {
	if slot, ok := h.space.crashed(e); ok {
		return "crash of " + h.space.slots[slot].name()
	}
	if actor.Passage(e&1) == actor.Accepted {
		return "accepted " + h.space.describe(uint32(e>>1))
	}
	return "sent " + h.space.describe(uint32(e>>1))
}

func (h *histories) aspect(id statespace.PartID, _ statespace.Aspect) uint32 { return uint32(id) }

func (h *histories) action(statespace.ActionID) statespace.Action {
	panic("model: an observer does nothing")
}

func (h *histories) content(dst []byte, id statespace.PartID) []byte {
	return h.walker.Encode(dst, h.values.Value(uint32(id)))
}

func (h *histories) text(id statespace.PartID) string {
	return h.walker.Text(h.values.Value(uint32(id)))
}

func (h *histories) changes(from, to statespace.PartID) []statespace.Change {
	if told := h.told(from, to); len(told) > 0 {
		return told
	}
	return changes(h.walker.Diff(h.values.Value(uint32(from)), h.values.Value(uint32(to))))
}

// told returns the observer's own description of a change of its memory, or nil.
func (h *histories) told(from, to statespace.PartID) (all []statespace.Change) {
	if h.observer.tell == nil || from == to {
		return nil
	}
	defer func() {
		if recover() != nil { // The difference of the values shows the change too.
			all = nil
		}
	}()
	for _, line := range h.observer.tell(h.values.Value(uint32(from)), h.values.Value(uint32(to))) {
		all = append(all, statespace.Change{New: line})
	}
	return all
}

func (h *histories) audit() error {
	if id, ok := h.values.Verify(); !ok {
		return &statespace.ImpureError{
			Actor: h.who(), Event: "later",
			What: "what it remembers was changed, by itself or by a property; it now reads " + h.text(statespace.PartID(id)),
		}
	}
	return nil
}

func (h *histories) report(r *statespace.SpaceReport) {
	r.Slots = append(r.Slots, statespace.SlotReport{Name: h.name(), Parts: h.values.Len()})
	r.Guards = append(r.Guards, h.calls.report(h.who(), ofReaders))
}
