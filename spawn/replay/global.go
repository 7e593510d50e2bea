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

// Global is the state of all servers and of the network between them, after an event. Nothing else refers to it.
type Global struct {
	Event   int            // its number
	Header  *record.Header // of one of the servers: the model, its configuration, and who the servers are
	Program spawn.Program  // what they run
	Servers []Local        // those with a record, in ascending order of their ids
	Flying  []Flight       // messages between servers, in the order in which they were sent first
}

// Local is the state of a server.
type Local struct {
	Server  actor.ID
	Up      bool // it has started, and neither stopped nor crashed
	Started bool // it has started at least once
	State   any  // its local state, of the actor's type of states; nil while it is down
	// Timers are those that are set, in the order in which they were, and Options those that were drawn and are still to
	// come, the next one first.
	Timers  []machine.Alarm
	Options []actor.Option
	Kept    []storage.Record // what is on its disk
	// KeptValue is what Kept stands for, of the type that the actor's Keep returns; nil if there is nothing.
	KeptValue any
	Now       time.Duration // its own time at its last event
}

// Flight is a message that was sent and did not come yet; it may never come.
type Flight struct {
	From, To actor.ID
	Data     []byte
	Message  any   // of the actor's type of messages
	Sent     []int // the numbers of the events that sent a copy each, in order
}

// Global returns the state as it is now.
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

// up reports whether a server has started, and neither stopped nor crashed. After an event that was undone it is as good as
// dead.
func (s *server) up() bool { return s.machine != nil && s.steps > 0 && !s.undone }

// look fills in what the machine of a server, and one like it, know.
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

// Message reads a message that a server sent or received.
func (r *Run) Message(data []byte) (any, error) { return r.message(data) }

// Peer reports whether one of the two is a server of the other's cluster.
func (r *Run) Peer(server, other actor.ID) bool {
	s := r.sequence(server)
	return s != nil && r.peer(s, other)
}

// message reads a message that a server sent. All servers speak the same language.
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

// At replays the records to an event, counted from 1, and gives the state after it. Visit and Until of the Config do not
// count.
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
