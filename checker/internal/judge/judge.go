// Package judge decides what is said of a state by the properties of a model: those of single states, where a path ends for
// quiescence, and where a transition is not one of an abstract model. Judge knows what is decided and what was noted; a
// search tells it which states it has reached, and asks Agreements first whether a state can decide anything.
package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"synod/checker/internal/memo"
	"synod/model/statespace"
)

// Judge decides the properties on new states. Most states need no evaluation: they agree with an earlier state that
// decided nothing, on everything that any live property ever read; see Agreements. Properties of paths and
// refinements are decided elsewhere, and closed here.
type Judge struct {
	Properties []statespace.Property
	space      statespace.Space
	predicates []*memo.Function // nil for a refinement
	whens      []*memo.Function // for leads to, else nil
	ofStates   []int            // the properties that are judged state by state
	refiners   []*refiner
	ends       []*Ends // for quiescence properties

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
	agreed    atomic.Pointer[Agreements]
}

type aspectOf struct {
	slot   int
	aspect statespace.Aspect
}

// New returns a judge of the properties of a space: of only one if it is named, and of none that is left undecided. The
// verdicts of the others are then meaningless.
func New(space statespace.Space, only string, leaves func(statespace.Property) bool) (*Judge, error) {
	j := newJudge(space)
	if err := j.openRefiners(leaves); err != nil {
		return nil, err
	}
	j.focus(only)
	j.leave(leaves)
	j.ends = newEnds(j)
	return j, nil
}

// Close closes the abstract models.
func (j *Judge) Close() {
	for _, r := range j.refiners {
		r.abstract.Close()
	}
}

func newJudge(space statespace.Space) *Judge {
	j := &Judge{space: space, Properties: space.Properties()}
	for i, p := range j.Properties {
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
	j.decided = make([]atomic.Bool, len(j.Properties))
	j.found = make([][][]statespace.PartID, len(j.Properties))
	j.reads = make([]map[aspectOf]bool, len(j.Properties))
	j.anything.Store(len(j.ofStates) > 0)
	j.open.Store(int32(len(j.Properties)))
	j.version.Store(1)
	return j
}

// Succeed takes over the state of another judge of the same properties in another space.
func (j *Judge) Succeed(other *Judge) {
	for i := range j.Properties {
		if other.decided[i].Load() {
			j.Settle(i)
		}
		j.predicates[i].Succeed(other.predicates[i])
		j.whens[i].Succeed(other.whens[i])
	}
	for i, r := range j.refiners {
		r.images.Succeed(other.refiners[i].images)
	}
}

// Remarkable returns the answer that decides a property.
func Remarkable(p statespace.Property) bool { return p.Expect == statespace.Sometimes }

// Ask evaluates every live property of states in a state, and returns the properties that it decides.
func (j *Judge) Ask(r *statespace.Reading, state []statespace.PartID) (decides []int, err error) {
	for _, i := range j.ofStates {
		if j.decided[i].Load() {
			continue
		}
		answer, err := j.predicates[i].Ask(r, state)
		if err != nil {
			return nil, err
		}
		if answer == Remarkable(j.Properties[i]) {
			decides = append(decides, i)
		}
	}
	return decides, nil
}

// Note keeps a state that decides properties until the end of its level.
func (j *Judge) Note(decides []int, state []statespace.PartID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, i := range decides {
		j.found[i] = append(j.found[i], slices.Clone(state))
	}
}

// extend adds to what a property reads.
func (j *Judge) extend(property int, reads []statespace.Read) {
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
func (j *Judge) unite() {
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

// Take closes the properties for which states were noted, and returns the states by property.
func (j *Judge) Take() map[int][][]statespace.PartID {
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

// Settle closes a property. It reports false if the property was closed already.
func (j *Judge) Settle(property int) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.close(property)
}

func (j *Judge) close(property int) bool {
	if j.decided[property].Swap(true) {
		return false
	}
	if j.Properties[property].Expect != statespace.Sometimes {
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

// AllDecided reports whether all properties are decided, and there is at least one.
func (j *Judge) AllDecided() bool { return len(j.Properties) > 0 && j.open.Load() == 0 }

// Decided reports whether a property is closed.
func (j *Judge) Decided(property int) bool { return j.decided[property].Load() }

// Anything reports whether some property of states is live.
func (j *Judge) Anything() bool { return j.anything.Load() }

// Violation reports whether a property is violated.
func (j *Judge) Violation() bool { return j.violation.Load() }

// Opaque reports whether some property reads what cannot be said by aspects of the state that is judged, so that no two
// states are known to agree.
func (j *Judge) Opaque() bool { return j.opaque.Load() }

// Again evaluates the live properties for a state whose answers may be known.
func (j *Judge) Again(r *statespace.Reading, state []statespace.PartID) error {
	for _, i := range j.ofStates {
		if j.decided[i].Load() {
			continue
		}
		if err := j.predicates[i].Again(r, state); err != nil {
			return err
		}
	}
	return nil
}

// Turn makes properties of states be asked about all images of a state, until over reports that the search ended
// without a result.
func (j *Judge) Turn(by statespace.Symmetry, over func() bool) {
	for _, i := range j.ofStates {
		q := j.predicates[i]
		q.Turned = &memo.Turned{Symmetry: by, Who: fmt.Sprintf("the property %q", j.Properties[i].Name), Over: over}
		q.Learn = func(reads []statespace.Read) {
			covering, ok := by.Covers(reads)
			if !ok {
				j.opaque.Store(true)
			}
			j.extend(i, covering)
		}
	}
}

// focus excludes all properties but one from judging, if it is named.
func (j *Judge) focus(name string) {
	if name == "" {
		return
	}
	live := false
	for i, p := range j.Properties {
		j.decided[i].Store(p.Name != name)
		live = live || p.Name == name
	}
	j.anything.Store(live)
	j.unite()
}

// leave closes the properties that are to stay undecided.
func (j *Judge) leave(is func(statespace.Property) bool) {
	for i, p := range j.Properties {
		if is(p) && !j.decided[i].Swap(true) {
			j.open.Add(-1)
		}
	}
}

// Holds returns what a property says of states, or nil for a refinement.
func (j *Judge) Holds(property int) *memo.Function { return j.predicates[property] }

// When returns the condition of a property, or nil if it has none.
func (j *Judge) When(property int) *memo.Function { return j.whens[property] }

// Functions returns all functions of states that are evaluated for properties.
func (j *Judge) Functions() []*memo.Function {
	var all []*memo.Function
	for i := range j.Properties {
		all = append(all, j.asked(i)...)
	}
	return all
}

// Evaluations counts the distinct evaluations for a property.
func (j *Judge) Evaluations(property int) (n int, atLeast bool) {
	for _, p := range j.asked(property) {
		more, over := p.Evaluations()
		n, atLeast = n+more, atLeast || over
	}
	return n, atLeast
}

// asked returns the functions evaluated for a property.
func (j *Judge) asked(property int) []*memo.Function {
	var all []*memo.Function
	for _, p := range []*memo.Function{j.predicates[property], j.whens[property]} {
		if p != nil {
			all = append(all, p)
		}
	}
	for _, r := range j.refiners {
		if r.Property == property {
			all = append(all, r.images)
		}
	}
	return all
}

// Guards returns how often each function of the properties was called twice.
func (j *Judge) Guards() []statespace.Guard {
	var all []statespace.Guard
	for _, p := range j.Functions() {
		all = append(all, p.Guard())
	}
	return all
}
