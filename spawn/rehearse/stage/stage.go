// Package stage runs a whole cluster in one goroutine on virtual time: the step functions of package spawn, with a
// network, disks, a clock, clients and faults that are simulated. All that happens is an event on one agenda, ordered by
// time and then by when it was put there, and all chance comes from the seed, so that the same configuration gives the
// same run, to the byte, on any machine.
package stage

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"synod/actor"
	"synod/consistency/oplog"
	"synod/spawn"
	"synod/spawn/faults"
	"synod/spawn/nemesis"
	"synod/spawn/service"
)

// Config is a run. All but the last fields are required.
type Config struct {
	Program  spawn.Program
	Service  service.Service // what clients ask
	Servers  []actor.ID      // in ascending order, those of the schedule
	Client   actor.ID        // of the first client; the next ones count up from there
	Schedule nemesis.Schedule
	Workload nemesis.Workload
	Seed     uint64

	Streams   bool          // ordered streams between all, which break and are made anew; else datagrams
	Ephemeral bool          // servers keep nothing
	Timeout   time.Duration // of a client for each attempt; 0 is a second
	Retries   int           // attempts after the first one of an operation
	// Log gets a line for each event, with its virtual time; nil for none.
	Log func(at time.Duration, line string)
	// Server changes what a server is made of, each time before it starts; nil for no change. The function that it is
	// given tells the time since the beginning of the run, of which the server's own clock knows nothing.
	Server func(place int, now func() time.Duration, c spawn.Config) spawn.Config
	// Flaws are mistakes of how records are stored.
	Flaws Flaws
}

// Flaws are mistakes that a store can make; to find such is what a stage is for. The zero value makes none.
type Flaws struct {
	NoSync      bool // saves are written, and never synced
	TrustsCache bool // what is there when the store is opened is not synced
}

// Validate returns what is wrong with a configuration, or nil.
func (c Config) Validate() error {
	if err := c.Schedule.Validate(); err != nil {
		return err
	}
	if err := c.Workload.Validate(); err != nil {
		return err
	}
	switch n := len(c.Servers); {
	case c.Schedule.Servers != n || c.Workload.Servers != n:
		return fmt.Errorf("schedule for %d servers and clients for %d, but the cluster has %d", c.Schedule.Servers,
			c.Workload.Servers, n)
	case c.Timeout < 0 || c.Retries < 0:
		return errors.New("the timeout and the number of retries must not be negative")
	case c.Program.New == nil || c.Service == nil:
		return errors.New("Config must have a Program and a Service")
	}
	return nil
}

// What describes what a note is about.
type What uint8

// What notes are about.
const (
	Invoked  What = iota // a client asks
	Returned             // it has an answer
	Failed               // it has none, and what it asked has no effect
	Lost                 // it has none, and what it asked may have an effect, at any later time
)

// Note is a line of the history of the clients.
type Note struct {
	At     time.Duration
	Client int // place, from 0
	What   What
	Event  oplog.Event // what is asked, or what was answered; else the operation alone. It has no process and no time
}

// Violation is something that must not happen, and was seen by the stage itself rather than by the clients.
type Violation struct {
	At     time.Duration
	Server int // place, from 0
	Text   string
}

// String is a line.
func (v Violation) String() string {
	return fmt.Sprintf("at %v, server %d: %s", v.At, v.Server, v.Text)
}

// Outcome is what came of a run.
type Outcome struct {
	Digest        uint64 // of all events: equal for equal runs
	Notes         []Note
	Tally         nemesis.Tally
	Acknowledged, // operations that were answered, refused writes too
	Unknown, // writes that may have happened
	Failed int // reads that nobody answered
	Steps      uint64 // of servers
	Messages   uint64 // that were sent
	Restarts   uint64
	Violations []Violation // the first few
}

// maxViolations is how many violations of a run are kept.
const maxViolations = 10

// maxSteps is how many steps a server takes at one moment before it is taken for one that never waits.
const maxSteps = 100_000

// world is a run.
type world struct {
	Config
	now     time.Duration
	agenda  agenda
	nodes   []*node
	clients []*client
	callers []*Caller // instead of clients, in a Play
	network network
	state   []nemesis.Condition   // of each server, now
	coming  [][]nemesis.Condition // and from each moment on
	log     *slog.Logger
	digest  digest
	outcome Outcome
	broken  []bool // of each invariant: whether it did not hold
}

// Faults is the name of the stream of random numbers from which schedules are to be drawn.
const Faults = 0

// The names of the others. A server's, a client's and a disk's have its place added.
const (
	forNetwork  = 1
	forCrashes  = 2
	forClients  = 1 << 16
	forDisks    = 2 << 16
	forMachines = 3 << 16
)

// Run runs a cluster from the beginning to the end of its schedule. The error is one of the configuration.
func Run(c Config) (Outcome, error) {
	if err := c.Validate(); err != nil {
		return Outcome{}, err
	}
	if c.Timeout == 0 {
		c.Timeout = time.Second
	}
	w := newWorld(c)
	for place := range c.Workload.Clients {
		w.clients = append(w.clients, newClient(w, place))
	}
	for at, state := range c.Schedule.Steps() {
		w.agenda.add(event{at: at, kind: moment, who: int32(len(w.coming))})
		w.coming = append(w.coming, state)
	}
	for _, n := range w.nodes {
		n.start()
	}
	for _, k := range w.clients {
		k.think()
	}
	w.play()
	w.end()
	return w.outcome, nil
}

func newWorld(c Config) *world {
	w := &world{Config: c, log: slog.New(slog.DiscardHandler), digest: newDigest()}
	w.broken = make([]bool, len(c.Program.Invariants))
	w.network.init(w)
	w.state = make([]nemesis.Condition, len(c.Servers))
	for place, id := range c.Servers {
		w.nodes = append(w.nodes, newNode(w, place, id))
	}
	return w
}

// play takes one event after the other.
func (w *world) play() {
	for {
		e, ok := w.agenda.next()
		if !ok || e.at > w.Schedule.Duration {
			w.now = w.Schedule.Duration
			return
		}
		w.happen(e)
	}
}

// happen takes an event.
func (w *world) happen(e event) {
	w.now = e.at
	switch e.kind {
	case arrival:
		w.network.arrive(e.packet)
	case moment:
		w.change(w.coming[e.who])
	case rouse:
		if k := w.clients[e.who]; k.gen == e.gen {
			k.rouse()
		}
	case wake, synced, restart, doomed:
		if n := w.nodes[e.who]; n.gen == e.gen {
			n.happens(e.kind)
		}
	}
}

// change lets faults begin and end.
func (w *world) change(now []nemesis.Condition) {
	before := w.state
	w.state = now
	for i, n := range w.nodes {
		was, is := before[i], now[i]
		n.disk.state = is.Disk
		switch {
		case is.Off && !was.Off:
			n.condemn(true)
		case is.Down && !was.Down:
			n.condemn(false)
		}
		if is.Paused != was.Paused {
			n.pause(is.Paused)
		}
		if was.Down && !is.Down {
			n.revive()
		}
	}
	w.network.streams.reopen()
}

// end ends the run: what is in flight is neither answered nor refused.
func (w *world) end() {
	for _, k := range w.clients {
		if k.waits {
			k.abandon()
		}
	}
	w.outcome.Digest = w.digest.sum()
}

// severed reports whether a partition keeps a server from hearing another one.
func (w *world) severed(from, to int) bool {
	c := &w.state[to]
	return slices.Contains(c.Cut, from) || slices.Contains(c.Deaf, from)
}

// plan is what may affect a message: it suffers from the faults of the server that sends it, or from those of the server
// that a request goes to.
func (w *world) plan(p *packet) faults.Plan {
	switch n := len(w.nodes); {
	case p.from == p.to, w.callers != nil && max(p.from, p.to) >= n:
		return faults.Plan{}
	case p.from < n:
		return w.state[p.from].Network
	default:
		return w.state[p.to].Network
	}
}

// hold looks at the invariants after a step of a server. One that does not hold once is not looked at again.
func (w *world) hold(n *node) {
	for i, v := range w.Program.Invariants {
		if w.broken[i] {
			continue
		}
		err := v.Check(n.id, func(yield func(actor.ID, any) bool) {
			for _, other := range w.nodes {
				if other.server != nil && other.watch.begun && !yield(other.id, other.watch.Peek()) {
					return
				}
			}
		})
		if err == nil {
			continue
		}
		w.broken[i] = true
		text, wrong := n.watch.StateText()
		if wrong != nil {
			text = wrong.Error()
		}
		w.violation(n, fmt.Sprintf("%v, after the step that made its state %s", err, text))
	}
}

// violation notes that something happened that must not.
func (w *world) violation(n *node, text string) {
	if len(w.outcome.Violations) < maxViolations {
		w.outcome.Violations = append(w.outcome.Violations, Violation{w.now, n.place, text})
	}
	w.noteProcess(n, "violation: "+text)
}
