package model

import (
	"fmt"
	"reflect"

	"synod/actor"
	"synod/model/statespace"
	"synod/network"
)

// Config is the environment of a system. The zero value is an unordered network that neither duplicates nor loses.
type Config struct {
	Network network.Semantics
	Lossy   bool // every message in flight may be lost, explicitly: a step of its own
	// ElideLosses leaves the losses of a Lossy system out where they change no verdict; see System.Monotone.
	ElideLosses bool
	// MaxDown is how many of the actors that may crash (see System.Crashable) are down at once, at most. With 0 none ever
	// is.
	MaxDown int
	// MaxCrashes is how many crashes a path has, at most; 0 is no bound. Without one a space may be infinite, if the network
	// duplicates or a recovery sends.
	MaxCrashes int
	// MaxDrops is how many messages are lost on a path, at most, if the system is Lossy; 0 is no bound.
	MaxDrops int
	// MaxTimeouts is how often a timer fires on a path, at most; 0 is no bound.
	MaxTimeouts int
	// TimersLast lets a timer fire only in a state in which nothing is delivered and no choice is made: as if messages were
	// faster than all timers. Losses, crashes and recoveries may happen at any time, and keep no timer from firing.
	TimersLast bool
	// OneCopy puts no message beside an equal one of the same sender that is in flight already: a copy too many is lost. What
	// is sent again and again to an actor that is down, or cut off, makes no more states then. On a network that duplicates
	// this is so anyway.
	OneCopy bool
	// MaxPartitions is how often the network is partitioned on a path, at most; with 0 it never is. See System.Partition.
	MaxPartitions int
}

// System is a model of actors that send one another messages M over a network. Add actors, then properties; a System
// may be checked several times, and concurrently, once it is complete.
type System[M any] struct{ system }

// system is a System without the type of its messages.
type system struct {
	owner        *owner
	messages     reflect.Type
	config       Config
	actors       []member
	ids          map[actor.ID]int // id -> slot
	roles        map[actor.ID]string
	observers    []watcher
	properties   []statespace.Property
	boundary     func(*statespace.Reading) bool
	picks        []pick
	projections  []projection
	crashable    []actor.ID
	partitions   [][]actor.ID // sides, each sorted
	monotone     []string     // names of properties
	fair         []fairTo
	explain      func(all []Happening[any], each func(i int, explain func() []string))
	picture      func(path []Happening[any], now View) []Picture
	begin        beginning
	described    description
	interchanges []interchange
	belongings   map[actor.ID][]any // of interchangeable actors
	err          error              // the first mistake in putting the system together, reported by Space
}

// member is an actor of a system.
type member struct {
	id actor.ID
	handlers
}

// NewSystem returns a system without actors.
func NewSystem[M any](c Config) *System[M] {
	return &System[M]{system{owner: new(owner), messages: reflect.TypeFor[M](), config: c, ids: make(map[actor.ID]int), roles: make(map[actor.ID]string)}}
}

// Roles sets the role of actors, a word: people then read of server 0 and client 3. Actors without a role are called by
// their numbers. What names actors for programs does not change: keys of actions and contents of states have numbers.
func (sys *System[M]) Roles(role string, ids ...actor.ID) {
	for _, id := range ids {
		sys.roles[id] = role
	}
}

// Ref refers to an actor of a system with local state S, to read it in a property.
// Reading a state of another system through it ends the check with an error, and so does the zero Ref.
type Ref[S any] struct {
	of   *owner
	slot int
}

// Add adds an actor. Two of the same id are a mistake that the check reports.
func Add[S, M any](sys *System[M], id actor.ID, a actor.Typed[S, M]) Ref[S] {
	slot := len(sys.actors)
	if _, double := sys.ids[id]; double {
		sys.Check(fmt.Errorf("actor %v was added twice", id))
	}
	if a.Start == nil || a.Receive == nil {
		sys.Check(fmt.Errorf("actor %v must have both Start and Receive", id))
	}
	sys.ids[id] = slot
	sys.actors = append(sys.actors, member{id, erase(a)})
	return Ref[S]{sys.owner, slot}
}

// In reads the actor's local state. The second result is false when the actor is down.
func (r Ref[S]) In(v View) (S, bool) {
	local, up := v.local(r.of, r.slot)
	return as[S](local), up
}

// Projection is a part of an actor's local state, or anything computed from it, to read in a property. A property that
// reads projections is judged once per combination of their values, which are few where local states are many.
type Projection[T any] struct {
	of     *owner
	slot   int
	aspect statespace.Aspect
}

// projection is a Projection without its types.
type projection struct {
	slot int
	of   func(local any) any
}

// Project declares a projection of an actor's local state, of any type that a state may have. The function must be pure.
func Project[M, S, T any](sys *System[M], r Ref[S], of func(S) T) Projection[T] {
	sys.owns(r.of, "Project: a Ref", "Add")
	sys.projections = append(sys.projections, projection{r.slot, func(local any) any {
		return of(as[S](local))
	}})
	return Projection[T]{sys.owner, r.slot, aspectProjections + statespace.Aspect(len(sys.projections)-1)}
}

// In reads the projection. The second result is false when the actor is down.
func (p Projection[T]) In(v View) (T, bool) {
	value, up := v.projected(p.of, p.slot, p.aspect)
	return as[T](value), up
}

// History refers to what an observer remembers, to read it in a property.
type History[H any] struct {
	of       *owner
	observer int
}

// Record lets an observer watch. What it remembers is part of the state; if the observer demands something of it, that
// is an always property of the observer's name.
func Record[M, H any](sys *System[M], o actor.Observer[M, H]) History[H] {
	ref := History[H]{sys.owner, len(sys.observers)}
	if o.Name == "" || o.Next == nil {
		sys.Check(fmt.Errorf("observer %q must have both Name and Next", o.Name))
	}
	for _, other := range sys.observers {
		if other.name == o.Name {
			sys.Check(fmt.Errorf("observer %q was added twice", o.Name))
		}
	}
	sys.observers = append(sys.observers, eraseObserver(o))
	if o.Holds != nil {
		sys.Always(o.Name, func(v View) bool { return o.Holds(ref.In(v)) })
	}
	return ref
}

// In reads what the observer remembers.
func (r History[H]) In(v View) H {
	return as[H](v.remembered(r.of, r.observer))
}

// Always adds the property that every reachable state satisfies holds.
func (sys *system) Always(name string, holds func(View) bool) {
	sys.property(statespace.Property{Name: name, Expect: statespace.Always, Holds: through(holds)})
}

// Sometimes adds the property that some reachable state satisfies holds.
func (sys *system) Sometimes(name string, holds func(View) bool) {
	sys.property(statespace.Property{Name: name, Expect: statespace.Sometimes, Holds: through(holds)})
}

func (sys *system) property(p statespace.Property) {
	sys.Check(validate(p, sys.properties))
	sys.properties = append(sys.properties, p)
}

// Within sets the boundary: states that do not satisfy inside are neither counted nor generated, and the verdicts say so.
func (sys *system) Within(inside func(View) bool) { sys.boundary = through(inside) }

// Check reports a mistake in the system's configuration, if err is one, when the system is checked: so that a function
// that composes a system need not return an error.
func (sys *system) Check(err error) {
	if sys.err == nil {
		sys.err = err
	}
}

// Space builds the tables of one check.
func (sys *system) Space() (statespace.Space, error) {
	if sys.err != nil {
		return nil, sys.err
	}
	if len(sys.actors) == 0 {
		return nil, fmt.Errorf("the system has no actors")
	}
	if err := sys.validate(); err != nil {
		return nil, err
	}
	return newSpace(sys)
}

// Selection is a question about the messages in flight: which values a function picks from them. It is decided once
// per mailbox, not per state.
type Selection[M, T any] struct {
	of    *owner
	index int
}

// pick is a Selection without its types.
type pick func(actor.Envelope[any]) (any, bool)

// Select declares a question: choose gives a value for each of the messages that matter. The function must be pure.
func Select[M, T any](sys *System[M], choose func(actor.Envelope[M]) (T, bool)) Selection[M, T] {
	sys.picks = append(sys.picks, func(e actor.Envelope[any]) (any, bool) {
		return choose(envelopeOf[M](e))
	})
	return Selection[M, T]{sys.owner, len(sys.picks) - 1}
}

// InFlight returns the distinct picked values of all messages in flight, also of those to nobody or behind others, in
// the order of their content.
func (s Selection[M, T]) InFlight(v View) []T {
	return allAs[T](v.picked(s.of, s.index, false))
}

// Deliverable returns the distinct picked values of the messages that may be delivered next, in the order of their content.
func (s Selection[M, T]) Deliverable(v View) []T {
	return allAs[T](v.picked(s.of, s.index, true))
}

// InFlight returns the messages in flight in a state, with how many copies there are: by recipient, sender, and then by
// content or, on an ordered network, time. A property that reads it is judged once per combination of all mailboxes;
// Select is cheaper.
func (sys *System[M]) InFlight(v View) []Flight[M] {
	var all []Flight[M]
	for _, f := range sys.flights(v) {
		all = append(all, Flight[M]{envelopeOf[M](f.Envelope), f.Copies, f.Deliverable})
	}
	return all
}

func (sys *system) flights(v View) []Flight[any] {
	sp := v.space(sys.owner, "System", "")
	var all []Flight[any]
	for slot := range sp.held() {
		flights := sp.flights(slot, v.read(slot, aspectMailbox))
		down := slot != sp.nobody && sys.crashes(sys.actors[slot].id) && v.read(slot, aspectUp) == 0
		for i := range flights {
			f := &flights[i]
			f.Deliverable = f.Deliverable && !down && !sp.severed(v, f.Envelope)
		}
		all = append(all, flights...)
	}
	return all
}

// Flight is a distinct message in flight.
type Flight[M any] struct {
	Envelope    actor.Envelope[M]
	Copies      int
	Deliverable bool
}
