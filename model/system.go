package model

import (
	"fmt"
	"reflect"

	"synod/actor"
	"synod/model/statespace"
	"synod/network"
)

// Config is the environment of a system. The zero value is an unordered network that neither duplicates nor loses
// messages.
type Config struct {
	Network network.Semantics
	Lossy   bool // every message in flight may be lost, as an explicit step
	// ElideLosses omits the losses of a Lossy system where they change no verdict; see System.Monotone.
	ElideLosses bool
	// MaxDown is the maximum number of actors that are down at once, of those that may crash (see System.Crashable).
	// With 0 there are no crashes.
	MaxDown int
	// MaxCrashes is the maximum number of crashes on a path; 0 means no limit. Without a limit the state space may be
	// infinite, if the network duplicates or a recovery sends messages.
	MaxCrashes int
	// MaxDrops is the maximum number of message losses on a path of a Lossy system; 0 means no limit.
	MaxDrops int
	// MaxTimeouts is the maximum number of timeouts on a path; 0 means no limit.
	MaxTimeouts int
	// TimersLast restricts timeouts to states without possible deliveries and choices, as if messages were faster than
	// all timers. Losses, crashes and recoveries may happen at any time, and do not prevent a timeout.
	TimersLast bool
	// OneCopy drops a message that is sent while an equal one from the same sender is in flight. Repeated messages to an
	// actor that is down or cut off then add no states. A network that duplicates behaves like this anyway.
	OneCopy bool
	// MaxPartitions is the maximum number of partitions of the network on a path; with 0 there are none. See
	// System.Partition.
	MaxPartitions int
}

// System is a model of actors that exchange messages of type M over a network. Add actors, then properties. A
// complete System may be checked several times, also concurrently.
type System[M any] struct{ system }

// system is a System without its message type.
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
	err          error              // the first configuration error, returned by Space
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

// Roles sets the role of actors, such as "server", for display: "server 0". Actors without a role are displayed by
// their numbers. Keys of actions and contents of states use numbers in any case.
func (sys *System[M]) Roles(role string, ids ...actor.ID) {
	for _, id := range ids {
		sys.roles[id] = role
	}
}

// Ref refers to an actor of a system with local state S, to read it in a property. Reading a state of another system
// through it ends the check with an error; so does the zero Ref.
type Ref[S any] struct {
	of   *owner
	slot int
}

// Add adds an actor. A duplicate id is an error that the check reports.
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

// In returns the actor's local state. The second result is false if the actor is down.
func (r Ref[S]) In(v View) (S, bool) {
	local, up := v.local(r.of, r.slot)
	return as[S](local), up
}

// Projection is a part of an actor's local state, or any value computed from it, to read in a property. A property
// that reads projections is evaluated once per combination of their values, of which there are often far fewer than
// local states.
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

// Project declares a projection of an actor's local state. T may be any type that is valid in a state. The function
// must be pure.
func Project[M, S, T any](sys *System[M], r Ref[S], of func(S) T) Projection[T] {
	sys.owns(r.of, "Project: a Ref", "Add")
	sys.projections = append(sys.projections, projection{r.slot, func(local any) any {
		return of(as[S](local))
	}})
	return Projection[T]{sys.owner, r.slot, aspectProjections + statespace.Aspect(len(sys.projections)-1)}
}

// In returns the value of the projection. The second result is false if the actor is down.
func (p Projection[T]) In(v View) (T, bool) {
	value, up := v.projected(p.of, p.slot, p.aspect)
	return as[T](value), up
}

// History refers to the memory of an observer, to read it in a property.
type History[H any] struct {
	of       *owner
	observer int
}

// Record adds an observer. Its memory is part of the state. If the observer has a requirement on its memory, that is
// an always property with the observer's name.
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

// In returns the memory of the observer.
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

// Within sets the state constraint: states that do not satisfy inside are neither counted nor generated, and the
// verdicts report that.
func (sys *system) Within(inside func(View) bool) { sys.boundary = through(inside) }

// Check makes the check of the system report err, if it is not nil and the first such error. With it, a function that
// composes a system need not return an error.
func (sys *system) Check(err error) {
	if sys.err == nil {
		sys.err = err
	}
}

// Space creates the tables of one check.
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

// Selection is a query on the messages in flight: the values that a function picks from them. It is evaluated once
// per mailbox, not per state.
type Selection[M, T any] struct {
	of    *owner
	index int
}

// pick is a Selection without its types.
type pick func(actor.Envelope[any]) (any, bool)

// Select declares a query: choose returns a value, and true, for each relevant message. The function must be pure.
func Select[M, T any](sys *System[M], choose func(actor.Envelope[M]) (T, bool)) Selection[M, T] {
	sys.picks = append(sys.picks, func(e actor.Envelope[any]) (any, bool) {
		return choose(envelopeOf[M](e))
	})
	return Selection[M, T]{sys.owner, len(sys.picks) - 1}
}

// InFlight returns the distinct picked values of all messages in flight, including undeliverable and blocked ones, in
// the order of their content.
func (s Selection[M, T]) InFlight(v View) []T {
	return allAs[T](v.picked(s.of, s.index, false))
}

// Deliverable returns the distinct picked values of the messages that can be delivered next, in the order of their
// content.
func (s Selection[M, T]) Deliverable(v View) []T {
	return allAs[T](v.picked(s.of, s.index, true))
}

// InFlight returns the messages in flight in a state, with the number of copies: by recipient, sender, and then by
// content or, on an ordered network, by time. A property that reads it is evaluated once per combination of all
// mailboxes; Select is cheaper.
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
