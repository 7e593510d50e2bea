// Package stage runs a whole cluster in one goroutine on virtual time: the step functions of package spawn, with
// simulated network, disks, clock, clients and faults. Everything happens as an event on one agenda, ordered by time
// and then by insertion, and all randomness comes from the seed. So the same configuration gives the same run, byte
// for byte, on any machine.
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

// Config configures a run. All fields up to Streams are required.
type Config struct {
	Program  spawn.Program
	Service  service.Service // the operations of clients
	Servers  []actor.ID      // in ascending order, as in the schedule
	Client   actor.ID        // id of the first client; the others follow consecutively
	Schedule nemesis.Schedule
	Workload nemesis.Workload
	Seed     uint64

	Streams   bool          // ordered streams between all, which break and reconnect; otherwise datagrams
	Ephemeral bool          // servers do not persist state
	Timeout   time.Duration // of each attempt of a client; 0 means one second
	Retries   int           // attempts of an operation after the first
	// Log is called with a line for each event and its virtual time; nil for no log.
	Log func(at time.Duration, line string)
	// Server changes the configuration of a server each time before it starts; nil for no change. Its argument now
	// returns the time since the start of the run, which differs from the server's own clock.
	Server func(place int, now func() time.Duration, c spawn.Config) spawn.Config
	// Flaws are bugs of the store.
	Flaws Flaws
}

// Flaws are deliberate bugs of the store, which a run should detect. The zero value has none.
type Flaws struct {
	NoSync      bool // saves are written but never synced
	TrustsCache bool // the contents found when opening the store are not synced
}

// Validate returns an error if a configuration is invalid.
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

// What is the kind of a note.
type What uint8

// The kinds of notes.
const (
	Invoked  What = iota // a client sent a request
	Returned             // it got an answer
	Failed               // it got no answer, and the operation has no effect
	Lost                 // it got no answer, and the operation may take effect at any later time
)

// Note is an entry of the clients' history.
type Note struct {
	At     time.Duration
	Client int // index, from 0
	What   What
	Event  oplog.Event // the operation, with its arguments or its result; process and time are not set
}

// Violation is a forbidden event detected by the stage itself rather than through the clients.
type Violation struct {
	At     time.Duration
	Server int // index, from 0
	Text   string
}

// String returns the violation as a line of text.
func (v Violation) String() string {
	return fmt.Sprintf("at %v, server %d: %s", v.At, v.Server, v.Text)
}

// Outcome is the result of a run.
type Outcome struct {
	Digest        uint64 // of all events; equal for equal runs
	Notes         []Note
	Tally         nemesis.Tally
	Acknowledged, // operations answered, including refused writes
	Unknown, // writes that may have taken effect
	Failed int // reads without an answer
	Steps      uint64 // steps of servers
	Messages   uint64 // messages sent
	Restarts   uint64
	Violations []Violation // at most the first 10
}

// maxViolations is the number of violations kept per run.
const maxViolations = 10

// maxSteps is the number of steps at one time after which a server is assumed never to wait.
const maxSteps = 100_000

// world is the state of a run.
type world struct {
	Config
	now     time.Duration
	agenda  agenda
	nodes   []*node
	clients []*client
	callers []*Caller // replace the clients in a Play
	network network
	state   []nemesis.Condition   // current condition of each server
	coming  [][]nemesis.Condition // conditions from each moment on
	log     *slog.Logger
	digest  digest
	outcome Outcome
	broken  []bool // whether each invariant was violated
}

// Faults is the name of the random stream for drawing schedules.
const Faults = 0

// The names of the other streams. For servers, clients and disks the index is added.
const (
	forNetwork  = 1
	forCrashes  = 2
	forClients  = 1 << 16
	forDisks    = 2 << 16
	forMachines = 3 << 16
)

// Run runs a cluster until its schedule ends. It returns an error only for an invalid configuration.
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

// play processes events until the schedule ends.
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

// happen processes an event.
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

// change begins and ends faults.
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

// end ends the run: outstanding operations are abandoned.
func (w *world) end() {
	for _, k := range w.clients {
		if k.waits {
			k.abandon()
		}
	}
	w.outcome.Digest = w.digest.sum()
}

// severed reports whether a partition prevents a server from hearing another.
func (w *world) severed(from, to int) bool {
	c := &w.state[to]
	return slices.Contains(c.Cut, from) || slices.Contains(c.Deaf, from)
}

// plan returns the faults of a message: those of the server that sends it, or for a request those of the server it
// goes to.
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

// hold checks the invariants after a step of a server. Each is checked until it is first violated.
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

// violation records a violation.
func (w *world) violation(n *node, text string) {
	if len(w.outcome.Violations) < maxViolations {
		w.outcome.Violations = append(w.outcome.Violations, Violation{w.now, n.place, text})
	}
	w.noteProcess(n, "violation: "+text)
}
