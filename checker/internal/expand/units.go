// Package expand computes what can happen to the parts of a state, once for each distinct content, and answers by look-ups
// in tables that are read without locks. A unit (Unit) is one slot of a space, or several that take few combinations of
// contents; a search sees an id of each unit, the steps of an id, and what an effect makes of an id.
package expand

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
)

// Unit is one slot of the space, or several slots with few combinations, taken together. The hot loop needs only
// look-ups by id: the steps of a content, and the results of effects on it. Both are computed once.
//
// The id of a unit of one slot is the slot's PartID; the id of a larger unit numbers a tuple of PartIDs.
type Unit struct {
	Index   int
	Slots   []int
	tuples  *words.Table            // nil for one slot
	steps   *words.Array[uint64]    // by id: 0 until known; see compile
	answers *words.Array[answers]   // by id
	classes atomic.Pointer[Classes] // see Classify
	limit   atomic.Uint32           // greater than all ids in use
	bare    bool                    // nothing is stored by id, as states are expanded as a whole
	locks   [64]sync.Mutex          // by id, for writers of answers
}

// answers are the results of effects on an id. Each word is written atomically.
type answers struct {
	first uint64 // the first one computed
	chain uint64 // the Ref of a chain of further ones
}

// Units are the units of a space, with the steps and effects of each. Several goroutines may use them at once.
type Units struct {
	space  statespace.Space
	Arena  *offheap.Arena
	Of     []*Unit
	SlotOf []int // slot -> unit
	place  []int // slot -> place within its unit
	blocks *words.Pool[uint32]
	chains *words.Pool[uint64]
	// An effect on a unit is a numbered list of effects on its slots, in order.
	lists  *words.Table
	target *words.Array[uint32] // effect -> unit
	keys   sync.Map             // slot and action -> key, if sorted
	Sorted bool                 // steps are sorted by the keys of their actions
	Ranked bool                 // steps have ranks
	Just   statespace.Just      // labels of steps; nil if paths need not be fair
}

// A chain of answers consists of links of three answers and the Ref of the next link. An answer is an effect, plus
// one so that it is not zero, and the resulting id.
const (
	linkAnswers = 3
	Refused     = 1<<32 - 1 // an id: the effect refuses the step
)

// New returns the units of a space whose slots are those of the groups. Nothing is computed yet.
func New(space statespace.Space, arena *offheap.Arena, groups [][]int) *Units {
	us := &Units{
		space: space, Arena: arena, SlotOf: make([]int, space.Slots()), place: make([]int, space.Slots()),
		blocks: words.NewPool[uint32](arena), chains: words.NewPool[uint64](arena),
		lists: words.NewTable(arena), target: words.NewArray[uint32](arena), Ranked: hasRanks(space), Just: justOf(space),
	}
	for i, slots := range groups {
		u := &Unit{
			Index: i, Slots: slots, steps: words.NewArray[uint64](arena), answers: words.NewArray[answers](arena),
		}
		_, u.bare = space.(statespace.Expander)
		if len(slots) > 1 {
			u.tuples = words.NewTable(arena)
		}
		for k, slot := range slots {
			us.SlotOf[slot], us.place[slot] = i, k
		}
		us.Of = append(us.Of, u)
	}
	return us
}

// Admit makes room for the data of an id. It must be called before the id is used in a state.
func (u *Unit) Admit(id uint32) uint32 {
	if !u.bare {
		u.steps.Ensure(id)
		u.answers.Ensure(id)
	}
	if classes := u.classes.Load(); classes != nil {
		classes.ensure(id)
	}
	for {
		limit := u.limit.Load()
		if id < limit || u.limit.CompareAndSwap(limit, id+1) {
			return id
		}
	}
}

// ID returns the unit's id in a state.
func (u *Unit) ID(state []statespace.PartID) uint32 {
	if u.tuples == nil {
		return u.Admit(uint32(state[u.Slots[0]]))
	}
	var few [64]uint32
	tuple := few[:0]
	for _, slot := range u.Slots {
		tuple = append(tuple, uint32(state[slot]))
	}
	id, _ := u.tuples.Intern(tuple)
	return u.Admit(id)
}

// Parts writes the slots of an id into a state.
func (u *Unit) Parts(id uint32, state []statespace.PartID) {
	if u.tuples == nil {
		state[u.Slots[0]] = statespace.PartID(id)
		return
	}
	for k, part := range u.tuples.At(id) {
		state[u.Slots[k]] = statespace.PartID(part)
	}
}

// Parts writes the slots of a state given by the ids of its units.
func (us *Units) Parts(ids []uint32, state []statespace.PartID) {
	for i, u := range us.Of {
		u.Parts(ids[i], state)
	}
}

// Len returns the number of units.
func (us *Units) Len() int { return len(us.Of) }

// IDs sets the ids of a state.
func (us *Units) IDs(state []statespace.PartID, into []uint32) {
	for i, u := range us.Of {
		into[i] = u.ID(state)
	}
}

// StepsOf returns the word of an id's steps, computing it at the first call.
func (us *Units) StepsOf(u *Unit, id uint32, scratch *Scratch) (uint64, error) {
	if word := atomic.LoadUint64(u.steps.At(id)); word != 0 {
		return word, nil
	}
	return us.compile(u, id, scratch)
}

// Scratch holds the buffers that compile reuses.
type Scratch struct {
	steps []statespace.Step
	block []uint32
	ranks []uint32 // of the steps in block, if they have any
	label []uint32 // likewise
	tuple []statespace.PartID
	lists [][]uint32 // per unit: effects on it
}

// compile computes the steps of an id. Two workers may do so concurrently; their results differ only in order.
func (us *Units) compile(u *Unit, id uint32, s *Scratch) (uint64, error) {
	if s.tuple == nil {
		s.tuple = make([]statespace.PartID, len(us.SlotOf))
		s.lists = make([][]uint32, len(us.Of))
	}
	s.block, s.ranks, s.label = s.block[:0], s.ranks[:0], s.label[:0]
	count := uint64(0)
	for _, slot := range u.Slots {
		u.Parts(id, s.tuple) // Reset, as effects of the previous slot's steps were applied to it.
		var err error
		if s.steps, err = us.space.Steps(slot, s.tuple[slot], s.steps[:0]); err != nil {
			return 0, err
		}
		if us.Sorted {
			us.sort(slot, s.steps)
		}
		for _, step := range s.steps {
			if step.Ignored != statespace.Counts {
				continue
			}
			ok, err := us.compileStep(u, id, slot, step, s)
			if err != nil {
				return 0, err
			}
			if ok {
				count++
			}
			if ok && us.Ranked {
				s.ranks = append(s.ranks, uint32(int32(step.Rank)))
			}
			if ok && us.Just != nil {
				s.label = append(s.label, us.Just.Label(slot, step.Action))
			}
		}
	}
	if count > MaxSteps {
		return 0, fmt.Errorf("%[2]s has %[1]d steps in one state; the limit is %[3]d", count, us.names(u), MaxSteps)
	}
	s.block = append(append(s.block, s.ranks...), s.label...)
	return us.publish(u.steps.At(id), s.block, count), nil
}

// names returns the names of a unit's slots in words.
func (us *Units) names(u *Unit) string {
	names := make([]string, len(u.Slots))
	for i, slot := range u.Slots {
		names[i] = us.space.SlotName(slot)
	}
	return strings.Join(names, " and ")
}

// sort sorts the steps of a slot by the keys of their actions, an order that is the same in every run.
func (us *Units) sort(slot int, steps []statespace.Step) {
	slices.SortFunc(steps, func(a, b statespace.Step) int {
		return cmp.Compare(us.key(slot, a.Action), us.key(slot, b.Action))
	})
}

// key returns the key of an action, and caches it.
func (us *Units) key(slot int, a statespace.ActionID) string {
	id := uint64(slot)<<32 | uint64(a)
	if key, ok := us.keys.Load(id); ok {
		return key.(string)
	}
	key := us.space.Action(slot, a).Key
	us.keys.Store(id, key)
	return key
}

// compileStep appends a step to the block. Effects on the unit's own slots are applied at once, others are grouped by
// unit. It reports false if an effect of the unit on itself refuses the step.
func (us *Units) compileStep(u *Unit, id uint32, slot int, step statespace.Step, s *Scratch) (bool, error) {
	u.Parts(id, s.tuple)
	s.tuple[slot] = step.Next
	for _, e := range step.Effects {
		target := us.SlotOf[e.Slot]
		if target != u.Index {
			s.lists[target] = append(s.lists[target], uint32(us.place[e.Slot]), uint32(e.Effect))
			continue
		}
		next, ok, err := us.space.Apply(int(e.Slot), s.tuple[e.Slot], e.Effect)
		if err != nil || !ok {
			for i := range s.lists {
				s.lists[i] = s.lists[i][:0]
			}
			return false, err
		}
		s.tuple[e.Slot] = next
	}
	s.block = append(s.block, u.ID(s.tuple), 0)
	at := len(s.block) - 1
	for target, list := range s.lists {
		if len(list) == 0 {
			continue
		}
		effect, _ := us.lists.Intern(append(list, uint32(target)))
		us.target.Ensure(effect)
		atomic.StoreUint32(us.target.At(effect), uint32(target))
		s.block = append(s.block, effect)
		s.block[at]++
		s.lists[target] = list[:0]
	}
	return true, nil
}

// Answer looks up the result of an effect on an id.
func (us *Units) Answer(u *Unit, id, effect uint32) (next uint32, known bool) {
	r := u.answers.At(id)
	want := uint64(effect + 1)
	first := atomic.LoadUint64(&r.first)
	if first>>32 == want {
		return uint32(first), true
	}
	link := atomic.LoadUint64(&r.chain)
	for link != 0 {
		answers := us.chains.From(words.Ref(link))[: linkAnswers+1 : linkAnswers+1]
		for i := range linkAnswers {
			a := atomic.LoadUint64(&answers[i])
			if a>>32 == want {
				return uint32(a), true
			}
		}
		link = atomic.LoadUint64(&answers[linkAnswers])
	}
	return 0, false
}

// Apply returns the result of an effect on an id, or Refused.
func (us *Units) Apply(u *Unit, id, effect uint32) (uint32, error) {
	if next, known := us.Answer(u, id, effect); known {
		return next, nil
	}
	next, err := us.compute(u, id, effect)
	if err != nil {
		return 0, err
	}
	mu := &u.locks[id%uint32(len(u.locks))]
	mu.Lock()
	defer mu.Unlock()
	if next, known := us.Answer(u, id, effect); known {
		return next, nil
	}
	value := uint64(effect+1)<<32 | uint64(next)
	r := u.answers.At(id)
	if r.first == 0 {
		atomic.StoreUint64(&r.first, value)
		return next, nil
	}
	last := &r.chain
	for *last != 0 {
		answers := us.chains.From(words.Ref(*last))
		for i := range linkAnswers {
			if answers[i] == 0 {
				atomic.StoreUint64(&answers[i], value)
				return next, nil
			}
		}
		last = &answers[linkAnswers]
	}
	ref, run := us.chains.Reserve(linkAnswers + 1)
	atomic.StoreUint64(&run[0], value)
	atomic.StoreUint64(last, uint64(ref))
	return next, nil
}

// compute applies a list of effects to an id.
func (us *Units) compute(u *Unit, id, effect uint32) (uint32, error) {
	list := us.lists.At(effect)
	list = list[:len(list)-1] // without the last word, which is the unit
	var few [16]statespace.PartID
	state := few[:]
	if len(us.SlotOf) > len(few) {
		state = make([]statespace.PartID, len(us.SlotOf))
	}
	u.Parts(id, state)
	for i := 0; i < len(list); i += 2 {
		slot := u.Slots[list[i]]
		next, ok, err := us.space.Apply(slot, state[slot], statespace.EffectID(list[i+1]))
		if err != nil {
			return 0, err
		}
		if !ok {
			return Refused, nil
		}
		state[slot] = next
	}
	return u.ID(state), nil
}

// Bound returns a number greater than all ids in use.
func (u *Unit) Bound() uint32 { return u.limit.Load() }

// Known returns the word of an id's steps, or 0 if it is not known yet.
func (u *Unit) Known(id uint32) uint64 { return atomic.LoadUint64(u.steps.At(id)) }

// Limits returns the bound of each unit.
func (us *Units) Limits() []uint32 {
	limits := make([]uint32, len(us.Of))
	for i, u := range us.Of {
		limits[i] = u.Bound()
	}
	return limits
}

// Target returns the unit that an effect is on.
func (us *Units) Target(effect uint32) uint32 { return atomic.LoadUint32(us.target.At(effect)) }

// Touch reads what a look-up of a further answer of an id reads first.
func (us *Units) Touch(u *Unit, id uint32) uint64 {
	if link := atomic.LoadUint64(&u.answers.At(id).chain); link != 0 {
		return us.chains.From(words.Ref(link))[0]
	}
	return 0
}
