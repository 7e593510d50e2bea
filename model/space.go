package model

import (
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"synod/actor"
	"synod/internal/intern"
	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
	"synod/network"
)

// space holds the tables of one check of a system. Its slots are the actors in the order in which they were added,
// then the undeliverable messages, then one history per observer, then the budgets of faults, then the network if it
// may be partitioned.
type space struct {
	sys      *system
	arena    *offheap.Arena
	network  network.Semantics
	slots    []slotOf
	nobody   int // the slot of messages whose recipient is not an actor
	walker   *intern.Walker[any]
	messages *intern.Table[any]
	// An envelope is three words: source, destination and message. Both ends are numbers in ends.
	envelopes *words.Table
	ends      ends
	reader    *reader
	turns     turns
	handled   sampler      // handler calls
	described sync.Map     // slot and action -> Action
	texts     atomic.Int64 // bytes of described
	faults    faults
	sides     [][]actor.ID // the sides that may be cut off
	lossy     bool         // losses are steps
	elides    bool         // losses are omitted
	consumes  bool         // a delivery that changes nothing else is a transition on every network
	fair      *fairness    // may be nil
	reduced   *reduced     // nil without reduction
	symmetry  *symmetry    // nil without symmetry
	// The properties to evaluate, and whether one that is not monotone read which links are cut.
	properties []statespace.Property
	readsLinks atomic.Bool
}

// slotOf is a slot of a system's space.
type slotOf interface {
	name() string
	steps(id statespace.PartID, into []statespace.Step) ([]statespace.Step, error)
	apply(id statespace.PartID, e statespace.EffectID) (statespace.PartID, bool, error)
	aspect(id statespace.PartID, a statespace.Aspect) uint32
	action(a statespace.ActionID) statespace.Action
	content(dst []byte, id statespace.PartID) []byte
	text(id statespace.PartID) string
	changes(from, to statespace.PartID) []statespace.Change
	audit() error
	report(*statespace.SpaceReport)
}

// ends numbers actor ids: those of the system by slot, then ids without an actor.
type ends struct {
	mu      sync.RWMutex
	numbers map[actor.ID]uint32
	ids     []actor.ID
}

func (e *ends) number(id actor.ID) uint32 {
	e.mu.RLock()
	n, ok := e.numbers[id]
	e.mu.RUnlock()
	if ok {
		return n
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if n, ok := e.numbers[id]; ok {
		return n
	}
	n = uint32(len(e.ids))
	e.numbers[id] = n
	e.ids = append(e.ids, id)
	return n
}

func (e *ends) id(number uint32) actor.ID {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.ids[number]
}

func newSpace(sys *system) (*space, error) {
	w, err := intern.Boxed(sys.messages)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	arena := offheap.New()
	sp := &space{
		sys: sys, arena: arena, network: sys.config.Network, walker: w, messages: intern.NewTableOf(w),
		envelopes: words.NewTable(arena), ends: ends{numbers: make(map[actor.ID]uint32)},
		nobody: len(sys.actors), elides: sys.elides(),
	}
	sp.lossy = sys.config.Lossy && !sp.elides
	sp.consumes = sys.config.Network == network.Ordered ||
		sys.config.Network == network.UnorderedNonDuplicating && sys.deliversFairly()
	sp.fair = sp.justify()
	if sys.config.MaxPartitions > 0 {
		sp.sides = sys.sides()
	}
	sp.reader = newReader(sp)
	for _, a := range sys.actors {
		sp.ends.number(a.id)
	}
	for slot, a := range sys.actors {
		cells, err := newCells(sp, slot, a.id, a.handlers)
		if err != nil {
			arena.Close()
			return nil, err
		}
		sp.slots = append(sp.slots, cells)
	}
	sp.slots = append(sp.slots, newNobody(sp))
	for _, o := range sys.observers {
		histories, err := newHistories(sp, o)
		if err != nil {
			arena.Close()
			return nil, err
		}
		sp.slots = append(sp.slots, histories)
	}
	sp.addFaults()
	sp.watchProperties()
	names := make(map[string]bool)
	for _, s := range sp.slots {
		if names[s.name()] {
			arena.Close()
			return nil, fmt.Errorf("the observer %q has the name of another component; rename it", s.name())
		}
		names[s.name()] = true
	}
	return sp, nil
}

// envelope interns an envelope by its ends and message.
func (sp *space) envelope(from, to, message uint32) uint32 {
	id, _ := sp.envelopes.Intern([]uint32{from, to, message})
	return id
}

// open returns the envelope with a number.
func (sp *space) open(id uint32) actor.Envelope[any] {
	w := sp.envelopes.At(id)
	return actor.Envelope[any]{From: sp.ends.id(w[0]), To: sp.ends.id(w[1]), Message: sp.messages.Value(w[2])}
}

// sent appends the effects of sending a message: it enters its recipient's mailbox, and observers see it.
func (sp *space) sent(effects []statespace.SlotEffect, from, to, message uint32) ([]statespace.SlotEffect, error) {
	id := sp.envelope(from, to, message)
	slot := sp.nobody
	if int(to) < len(sp.sys.actors) {
		slot = int(to)
	}
	effects = append(effects, statespace.SlotEffect{Slot: int32(slot), Effect: statespace.EffectID(id)})
	return sp.seen(effects, id, actor.Sent)
}

// seen appends the effects of a passage on the observers that see it.
func (sp *space) seen(effects []statespace.SlotEffect, envelope uint32, p actor.Passage) ([]statespace.SlotEffect, error) {
	for i := range sp.sys.observers {
		slot := sp.historySlot(i)
		sees, err := sp.slots[slot].(*histories).sees(envelope, p)
		if err != nil {
			return effects, err
		}
		if sees {
			effects = append(effects, statespace.SlotEffect{Slot: int32(slot), Effect: passage(envelope, p)})
		}
	}
	return effects, nil
}

// passage returns the number of an envelope's passage as an effect on a history.
func passage(envelope uint32, p actor.Passage) statespace.EffectID {
	return statespace.EffectID(envelope<<1 | uint32(p))
}

// crashSeen returns the effects of a crash on the observers that see crashes.
func (sp *space) crashSeen(slot int) []statespace.SlotEffect {
	var effects []statespace.SlotEffect
	for i, o := range sp.sys.observers {
		if o.crash != nil {
			effects = append(effects, statespace.SlotEffect{Slot: int32(sp.historySlot(i)), Effect: crashEffect(slot)})
		}
	}
	return effects
}

// crashEffect returns the number of an actor's crash as an effect on a history. These numbers descend from the
// maximum; those of passages ascend from 0.
func crashEffect(slot int) statespace.EffectID { return ^statespace.EffectID(slot) }

// crashed returns the slot of the actor whose crash is an effect on a history, or false if the effect is a passage.
func (sp *space) crashed(e statespace.EffectID) (slot int, ok bool) {
	slot = int(^e)
	return slot, slot < len(sp.sys.actors)
}

func (sp *space) historySlot(observer int) int { return sp.nobody + 1 + observer }

// held iterates over the slots that hold messages.
func (sp *space) held() iter.Seq[int] {
	return func(yield func(int) bool) {
		for slot := range sp.nobody + 1 {
			if !yield(slot) {
				return
			}
		}
	}
}

// Slots returns the number of slots.
func (sp *space) Slots() int { return len(sp.slots) }

// Initial starts every actor, in the order in which they were added, and then puts what they sent into the network.
// Actors in a Beginning keep their given states, and the messages that were in flight remain so.
func (sp *space) Initial() ([][]statespace.PartID, error) {
	state := make([]statespace.PartID, len(sp.slots))
	effects, err := sp.begun()
	if err != nil {
		return nil, err
	}
	for slot, s := range sp.slots {
		if starter, ok := s.(interface {
			start() (statespace.PartID, []statespace.SlotEffect, error)
		}); ok {
			id, es, err := starter.start()
			if err != nil {
				return nil, err
			}
			state[slot] = id
			effects = append(effects, es...)
		}
	}
	for _, e := range effects {
		id, ok, err := sp.Apply(int(e.Slot), state[e.Slot], e.Effect)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, nil
		}
		state[e.Slot] = id
	}
	return [][]statespace.PartID{state}, nil
}

// The methods of Space that delegate to a slot:

func (sp *space) Steps(slot int, id statespace.PartID, into []statespace.Step) ([]statespace.Step, error) {
	return sp.slots[slot].steps(id, into)
}

func (sp *space) Apply(slot int, id statespace.PartID, e statespace.EffectID) (statespace.PartID, bool, error) {
	return sp.slots[slot].apply(id, e)
}

func (sp *space) SlotName(slot int) string                   { return sp.slots[slot].name() }
func (sp *space) Text(slot int, id statespace.PartID) string { return sp.slots[slot].text(id) }

// Aspect reads an aspect of a slot's content.
func (sp *space) Aspect(slot int, id statespace.PartID, a statespace.Aspect) uint32 {
	if a >= aspectTurned {
		return sp.symmetry.turned(slot, id, a&^aspectTurned)
	}
	if sp.reduced != nil {
		sp.reduced.noteRead(slot, a)
	}
	return sp.slots[slot].aspect(id, a)
}

// Action describes an action. Descriptions are cached, since an interactive exploration encounters the same few
// actions repeatedly.
func (sp *space) Action(slot int, a statespace.ActionID) statespace.Action {
	id := uint64(slot)<<32 | uint64(a)
	if act, ok := sp.described.Load(id); ok {
		return act.(statespace.Action)
	}
	act := sp.slots[slot].action(a)
	if _, known := sp.described.LoadOrStore(id, act); !known {
		sp.texts.Add(describedBytes + int64(len(act.Key)+len(act.Text)+len(act.From)+len(act.Message)))
	}
	return act
}

func (sp *space) Content(dst []byte, slot int, id statespace.PartID) []byte {
	return sp.slots[slot].content(dst, id)
}

func (sp *space) Changes(slot int, from, to statespace.PartID) []statespace.Change {
	return sp.slots[slot].changes(from, to)
}

// Properties returns the properties of the system.
func (sp *space) Properties() []statespace.Property {
	return sp.properties
}

// Boundary returns the state constraint of the system.
func (sp *space) Boundary() func(*statespace.Reading) bool {
	inside := sp.sys.boundary
	if sp.reduced != nil {
		inside = sp.reduced.watchBoundary(inside)
	}
	return inside
}

// Report counts the contents of the slots.
func (sp *space) Report() statespace.SpaceReport {
	var r statespace.SpaceReport
	for _, s := range sp.slots {
		s.report(&r)
	}
	r.Notes = sp.notes()
	r.Guards = slices.Insert(r.Guards, 0, ofHandlers.report("handlers", int64(r.HandlerCalls)))
	return r
}

// OffHeap returns the bytes in the space's arena.
func (sp *space) OffHeap() int64 { return sp.arena.Bytes() }

// Close frees the tables, unless another search continues to use them.
func (sp *space) Close() {
	if sp.reduced == nil || sp.reduced.reducer.held != sp {
		sp.arena.Close()
	}
}

// actorName returns the display name of the actor with a number in ends.
func (sp *space) actorName(number uint32) string { return sp.sys.nameOf(sp.ends.id(number)) }

// nameOf returns the display name of an actor: its role, if it has one, and its number.
func (sys *system) nameOf(id actor.ID) string {
	if role := sys.roles[id]; role != "" {
		return role + " " + id.String()
	}
	return id.String()
}

// SlotKey returns the name of a slot in contents, which does not depend on roles.
func (sp *space) SlotKey(slot int) string {
	if c, ok := sp.slots[slot].(*cells); ok {
		return c.key()
	}
	return sp.slots[slot].name()
}
