package checker

import (
	"slices"
	"sync"
	"sync/atomic"

	"synod/model"
)

// judge decides the properties on new states. Most states need no question: they agree, on everything that any live
// property ever read, with a state that was found unremarkable; see agreements.
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
	agreed   atomic.Pointer[agreements]
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
