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

// space holds the tables of one check of a system. Its slots are the actors in the order in which they were added, then
// the letters to nobody, then one history per observer, then the budgets of faults, then the network if it
// may be partitioned.
type space struct {
	sys      *system
	arena    *offheap.Arena
	network  network.Semantics
	slots    []slotOf
	nobody   int // the slot of letters whose recipient is no actor
	walker   *intern.Walker[any]
	messages *intern.Table[any]
	// An envelope is the words source, destination and message, both ends as numbers of ids.
	envelopes *words.Table
	ends      ends
	reader    *reader
	turns     turns
	handled   sampler      // handler calls
	described sync.Map     // slot and action -> Action
	texts     atomic.Int64 // bytes of described
	faults    faults
	sides     [][]actor.ID // the ways in which the network is partitioned
	lossy     bool         // losses are steps
	elides    bool         // losses are left out
	consumes  bool         // a delivery that does nothing is a transition on every network
	fair      *fairness    // nil for none
	reduced   *reduced     // nil if nothing is left out of states
	symmetry  *symmetry    // nil if states are not turned
	// The properties to judge, and whether one that is not monotone read which links are cut.
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

// ends numbers the ids of actors: those of the system by their slots, strangers behind them.
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

// open returns what an envelope says.
func (sp *space) open(id uint32) actor.Envelope[any] {
	w := sp.envelopes.At(id)
	return actor.Envelope[any]{From: sp.ends.id(w[0]), To: sp.ends.id(w[1]), Message: sp.messages.Value(w[2])}
}

// sent returns the effects of a message that was sent: its recipient's mailbox holds it, and observers see it.
func (sp *space) sent(effects []statespace.SlotEffect, from, to, message uint32) ([]statespace.SlotEffect, error) {
	id := sp.envelope(from, to, message)
	slot := sp.nobody
	if int(to) < len(sp.sys.actors) {
		slot = int(to)
	}
	effects = append(effects, statespace.SlotEffect{Slot: int32(slot), Effect: statespace.EffectID(id)})
	return sp.seen(effects, id, actor.Sent)
}

// seen returns the effects of a passage on the observers that it concerns.
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

// passage numbers an envelope's passage as the effect on a history.
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

// crashEffect numbers the crash of an actor as the effect on a history. These numbers come down from the greatest, and those
// of passages go up.
func crashEffect(slot int) statespace.EffectID { return ^statespace.EffectID(slot) }

// crashed returns the slot of the actor whose crash is an effect on a history, or false if it is a passage.
func (sp *space) crashed(e statespace.EffectID) (slot int, ok bool) {
	slot = int(^e)
	return slot, slot < len(sp.sys.actors)
}

func (sp *space) historySlot(observer int) int { return sp.nobody + 1 + observer }

// held iterates the slots that hold messages.
func (sp *space) held() iter.Seq[int] {
	return func(yield func(int) bool) {
		for slot := range sp.nobody + 1 {
			if !yield(slot) {
				return
			}
		}
	}
}

// Slots is the number of slots.
func (sp *space) Slots() int { return len(sp.slots) }

// Initial starts every actor, in the order in which they were added, and then lets the network take what they sent. Those
// that have begun before are as they were, with what was in flight.
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

// The methods of Space that are a slot's.

func (sp *space) Steps(slot int, id statespace.PartID, into []statespace.Step) ([]statespace.Step, error) {
	return sp.slots[slot].steps(id, into)
}

func (sp *space) Apply(slot int, id statespace.PartID, e statespace.EffectID) (statespace.PartID, bool, error) {
	return sp.slots[slot].apply(id, e)
}

func (sp *space) SlotName(slot int) string                   { return sp.slots[slot].name() }
func (sp *space) Text(slot int, id statespace.PartID) string { return sp.slots[slot].text(id) }

// Aspect reads a slot's content.
func (sp *space) Aspect(slot int, id statespace.PartID, a statespace.Aspect) uint32 {
	if a > aspectMask {
		return sp.symmetry.aspect(slot, id, a)
	}
	if sp.reduced != nil {
		sp.reduced.noteRead(slot, a)
	}
	return sp.slots[slot].aspect(id, a)
}

// Action describes an action. Descriptions are kept: who walks on demand meets the same few actions again and again.
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

// Properties are those of the system.
func (sp *space) Properties() []statespace.Property {
	if sp.symmetry != nil {
		return sp.symmetry.turned(sp.properties)
	}
	return sp.properties
}

// Boundary is that of the system.
func (sp *space) Boundary() func(*statespace.Reading) bool {
	inside := sp.sys.boundary
	if sp.symmetry != nil {
		inside = sp.symmetry.everyWay("the boundary", inside)
	}
	if sp.reduced != nil {
		inside = sp.reduced.watchBoundary(inside)
	}
	return inside
}

// Report counts what the slots hold.
func (sp *space) Report() statespace.SpaceReport {
	var r statespace.SpaceReport
	for _, s := range sp.slots {
		s.report(&r)
	}
	r.Notes = sp.notes()
	r.Guards = slices.Insert(r.Guards, 0, ofHandlers.report("handlers", int64(r.HandlerCalls)))
	return r
}

// OffHeap is what the space's arena holds.
func (sp *space) OffHeap() int64 { return sp.arena.Bytes() }

// Close frees the tables, unless another search goes on with them.
func (sp *space) Close() {
	if sp.reduced == nil || sp.reduced.reducer.held != sp {
		sp.arena.Close()
	}
}

// actorName names the actor with a number among the ends, for people.
func (sp *space) actorName(number uint32) string { return sp.sys.nameOf(sp.ends.id(number)) }

// nameOf names an actor for people: by its role, if it has one, and its number.
func (sys *system) nameOf(id actor.ID) string {
	if role := sys.roles[id]; role != "" {
		return role + " " + id.String()
	}
	return id.String()
}

// SlotKey names a slot in contents, which do not depend on what people call it.
func (sp *space) SlotKey(slot int) string {
	if c, ok := sp.slots[slot].(*cells); ok {
		return c.key()
	}
	return sp.slots[slot].name()
}
