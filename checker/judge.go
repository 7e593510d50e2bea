package checker

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"synod/checker/internal/memo"
	"synod/model/statespace"
)

// judge decides the properties on new states. Most states need no evaluation: they agree with an earlier state that
// decided nothing, on everything that any live property ever read; see agreements. Properties of paths and
// refinements are decided elsewhere, and closed here.
type judge struct {
	space      statespace.Space
	properties []statespace.Property
	predicates []*memo.Function // nil for a refinement
	whens      []*memo.Function // for leads to, else nil
	ofStates   []int            // the properties that are judged state by state

	mu        sync.Mutex
	decided   []atomic.Bool
	found     [][][]statespace.PartID // per property: the states of this level that decide it
	reads     []map[aspectOf]bool     // per property: everything that it has read
	read      []aspectOf              // everything that live properties have read
	version   atomic.Uint32           // incremented when read or decided changes
	opaque    atomic.Bool             // some property reads what cannot be said by aspects of the state that is judged
	anything  atomic.Bool             // some property of states is live
	open      atomic.Int32            // number of undecided properties
	violation atomic.Bool             // a property is violated
	agreed    atomic.Pointer[agreements]
}

type aspectOf struct {
	slot   int
	aspect statespace.Aspect
}

func newJudge(space statespace.Space) *judge {
	j := &judge{space: space, properties: space.Properties()}
	for i, p := range j.properties {
		var q, when *memo.Function
		switch {
		case p.Expect.OfStates():
			q = memo.NewOnce(space, "property "+p.Name, p.Holds)
			q.Learn = func(reads []statespace.Read) { j.extend(i, reads) }
			j.ofStates = append(j.ofStates, i)
		case p.Expect.OfPaths():
			q = memo.NewPredicate(space, "property "+p.Name, p.Holds)
		}
		if p.Expect == statespace.LeadsTo {
			when = memo.NewPredicate(space, "the condition of property "+p.Name, p.When)
		}
		j.predicates, j.whens = append(j.predicates, q), append(j.whens, when)
	}
	j.decided = make([]atomic.Bool, len(j.properties))
	j.found = make([][][]statespace.PartID, len(j.properties))
	j.reads = make([]map[aspectOf]bool, len(j.properties))
	j.anything.Store(len(j.ofStates) > 0)
	j.open.Store(int32(len(j.properties)))
	j.version.Store(1)
	return j
}

// succeed takes over the state of another judge of the same properties in another space.
func (j *judge) succeed(other *judge) {
	for i := range j.properties {
		if other.decided[i].Load() {
			j.settle(i)
		}
		j.predicates[i].Succeed(other.predicates[i])
		j.whens[i].Succeed(other.whens[i])
	}
}

// remarkable returns the answer that decides a property.
func remarkable(p statespace.Property) bool { return p.Expect == statespace.Sometimes }

// ask evaluates every live property of states in a state, and returns the properties that it decides.
func (j *judge) ask(r *statespace.Reading, state []statespace.PartID) (decides []int, err error) {
	for _, i := range j.ofStates {
		if j.decided[i].Load() {
			continue
		}
		answer, err := j.predicates[i].Ask(r, state)
		if err != nil {
			return nil, err
		}
		if answer == remarkable(j.properties[i]) {
			decides = append(decides, i)
		}
	}
	return decides, nil
}

// note keeps a state that decides properties until the end of its level.
func (j *judge) note(decides []int, state []statespace.PartID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, i := range decides {
		j.found[i] = append(j.found[i], slices.Clone(state))
	}
}

// extend adds to what a property reads.
func (j *judge) extend(property int, reads []statespace.Read) {
	j.mu.Lock()
	defer j.mu.Unlock()
	known := j.reads[property]
	if known == nil {
		known = make(map[aspectOf]bool)
		j.reads[property] = known
	}
	before := len(known)
	for _, r := range reads {
		known[aspectOf{int(r.Slot), r.Aspect}] = true
	}
	if len(known) > before {
		j.unite()
	}
}

// unite collects what live properties read, in the order of the slots.
func (j *judge) unite() {
	all := make(map[aspectOf]bool)
	for i, reads := range j.reads {
		if !j.decided[i].Load() {
			maps.Copy(all, reads)
		}
	}
	j.read = slices.SortedFunc(maps.Keys(all), func(a, b aspectOf) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.aspect, b.aspect))
	})
	j.version.Add(1)
}

// decide closes the properties for which states were noted, and returns the states by property.
func (j *judge) decide() map[int][][]statespace.PartID {
	j.mu.Lock()
	defer j.mu.Unlock()
	found := make(map[int][][]statespace.PartID)
	for i, states := range j.found {
		if len(states) > 0 {
			found[i] = states
			j.found[i] = nil
			j.close(i)
		}
	}
	return found
}

// settle closes a property. It reports false if the property was closed already.
func (j *judge) settle(property int) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.close(property)
}

func (j *judge) close(property int) bool {
	if j.decided[property].Swap(true) {
		return false
	}
	if j.properties[property].Expect != statespace.Sometimes {
		j.violation.Store(true)
	}
	live := false
	for _, i := range j.ofStates {
		live = live || !j.decided[i].Load()
	}
	j.anything.Store(live)
	j.open.Add(-1)
	j.unite()
	return true
}

// allDecided reports whether all properties are decided, and there is at least one.
func (j *judge) allDecided() bool { return len(j.properties) > 0 && j.open.Load() == 0 }

// evaluations counts the distinct evaluations for a property.
func (e *engine) evaluations(property int) (n int, atLeast bool) {
	for _, p := range e.asked(property) {
		more, over := p.Evaluations()
		n, atLeast = n+more, atLeast || over
	}
	return n, atLeast
}

// asked returns the functions evaluated for a property.
func (e *engine) asked(property int) []*memo.Function {
	var all []*memo.Function
	for _, p := range []*memo.Function{e.judge.predicates[property], e.judge.whens[property]} {
		if p != nil {
			all = append(all, p)
		}
	}
	for _, r := range e.refiners {
		if r.property == property {
			all = append(all, r.images)
		}
	}
	return all
}

// guards returns how often each function of the properties was called twice.
func (e *engine) guards() []statespace.Guard {
	var all []statespace.Guard
	for i := range e.judge.properties {
		for _, p := range e.asked(i) {
			all = append(all, p.Guard())
		}
	}
	return all
}
