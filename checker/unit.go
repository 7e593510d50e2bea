package checker

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

// unit is one slot of the space, or several slots with few combinations, taken together. The hot loop needs only
// look-ups by id: the steps of a content, and the results of effects on it. Both are computed once.
//
// The id of a unit of one slot is the slot's PartID; the id of a larger unit numbers a tuple of PartIDs.
type unit struct {
	index   int
	slots   []int
	tuples  *words.Table               // nil for one slot
	steps   *words.Array[uint64]       // by id: 0 until known; see compile
	answers *words.Array[answers]      // by id
	classes atomic.Pointer[classBytes] // see agreements
	limit   atomic.Uint32              // greater than all ids in use
	bare    bool                       // nothing is stored by id, as states are expanded as a whole
	locks   [64]sync.Mutex             // by id, for writers of answers
}

// answers are the results of effects on an id. Each word is written atomically.
type answers struct {
	first uint64 // the first one computed
	chain uint64 // the Ref of a chain of further ones
}

// units is the enumeration half of the engine: units, their steps and effects, in tables that are read without locks.
type units struct {
	space  statespace.Space
	arena  *offheap.Arena
	of     []*unit
	slotOf []int // slot -> unit
	place  []int // slot -> place within its unit
	blocks *words.Pool[uint32]
	chains *words.Pool[uint64]
	// An effect on a unit is a numbered list of effects on its slots, in order.
	lists  *words.Table
	target *words.Array[uint32] // effect -> unit
	keys   sync.Map             // slot and action -> key, if sorted
	sorted bool                 // steps are sorted by the keys of their actions
	ranked bool                 // steps have ranks
	just   statespace.Just      // labels of steps; nil if paths need not be fair
}

// The steps of an id are encoded in a word: a flag that they are known, their number, and the Ref of a block. The
// block contains, for every step, the next id, the number of effects, and the effects. A lone step of at most two
// effects with small numbers needs no block: the word contains the next id, and above it the effects, plus one.
const (
	stepsKnown   = 1 << 63
	stepsLone    = 1 << 62
	loneEffect   = 15 // bits
	stepsShift   = 44
	stepsRefMask = 1<<stepsShift - 1
	maxSteps     = 1<<18 - 1
)

// A chain of answers consists of links of three answers and the Ref of the next link. An answer is an effect, plus
// one so that it is not zero, and the resulting id.
const (
	linkAnswers = 3
	refused     = 1<<32 - 1 // an id: the effect refuses the step
)

func newUnits(space statespace.Space, arena *offheap.Arena, groups [][]int) *units {
	us := &units{
		space: space, arena: arena, slotOf: make([]int, space.Slots()), place: make([]int, space.Slots()),
		blocks: words.NewPool[uint32](arena), chains: words.NewPool[uint64](arena),
		lists: words.NewTable(arena), target: words.NewArray[uint32](arena), ranked: hasRanks(space), just: justOf(space),
	}
	for i, slots := range groups {
		u := &unit{
			index: i, slots: slots, steps: words.NewArray[uint64](arena), answers: words.NewArray[answers](arena),
		}
		_, u.bare = space.(statespace.Expander)
		if len(slots) > 1 {
			u.tuples = words.NewTable(arena)
		}
		for k, slot := range slots {
			us.slotOf[slot], us.place[slot] = i, k
		}
		us.of = append(us.of, u)
	}
	return us
}

// admit makes room for the data of an id. It must be called before the id is used in a state.
func (u *unit) admit(id uint32) uint32 {
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

// id returns the unit's id in a state.
func (u *unit) id(state []statespace.PartID) uint32 {
	if u.tuples == nil {
		return u.admit(uint32(state[u.slots[0]]))
	}
	var few [64]uint32
	tuple := few[:0]
	for _, slot := range u.slots {
		tuple = append(tuple, uint32(state[slot]))
	}
	id, _ := u.tuples.Intern(tuple)
	return u.admit(id)
}

// parts writes the slots of an id into a state.
func (u *unit) parts(id uint32, state []statespace.PartID) {
	if u.tuples == nil {
		state[u.slots[0]] = statespace.PartID(id)
		return
	}
	for k, part := range u.tuples.At(id) {
		state[u.slots[k]] = statespace.PartID(part)
	}
}

// parts writes the slots of a state given by the ids of its units.
func (us *units) parts(ids []uint32, state []statespace.PartID) {
	for i, u := range us.of {
		u.parts(ids[i], state)
	}
}

// stepsOf returns the word of an id's steps, computing it at the first call.
func (us *units) stepsOf(u *unit, id uint32, scratch *compileScratch) (uint64, error) {
	if word := atomic.LoadUint64(u.steps.At(id)); word != 0 {
		return word, nil
	}
	return us.compile(u, id, scratch)
}

// compileScratch holds the buffers that compile reuses.
type compileScratch struct {
	steps []statespace.Step
	block []uint32
	ranks []uint32 // of the steps in block, if they have any
	label []uint32 // likewise
	tuple []statespace.PartID
	lists [][]uint32 // per unit: effects on it
}

// compile computes the steps of an id. Two workers may do so concurrently; their results differ only in order.
func (us *units) compile(u *unit, id uint32, s *compileScratch) (uint64, error) {
	if s.tuple == nil {
		s.tuple = make([]statespace.PartID, len(us.slotOf))
		s.lists = make([][]uint32, len(us.of))
	}
	s.block, s.ranks, s.label = s.block[:0], s.ranks[:0], s.label[:0]
	count := uint64(0)
	for _, slot := range u.slots {
		u.parts(id, s.tuple) // Reset, as effects of the previous slot's steps were applied to it.
		var err error
		if s.steps, err = us.space.Steps(slot, s.tuple[slot], s.steps[:0]); err != nil {
			return 0, err
		}
		if us.sorted {
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
			if ok && us.ranked {
				s.ranks = append(s.ranks, uint32(int32(step.Rank)))
			}
			if ok && us.just != nil {
				s.label = append(s.label, us.just.Label(slot, step.Action))
			}
		}
	}
	if count > maxSteps {
		return 0, fmt.Errorf("%[2]s has %[1]d steps in one state; the limit is %[3]d", count, us.names(u), maxSteps)
	}
	s.block = append(append(s.block, s.ranks...), s.label...)
	return us.publish(u.steps.At(id), s.block, count), nil
}

// names returns the names of a unit's slots in words.
func (us *units) names(u *unit) string {
	names := make([]string, len(u.slots))
	for i, slot := range u.slots {
		names[i] = us.space.SlotName(slot)
	}
	return strings.Join(names, " and ")
}

// sort sorts the steps of a slot by the keys of their actions, an order that is the same in every run.
func (us *units) sort(slot int, steps []statespace.Step) {
	slices.SortFunc(steps, func(a, b statespace.Step) int {
		return cmp.Compare(us.key(slot, a.Action), us.key(slot, b.Action))
	})
}

// key returns the key of an action, and caches it.
func (us *units) key(slot int, a statespace.ActionID) string {
	id := uint64(slot)<<32 | uint64(a)
	if key, ok := us.keys.Load(id); ok {
		return key.(string)
	}
	key := us.space.Action(slot, a).Key
	us.keys.Store(id, key)
	return key
}

// publish stores steps where the hot loop finds them, and returns their word.
func (us *units) publish(at *uint64, block []uint32, count uint64) uint64 {
	word := stepsKnown | count<<stepsShift
	switch {
	case count == 1 && !us.ranked && us.just == nil && isLone(block[1:]):
		lone := uint64(block[0])
		for i, effect := range block[2:] {
			lone |= uint64(effect+1) << (32 + loneEffect*i)
		}
		word = stepsKnown | stepsLone | lone
	case count > 0:
		ref, run := us.blocks.Reserve(len(block))
		copy(run, block)
		word |= uint64(ref)
	}
	atomic.StoreUint64(at, word)
	return word
}

// stepAt returns the block of a word of steps from step n on, or what follows the last step. The word must not be
// that of a lone step.
func (us *units) stepAt(word uint64, n int) []uint32 {
	block := us.blocks.From(refOf(word))
	for ; n > 0; n-- {
		block = block[2+block[1]:]
	}
	return block
}

// isLone reports whether the effects of a step, after their number, fit into its word.
func isLone(effects []uint32) bool {
	for _, effect := range effects[1:] {
		if effect+1 >= 1<<loneEffect {
			return false
		}
	}
	return effects[0] <= 2
}

// loneEffects returns the effects of a lone step, plus one, packed with the first one in the low bits.
func loneEffects(word uint64) uint64 { return word &^ (stepsKnown | stepsLone) >> 32 }

// compileStep appends a step to the block. Effects on the unit's own slots are applied at once, others are grouped by
// unit. It reports false if an effect of the unit on itself refuses the step.
func (us *units) compileStep(u *unit, id uint32, slot int, step statespace.Step, s *compileScratch) (bool, error) {
	u.parts(id, s.tuple)
	s.tuple[slot] = step.Next
	for _, e := range step.Effects {
		target := us.slotOf[e.Slot]
		if target != u.index {
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
	s.block = append(s.block, u.id(s.tuple), 0)
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

// answer looks up the result of an effect on an id.
func (us *units) answer(u *unit, id, effect uint32) (next uint32, known bool) {
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

// apply returns the result of an effect on an id, or refused.
func (us *units) apply(u *unit, id, effect uint32) (uint32, error) {
	if next, known := us.answer(u, id, effect); known {
		return next, nil
	}
	next, err := us.compute(u, id, effect)
	if err != nil {
		return 0, err
	}
	mu := &u.locks[id%uint32(len(u.locks))]
	mu.Lock()
	defer mu.Unlock()
	if next, known := us.answer(u, id, effect); known {
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
func (us *units) compute(u *unit, id, effect uint32) (uint32, error) {
	list := us.lists.At(effect)
	list = list[:len(list)-1] // without the last word, which is the unit
	var few [16]statespace.PartID
	state := few[:]
	if len(us.slotOf) > len(few) {
		state = make([]statespace.PartID, len(us.slotOf))
	}
	u.parts(id, state)
	for i := 0; i < len(list); i += 2 {
		slot := u.slots[list[i]]
		next, ok, err := us.space.Apply(slot, state[slot], statespace.EffectID(list[i+1]))
		if err != nil {
			return 0, err
		}
		if !ok {
			return refused, nil
		}
		state[slot] = next
	}
	return u.id(state), nil
}

// refOf returns the Ref in a word of steps.
func refOf(word uint64) words.Ref { return words.Ref(word & stepsRefMask) }
