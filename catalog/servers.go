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

// Servers describes how the servers of an entry run on a network, and how clients must use them. Program is required.
type Servers struct {
	// Options are the servers' own options, besides those of all models.
	Options []ServerOption
	// Program returns the program of the servers. The variant has been validated.
	Program func(v Variant) spawn.Program
	// Invariants must hold of the servers at all times; see package invariant.
	Invariants []invariant.Checked
	// Around returns the model of such servers that starts at a moment of a recorded run. Past returns a tracker of what
	// clients did in that run, for Around. If they are nil, package around derives both from Program and Service; set
	// them if the entry knows more.
	Around func(v Variant, m Moment) (model.Source, error)
	Past   func() Past

	// Service is the client interface of the servers and the object that they implement; nil if no command can be their
	// client.
	Service service.Service
	// Writes is the default number of writes per client; 0 means unlimited.
	Writes int
	// Once reports that the servers take a repeated request for a new one, so that clients must not resend requests.
	Once bool
	// Rare are the kinds of faults that may affect no message; a run without them still counts as evidence.
	Rare []nemesis.Kind
}

// ServerOption is an option of servers.
type ServerOption struct {
	Name    string // the flag's name
	Doc     string // one line
	Bare    string // the value of the flag without an argument; empty if it needs one
	Usual   string // the default for serving; empty for none
	Tried   string // the default under fault injection and in simulation; empty for none
	Expects string // a noun phrase for errors, such as "a duration of at least 10ms"
	// Valid reports whether a value is valid.
	Valid func(value string) bool
}

// Variant holds the values of server options that differ from the defaults, by name. Nil means all defaults.
type Variant map[string]string

// Usual returns v with the defaults for serving filled in.
func (s *Servers) Usual(v Variant) Variant {
	return s.with(v, func(o ServerOption) string { return o.Usual })
}

// Tried returns v with the defaults for fault injection filled in.
func (s *Servers) Tried(v Variant) Variant {
	return s.with(v, func(o ServerOption) string { return o.Tried })
}

// with returns a copy of v with missing options filled in. It does not change v.
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

// Check returns an error if a variant is invalid, or else nil.
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

// Spawned returns the named entry if its servers can run on a network, or else an error that lists the entries that
// can.
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

// Served returns the names of the entries whose servers accept clients, in their order.
func (c Catalogue) Served() []string {
	return c.names(func(e Entry) bool { return e.Servers != nil && e.Servers.Service != nil })
}

// Asked returns the named entry if its servers accept clients, or else an error that lists the entries that do.
func (c Catalogue) Asked(name string) (Entry, error) {
	e, err := c.Spawned(name)
	if err == nil && e.Servers.Service == nil {
		err = fmt.Errorf("the entry of model %s declares no service for clients: %s", name, expectedOne(c.Served()))
	}
	return e, err
}

// Program returns the program of an entry's servers, or an error if the name or variant is invalid.
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

// Around returns the model of an entry's servers that starts at a moment of a recorded run.
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

// Past tracks what clients did in a recorded run. It is told of each message that a server received from or sent to a
// client, in the order of the run, as values of the servers' message type.
type Past interface {
	Received(event int, server, from actor.ID, message any)
	Sent(event int, server, to actor.ID, message any)
	// Judge evaluates what was observed. If ctx is done first, the result is unjudged.
	Judge(ctx context.Context) (Before, error)
}

// Before summarizes what clients did before a check starts.
type Before struct {
	Requests int       // received by servers
	Violated string    // the violation so far; empty if there is none
	Unjudged string    // why consistency cannot be decided afterwards; empty if it can
	History  any       // a short history equivalent to all of it, see Moment
	Waiting  []Waiting // clients without an answer
	First    actor.ID  // the first of a large range of unused client ids
}

// Moment is a state of a recorded run from which a check starts, and the clients to add.
type Moment struct {
	Servers []actor.ID               // in ascending order
	Actors  map[actor.ID]model.Begun // the servers that have started
	Flights []actor.Envelope[any]    // messages in flight
	Waiting []Waiting                // clients that wait for an answer and send nothing else
	Before  any                      // the history of the clients before, of the type that the model records
	First   actor.ID                 // the id of the first new client; the ids after it are unused too
	Forget  bool                     // servers do not persist state
	// Unjudged is set if too little is known of the past to decide whether the whole is consistent.
	Unjudged bool

	Clients, Puts, Readers int // new clients, the puts of each, and read-only clients
	Config                 model.Config
}

// Waiting is a client that waits for the answer to a request.
type Waiting struct {
	Client  actor.ID
	Request uint64
}
