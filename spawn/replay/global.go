package replay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/record"
	"synod/storage"
)

// Global is the state of all servers and of the network between them after an event. It shares no memory with the
// run.
type Global struct {
	Event   int            // number of the event
	Header  *record.Header // of one of the servers: the model, its configuration and the cluster
	Program spawn.Program  // the program of the servers
	Servers []Local        // servers with a record, in ascending order of id
	Flying  []Flight       // messages between servers, in order of first sending
}

// Local is the state of a server.
type Local struct {
	Server  actor.ID
	Up      bool // it has started, and neither stopped nor crashed
	Started bool // it has started at least once
	State   any  // local state, of the actor's state type; nil while it is down
	// Timers are the timers that are set, in the order of setting. Options are the options drawn but not yet chosen,
	// next one first.
	Timers  []machine.Alarm
	Options []actor.Option
	Kept    []storage.Record // contents of its disk
	// KeptValue is the value of Kept, of the type that the actor's Keep returns; nil if Kept is empty.
	KeptValue any
	Now       time.Duration // local time of its last event
}

// Flight is a message that was sent but not received; it may never be received.
type Flight struct {
	From, To actor.ID
	Data     []byte
	Message  any   // of the actor's message type
	Sent     []int // numbers of the events that sent a copy, in order
}

// Global returns the current state.
func (r *Run) Global() (*Global, error) {
	g := &Global{Event: r.events}
	for _, s := range r.servers {
		l := Local{
			Server: s.server, Up: s.up(), Started: s.summary.Events > 0, Kept: slices.Clone(s.kept), Now: s.at,
		}
		if s.program != nil {
			g.Header, g.Program = s.header, *s.program
		}
		if err := s.look(&l); err != nil {
			return nil, err
		}
		g.Servers = append(g.Servers, l)
	}
	for _, way := range slices.SortedFunc(maps.Keys(r.links), func(a, b link) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	}) {
		for _, l := range r.links[way].flying() {
			f := Flight{From: way.from, To: way.to, Data: slices.Clone(l.data), Sent: slices.Clone(l.events)}
			var err error
			if f.Message, err = r.message(l.data); err != nil {
				return nil, err
			}
			g.Flying = append(g.Flying, f)
		}
	}
	slices.SortStableFunc(g.Flying, func(a, b Flight) int { return cmp.Compare(a.Sent[0], b.Sent[0]) })
	return g, nil
}

// up reports whether a server has started, and neither stopped nor crashed. A server whose last event was undone is
// down.
func (s *server) up() bool { return s.machine != nil && s.steps > 0 && !s.undone }

// look fills in the parts of the state that the machine can decode.
func (s *server) look(l *Local) error {
	if s.up() {
		var err error
		if l.State, err = s.machine.Local(); err != nil {
			return err
		}
		l.Timers, l.Options = s.machine.Alarms(), s.machine.Options()
	}
	if len(s.kept) == 0 || s.header == nil {
		return nil
	}
	var err error
	reader := s.program.New(s.server, s.header.Servers, true, &draws{})
	if l.KeptValue, err = reader.Kept(s.kept); err != nil {
		return fmt.Errorf("what %s keeps: %w", spawn.Describe(s.server), err)
	}
	return nil
}

// Message decodes a message that a server sent or received.
func (r *Run) Message(data []byte) (any, error) { return r.message(data) }

// Peer reports whether other is a server of the same cluster as server.
func (r *Run) Peer(server, other actor.ID) bool {
	s := r.sequence(server)
	return s != nil && r.peer(s, other)
}

// message decodes a message. All servers use the same encoding.
func (r *Run) message(data []byte) (any, error) {
	for _, s := range r.servers {
		if s.machine != nil {
			return s.machine.Message(data)
		}
	}
	s := r.servers[0]
	for _, other := range r.servers {
		if other.program != nil {
			s = other
		}
	}
	return s.program.New(s.server, s.header.Servers, false, &draws{}).Message(data)
}

// At replays the records up to an event, counted from 1, and returns the state after it. It ignores Visit and Until
// of the Config.
func (r *Records) At(c Config, event int) (*Global, error) {
	var at *Run
	c.Visit = func(_ *Event, run *Run) error {
		at = run
		return nil
	}
	c.Until = event
	result, err := r.Run(c)
	switch {
	case err != nil:
		return nil, err
	case event < 1 || result.Events < event:
		return nil, fmt.Errorf("event %d: must be from 1 to %d", event, result.Events)
	}
	return at.Global()
}
