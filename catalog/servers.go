package catalog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"synod/actor"
	"synod/invariant"
	"synod/model"
	"synod/spawn"
	"synod/spawn/nemesis"
	"synod/spawn/service"
)

// Servers describes how the servers of an entry run for real, and how their clients must treat them. Program is
// required.
type Servers struct {
	// Options are what can be chosen of the servers, besides what can be chosen of those of every model.
	Options []ServerOption
	// Program returns what they run. The variant was checked.
	Program func(v Variant) spawn.Program
	// Invariants are what must hold of them at every moment, see package invariant.
	Invariants []invariant.Checked
	// Around returns the model of such servers that begins in a moment of a recorded run, and Past what follows what clients did in
	// a run, from its beginning, for Around. They are for an entry that knows more than package around, which makes both of
	// Program and Service where they are nil.
	Around func(v Variant, m Moment) (model.Source, error)
	Past   func() Past

	// Service is what clients ask, and the object that they see; nil if nobody can be a client of it by a command.
	Service service.Service
	// Writes is how many writes each client makes unless told; 0 for no limit.
	Writes int
	// Once is set if they take a request that comes again for another one, so that clients must not repeat any.
	Once bool
	// Rare are kinds of faults that may meet nothing, without which a run is evidence all the same.
	Rare []nemesis.Kind
}

// ServerOption is a word that servers may be given.
type ServerOption struct {
	Name    string // as a flag
	Doc     string // one line
	Bare    string // the value of the flag without one; empty if it needs one
	Usual   string // the value of servers that serve, unless given; empty for none
	Tried   string // the value under faults and on virtual time, unless given; empty for none
	Expects string // a noun phrase for errors, such as "a duration of at least 10ms"
	// Valid reports whether a value is one.
	Valid func(value string) bool
}

// Variant is how servers differ from those of the defaults: the values of options, by name. Nil is the defaults.
type Variant map[string]string

// Usual returns a variant with the values that options have in servers that serve where it has none.
func (s *Servers) Usual(v Variant) Variant {
	return s.with(v, func(o ServerOption) string { return o.Usual })
}

// Tried returns a variant with the values that options have under faults where it has none.
func (s *Servers) Tried(v Variant) Variant {
	return s.with(v, func(o ServerOption) string { return o.Tried })
}

// with returns a variant with the values that options have by themselves where it has none. The variant stays as it is.
func (s *Servers) with(v Variant, value func(ServerOption) string) Variant {
	full := maps.Clone(v)
	if full == nil {
		full = make(Variant)
	}
	for _, o := range s.Options {
		if _, given := full[o.Name]; !given && value(o) != "" {
			full[o.Name] = value(o)
		}
	}
	return full
}

// Check returns an error that says what was expected of a variant, or nil.
func (e Entry) Check(v Variant) error {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		at := slices.IndexFunc(e.Servers.Options, func(o ServerOption) bool { return o.Name == name })
		if at < 0 {
			var known []string
			for _, o := range e.Servers.Options {
				known = append(known, o.Name)
			}
			return &UnknownError{Kind: "option", Name: name, Of: " of servers of the model " + e.Name, Known: known}
		}
		if o := e.Servers.Options[at]; !o.Valid(v[name]) {
			return fmt.Errorf("%s %q: expected %s", name, v[name], o.Expects)
		}
	}
	return nil
}

// Spawned returns the entry with a name if its servers can run for real, or else an error that says which can.
func (c Catalogue) Spawned(name string) (Entry, error) {
	e, err := c.Find(name)
	var unknown *UnknownError
	if errors.As(err, &unknown) {
		unknown.Known = c.Spawnable()
	}
	if err == nil && e.Servers == nil {
		err = fmt.Errorf("the model %s has no servers to run: %s", name, expectedOne(c.Spawnable()))
	}
	return e, err
}

func expectedOne(names []string) string {
	if len(names) == 0 {
		return "no model here has any"
	}
	return "expected one of " + strings.Join(names, ", ")
}

// Served returns the names of the entries whose servers clients can ask, in their order.
func (c Catalogue) Served() []string {
	return c.names(func(e Entry) bool { return e.Servers != nil && e.Servers.Service != nil })
}

// Asked returns the entry with a name if clients can ask its servers, or else an error that says which can be asked.
func (c Catalogue) Asked(name string) (Entry, error) {
	e, err := c.Spawned(name)
	if err == nil && e.Servers.Service == nil {
		err = fmt.Errorf("the entry of model %s declares no service for clients: %s", name, expectedOne(c.Served()))
	}
	return e, err
}

// Program returns what the servers of an entry run, or an error that says what was expected.
func (c Catalogue) Program(name string, v Variant) (spawn.Program, error) {
	e, err := c.Spawned(name)
	if err == nil {
		err = e.Check(v)
	}
	if err != nil {
		return spawn.Program{}, err
	}
	p := e.Servers.Program(v)
	p.Invariants = append(slices.Clone(p.Invariants), e.Servers.Invariants...)
	return p, nil
}

// Around returns the model of an entry's servers that begins in a moment of a recorded run.
func (c Catalogue) Around(name string, v Variant, m Moment) (model.Source, error) {
	e, err := c.Spawned(name)
	if err == nil {
		err = e.Check(v)
	}
	switch {
	case err != nil:
		return nil, err
	case e.Servers.Around == nil:
		return nil, fmt.Errorf("model %s does not support exploration around a recorded run", name)
	}
	return e.Servers.Around(v, m)
}

// Past follows what clients did in a recorded run: it is told of each message that a server received from a client or sent
// to one, in the order of the run, as values of the servers' messages.
type Past interface {
	Received(event int, server, from actor.ID, message any)
	Sent(event int, server, to actor.ID, message any)
	// Judge returns what all of it comes to. When ctx is done first, that is not judged.
	Judge(ctx context.Context) (Before, error)
}

// Before is what clients had done when a check begins.
type Before struct {
	Requests int       // that servers had received
	Violated string    // what is wrong already; empty if nothing is
	Unjudged string    // why the consistency of the whole cannot be judged afterwards; empty if it can
	History  any       // a short history that stands for all of it, see Moment
	Waiting  []Waiting // clients that have no answer yet
	First    actor.ID  // the first of many ids in a row that no client has
}

// Moment is a state of a recorded run where a check begins, and what comes new into it.
type Moment struct {
	Servers []actor.ID               // in ascending order
	Actors  map[actor.ID]model.Begun // the servers that have begun
	Flights []actor.Envelope[any]    // messages in flight
	Waiting []Waiting                // clients that wait for an answer, and ask for nothing else
	Before  any                      // what clients had done, a history of the kind that the model records
	First   actor.ID                 // the id of the first new client; those that follow are free as well
	Forget  bool                     // a server that crashes forgets everything
	// Unjudged is set if too little is known of what was before to tell whether the whole is consistent.
	Unjudged bool

	Clients, Puts, Readers int // new clients, the puts of each, and clients that only read
	Config                 model.Config
}

// Waiting is a client that waits for the answer to a request.
type Waiting struct {
	Client  actor.ID
	Request uint64
}
