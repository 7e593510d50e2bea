package model

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"synod/actor"
	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
)

// Fairness is defined for sets of actions. A set is enabled in a state if one of its actions is a transition to
// another state, even one outside the state constraint. An infinite path is weakly fair to a set if it infinitely
// often takes an action of the set, or infinitely often reaches a state in which the set is not enabled. It is
// strongly fair if it infinitely often takes an action of the set, or the set is enabled in only finitely many of its
// states. A path that ends in a terminal state is fair. A transition to the same state is ignored: it neither enables
// a set nor counts as taken.
//
// docs/liveness.md has the reasons, and describes what this means on each network.

// Fair is a family of sets of actions of a system to which paths are fair: see System.WeakFair. The zero Fair is
// invalid.
type Fair struct {
	what     string // in the plural
	kind     statespace.Kind
	ids      []actor.ID   // acting actors, or recipients of messages; nil for all
	from     []actor.ID   // senders of messages; nil for all
	message  reflect.Type // of messages; nil for all
	together bool
}

// Deliveries has a set for each message that may be in flight: a message that stays deliverable is eventually
// delivered.
func Deliveries() Fair { return Fair{what: "deliveries", kind: statespace.Deliver} }

// DeliveriesTo has a set for each message that may be in flight to the given actors.
func DeliveriesTo(ids ...actor.ID) Fair {
	f := Deliveries()
	f.ids = ids
	return f
}

// DeliveriesOver has a set for each message that may be in flight from one actor to another.
func DeliveriesOver(from, to actor.ID) Fair {
	f := DeliveriesTo(to)
	f.from = []actor.ID{from}
	return f
}

// DeliveriesOf has a set for each message of type M that may be in flight; M may be an interface.
func DeliveriesOf[M any]() Fair {
	f := Deliveries()
	f.message = reflect.TypeFor[M]()
	return f
}

// Timeouts has a set for each timer of the given actors, or of all actors if none is given: a timer that stays set
// fires.
func Timeouts(of ...actor.ID) Fair { return Fair{what: "timeouts", kind: statespace.Timeout, ids: of} }

// Recoveries has a set for each of the given actors, or for all actors if none is given: an actor that is down
// recovers.
func Recoveries(of ...actor.ID) Fair {
	return Fair{what: "recoveries", kind: statespace.Recover, ids: of}
}

// Choices has a set for each choice of the given actors, or of all actors if none is given: one of the options of a
// pending choice is eventually chosen.
func Choices(of ...actor.ID) Fair { return Fair{what: "choices", kind: statespace.Choose, ids: of} }

// Heals has one set, of the steps that heal the network: a partition ends.
func Heals() Fair { return Fair{what: "heals", kind: statespace.Heal} }

// Together merges the sets of the family into one: it is enough that one of its actions is taken.
func (f Fair) Together() Fair {
	f.together = true
	return f
}

// name describes the family to people, with the names that the system has for the actors.
func (f Fair) name(sys *system) string {
	names := func(ids []actor.ID) string {
		all := make([]string, len(ids))
		for i, id := range ids {
			all[i] = sys.nameOf(id)
		}
		return strings.Join(all, ", ")
	}
	text := f.what
	if f.message != nil {
		text += " of " + f.message.Name()
	}
	if f.from != nil {
		text += " from " + names(f.from)
	}
	switch {
	case len(f.ids) == 0:
	case f.kind == statespace.Deliver:
		text += " to " + names(f.ids)
	default:
		text += " of " + names(f.ids)
	}
	if f.together {
		text += " together"
	}
	return text
}

// fairness numbers the sets of a space. A set is a condition and a key that distinguishes it within its family.
type fairness struct {
	conditions []statespace.Condition
	sets       *words.Table
	lists      *words.Table // labels
	labels     *words.Map   // by slot and action
	// member returns the key of the set of a condition that contains an action, or false if no set contains it.
	member func(condition, slot int, a statespace.ActionID) ([]uint32, bool)
	// nameOf names a set by its key from member, which is not empty.
	nameOf func(rest []uint32) string
}

func newFairness(
	arena *offheap.Arena, all []statespace.Condition, member func(int, int, statespace.ActionID) ([]uint32, bool), name func([]uint32) string,
) *fairness {
	f := &fairness{
		conditions: all, sets: words.NewTable(arena), lists: words.NewTable(arena), labels: words.NewMap(arena),
		member: member, nameOf: name,
	}
	f.lists.Intern(nil) // the label 0
	return f
}

// Fairness returns the conditions, or nil for a nil f.
func (f *fairness) Fairness() []statespace.Condition {
	if f == nil {
		return nil
	}
	return f.conditions
}

func (f *fairness) Label(slot int, a statespace.ActionID) uint32 {
	key := uint64(slot)<<32 | uint64(a)
	if label, known := f.labels.Get(key); known {
		return label
	}
	label, _ := f.labels.Put(key, func() uint32 {
		var sets []uint32
		for i := range f.conditions {
			rest, in := f.member(i, slot, a)
			if !in {
				continue
			}
			set, _ := f.sets.Intern(append([]uint32{uint32(i)}, rest...))
			sets = append(sets, set)
		}
		slices.Sort(sets)
		label, _ := f.lists.Intern(sets)
		return label
	})
	return label
}

func (f *fairness) Sets(label uint32) []uint32 { return f.lists.At(label) }

func (f *fairness) ConditionOf(set uint32) int { return int(f.sets.At(set)[0]) }

func (f *fairness) SetName(set uint32) string {
	w := f.sets.At(set)
	if len(w) > 1 {
		return f.nameOf(w[1:])
	}
	return f.conditions[w[0]].Name
}

// fairTo is a family and the strength of fairness.
type fairTo struct {
	Fair
	strong bool
}

// WeakFair declares that paths are weakly fair to the sets of families: an action set that is always enabled from
// some point on is taken. Eventually and LeadsTo then hold if they hold on all fair paths.
//
// On an unordered network without duplication, fair deliveries make a delivery that changes nothing else a
// transition, since it removes the message.
func (sys *system) WeakFair(families ...Fair) { sys.assume(false, families) }

// StrongFair declares that paths are strongly fair to the sets of families: an action set that is enabled infinitely
// often is taken.
func (sys *system) StrongFair(families ...Fair) { sys.assume(true, families) }

func (sys *system) assume(strong bool, families []Fair) {
	for _, f := range families {
		sys.fair = append(sys.fair, fairTo{f, strong})
	}
}

// fairness returns the fairness assumptions, or nil if no property depends on them.
func (sys *system) fairness() []fairTo {
	if !fairMatters(sys.properties) {
		return nil
	}
	return sys.fair
}

// fairMatters reports whether some property depends on fairness.
func fairMatters(all []statespace.Property) bool {
	return slices.ContainsFunc(all, func(p statespace.Property) bool {
		return p.Expect == statespace.Eventually || p.Expect == statespace.LeadsTo
	})
}

// deliversFairly reports whether there is a fairness assumption on deliveries.
func (sys *system) deliversFairly() bool {
	return slices.ContainsFunc(sys.fairness(), func(f fairTo) bool { return f.kind == statespace.Deliver })
}

// validateFairness returns an error for families of actions that the system does not have.
func (sys *system) validateFairness() error {
	for _, f := range sys.fair {
		if f.what == "" {
			return errors.New("fairness names no actions; use a family such as Deliveries")
		}
		if why := sys.lacks(f.kind); why != "" {
			return fmt.Errorf("fair %s, but %s; remove this fairness", f.what, why)
		}
		for _, id := range slices.Concat(f.ids, f.from) {
			if _, known := sys.ids[id]; !known {
				return fmt.Errorf("fair %s: the system has no actor %v", f.what, id)
			}
		}
	}
	return nil
}

// lacks returns why the system has no actions of a kind, or an empty string.
func (sys *system) lacks(k statespace.Kind) string {
	switch {
	case k == statespace.Timeout && !sys.hasTimers():
		return "no actor has timers"
	case k == statespace.Choose && !sys.hasChoices():
		return "no actor has choices"
	case k == statespace.Recover && sys.config.MaxDown == 0:
		return "no actor may be down"
	case k == statespace.Heal && sys.config.MaxPartitions == 0:
		return "the network is never partitioned"
	}
	return ""
}

func (sys *system) hasChoices() bool {
	return slices.ContainsFunc(sys.actors, func(m member) bool { return m.chooses })
}

// justify returns the numbered fairness assumptions of the space, or nil if there are none.
func (sp *space) justify() *fairness {
	families := sp.sys.fairness()
	if len(families) == 0 {
		return nil
	}
	var all []statespace.Condition
	for _, f := range families {
		all = append(all, statespace.Condition{Name: f.name(sp.sys), Strong: f.strong})
	}
	return newFairness(sp.arena, all, func(i, slot int, a statespace.ActionID) ([]uint32, bool) {
		return families[i].member(sp, slot, a)
	}, sp.setName)
}

// member returns the key of the set of the family that contains an action.
func (f Fair) member(sp *space, slot int, a statespace.ActionID) ([]uint32, bool) {
	c, ofActor := sp.slots[slot].(*cells)
	if !ofActor {
		return nil, f.kind == statespace.Heal && slot == sp.faults.network && a == heals
	}
	w := c.events.At(uint32(a))
	if statespace.Kind(w[0]) != f.kind || !among(f.ids, c.id) {
		return nil, false
	}
	if f.kind == statespace.Deliver {
		is := reflect.TypeOf(sp.messages.Value(w[2]))
		if f.message != nil && !isOf(is, f.message) || !among(f.from, sp.ends.id(w[1])) {
			return nil, false
		}
	}
	switch {
	case f.together:
		return nil, true
	case f.kind == statespace.Choose:
		return []uint32{uint32(slot), w[1], 1}, true
	}
	return []uint32{uint32(slot), uint32(a)}, true
}

// isOf reports whether the type of a message is wanted or implements it. A nil type implements no interface.
func isOf(is, wanted reflect.Type) bool {
	return is == wanted || is != nil && wanted.Kind() == reflect.Interface && is.Implements(wanted)
}

// among reports whether ids contains id, or is empty.
func among(ids []actor.ID, id actor.ID) bool { return len(ids) == 0 || slices.Contains(ids, id) }

// setName names a set of one action, or of the options of a choice.
func (sp *space) setName(rest []uint32) string {
	slot := int(rest[0])
	if len(rest) == 3 {
		c := sp.slots[slot].(*cells)
		return fmt.Sprintf("%s: chooses of %s", c.name(), c.optionTexts(rest[1], textAny))
	}
	return sp.Action(slot, statespace.ActionID(rest[1])).Text
}

// The methods of Just:

func (sp *space) Fairness() []statespace.Condition             { return sp.fair.Fairness() }
func (sp *space) Label(slot int, a statespace.ActionID) uint32 { return sp.fair.Label(slot, a) }
func (sp *space) Sets(label uint32) []uint32                   { return sp.fair.Sets(label) }
func (sp *space) ConditionOf(set uint32) int                   { return sp.fair.ConditionOf(set) }
func (sp *space) SetName(set uint32) string                    { return sp.fair.SetName(set) }
