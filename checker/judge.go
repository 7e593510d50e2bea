package checker

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"synod/model"
)

// judge decides the properties on new states. Most states need no question: they agree, on everything that any live
// property ever read, with a state that was found unremarkable. Each worker keeps a small cache of such agreements.
type judge struct {
	space      model.Space
	properties []model.Property
	predicates []*predicate

	mu       sync.Mutex
	decided  []bool
	found    [][][]model.PartID // per property: the states of this level that decide it
	reads    [][]aspectOf       // per property: everything that it ever read
	read     []aspectOf         // everything that live properties read
	version  atomic.Uint32      // of read and decided
	anything bool               // some property is live
}

type aspectOf struct {
	slot   int
	aspect model.Aspect
}

func newJudge(space model.Space) *judge {
	j := &judge{space: space, properties: space.Properties()}
	for _, p := range j.properties {
		j.predicates = append(j.predicates, newPredicate(space, "property "+p.Name, p.Holds))
	}
	j.decided = make([]bool, len(j.properties))
	j.found = make([][][]model.PartID, len(j.properties))
	j.reads = make([][]aspectOf, len(j.properties))
	j.anything = len(j.properties) > 0
	j.version.Store(1)
	return j
}

// remarkable is the answer that decides a property.
func remarkable(p model.Property) bool { return p.Expect == model.Sometimes }

// ask judges a state by every live property. It reports true if none is decided by it.
func (j *judge) ask(r *model.Reading, state []model.PartID) (unremarkable bool, err error) {
	unremarkable = true
	for i, p := range j.properties {
		if j.decided[i] {
			continue
		}
		answer, reads, err := j.predicates[i].ask(r, state)
		if err != nil {
			return false, err
		}
		if reads != nil {
			j.extend(i, reads)
		}
		if answer == remarkable(p) {
			unremarkable = false
			j.mu.Lock()
			j.found[i] = append(j.found[i], slices.Clone(state))
			j.mu.Unlock()
		}
	}
	return unremarkable, nil
}

// extend adds to what a property reads.
func (j *judge) extend(property int, reads []model.Read) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range reads {
		a := aspectOf{int(r.Slot), r.Aspect}
		if !slices.Contains(j.reads[property], a) {
			j.reads[property] = append(j.reads[property], a)
			j.unite()
		}
	}
}

// unite gathers what live properties read.
func (j *judge) unite() {
	j.read = nil
	for i, reads := range j.reads {
		for _, a := range reads {
			if !j.decided[i] && !slices.Contains(j.read, a) {
				j.read = append(j.read, a)
			}
		}
	}
	j.version.Add(1)
}

// decide closes the properties for which states were found, and gives them with those states.
func (j *judge) decide() map[int][][]model.PartID {
	j.mu.Lock()
	defer j.mu.Unlock()
	found := make(map[int][][]model.PartID)
	for i, states := range j.found {
		if len(states) > 0 {
			found[i] = states
			j.found[i] = nil
			j.decided[i] = true
		}
	}
	if len(found) > 0 {
		j.anything = slices.Contains(j.decided, false)
		j.unite()
	}
	return found
}

// allDecided tells whether no property is left, of at least one.
func (j *judge) allDecided() bool { return len(j.properties) > 0 && !j.anything }

// agreements is a worker's cache: for each unit a class of ids that agree on everything that properties read, and
// combinations of classes that are known to be unremarkable.
type agreements struct {
	judge   *judge
	version uint32
	reads   [][]aspectOf        // per unit
	classes [][]uint32          // per unit, by id: the class plus one
	numbers []map[string]uint32 // per unit: what is read -> class
	active  []int               // units of which anything is read
	cache   []uint32            // rows of a class for each active unit, in an index by hash
	hot     []uint32            // the row in question
	reading *model.Reading
	state   []model.PartID
}

const agreementRows = 1 << 14

// maxClassID bounds the ids whose class is kept: where parts are as many as states, keeping it has no use.
const maxClassID = 1 << 22

func newAgreements(j *judge) *agreements {
	return &agreements{judge: j, reading: model.NewReading(j.space), state: make([]model.PartID, j.space.Slots())}
}

// refresh follows a change of what is read.
func (a *agreements) refresh(us *units) {
	version := a.judge.version.Load()
	if version == a.version && len(a.reads) == len(us.of) {
		return
	}
	a.version = version
	a.judge.mu.Lock()
	read := a.judge.read
	a.judge.mu.Unlock()
	n := len(us.of)
	a.reads, a.classes, a.numbers = make([][]aspectOf, n), make([][]uint32, n), make([]map[string]uint32, n)
	for _, r := range read {
		u := us.slotOf[r.slot]
		a.reads[u] = append(a.reads[u], r)
	}
	a.active = a.active[:0]
	for u, reads := range a.reads {
		if len(reads) > 0 {
			a.active = append(a.active, u)
			a.numbers[u] = make(map[string]uint32)
		}
	}
	a.hot = make([]uint32, len(a.active))
	a.cache = make([]uint32, agreementRows*len(a.active))
}

// forget drops everything, for new units.
func (a *agreements) forget() { a.version, a.reads = 0, nil }

// known tells whether a state, given by the ids of its units, agrees with an unremarkable one. Otherwise a.hot is its
// row, to be kept by keep, or nil if it cannot be.
func (a *agreements) known(us *units, ids []uint32) (row int, known bool) {
	h := uint32(2166136261)
	for k, u := range a.active {
		class := a.class(us.of[u], ids[u])
		if class == 0 {
			return -1, false
		}
		a.hot[k] = class
		h = (h ^ class) * 16777619
		h ^= h >> 15
	}
	row = int(h%agreementRows) * len(a.active)
	return row, len(a.active) > 0 && slices.Equal(a.cache[row:row+len(a.active)], a.hot)
}

func (a *agreements) keep(row int) {
	if row >= 0 {
		copy(a.cache[row:], a.hot)
	}
}

// class gives the class of an id, from 1, or 0 if it has none.
func (a *agreements) class(u *unit, id uint32) uint32 {
	classes := a.classes[u.index]
	if int(id) < len(classes) && classes[id] != 0 {
		return classes[id]
	}
	if id >= maxClassID {
		return 0
	}
	if int(id) >= len(classes) {
		classes = append(classes, make([]uint32, int(id)+1+len(classes)-len(classes)/2)...)
		a.classes[u.index] = classes
	}
	u.parts(id, a.state)
	var few [64]byte
	key := few[:0]
	for _, r := range a.reads[u.index] {
		key = binary.LittleEndian.AppendUint32(key, a.judge.space.Aspect(r.slot, a.state[r.slot], r.aspect))
	}
	numbers := a.numbers[u.index]
	class, ok := numbers[string(key)]
	if !ok {
		class = uint32(len(numbers) + 1)
		numbers[string(key)] = class
	}
	classes[id] = class
	return class
}
