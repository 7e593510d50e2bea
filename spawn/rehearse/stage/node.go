package stage

import (
	"errors"
	"fmt"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/nemesis"
)

// never is the time of an event that does not happen.
const never = time.Duration(-1)

// doom is the moment at which a server dies.
type doom uint8

const (
	noDoom  doom = iota
	inSave       // during its next save
	inSends      // after some of the messages of the next step that sends any
)

// doomPatience is how long a server may wait for that moment; then it dies anyway.
const doomPatience = 300 * time.Millisecond

// node is the place of a server: a permanent disk, and processes that come and go.
type node struct {
	w     *world
	place int
	id    actor.ID
	disk  disk
	watch watch
	gen   uint32 // incremented at the start and at the end of each process
	// The fields below belong to the process.
	server *spawn.Server // nil if no process runs
	random *Source       // of the server's machine
	began  time.Duration // when its clock showed 0
	paused bool
	inbox  queue
	wakeAt time.Duration // time of the scheduled wake-up, or never
	same   int           // steps at the current time

	saving bool          // a save is in progress, and the process waits for it
	ahead  time.Duration // how long after now that save completes, during a step
	outbox []*packet     // messages to send when the save completes

	doom  doom
	power bool // the machine dies with it
	left  int  // messages to send before it dies, if inSends
}

func newNode(w *world, place int, id actor.ID) *node {
	n := &node{w: w, place: place, id: id, wakeAt: never}
	n.disk.init(n)
	n.watch.node = n
	return n
}

// start starts a process, unless one runs or the server must be down.
func (n *node) start() {
	if n.server != nil || n.w.state[n.place].Down {
		return
	}
	n.gen++
	n.w.outcome.Restarts++
	n.random = NewSource(n.w.Seed, forMachines+uint64(n.place)<<32+uint64(n.gen))
	n.began, n.same = n.w.now, 0
	n.paused, n.doom, n.power = false, noDoom, false
	inside := n.w.Program.New(n.id, n.w.Servers, !n.w.Ephemeral, n.random)
	c := spawn.Config{
		Machine: inside, Transport: port{n}, Store: &n.disk, Clock: n.clock, Log: n.w.log,
	}
	if n.w.Server != nil {
		c = n.w.Server(n.place, func() time.Duration { return n.w.now }, c)
	}
	n.watch.begin(c.Machine, inside)
	c.Machine = &n.watch
	n.server = spawn.NewServer(c)
	n.w.noteProcess(n, "process begins")
	n.w.network.streams.reopen()
	if n.attempt(n.begin) {
		n.pump()
	}
}

// begin opens the store, if the server is durable, and takes the first step.
func (n *node) begin() error {
	if n.server.Machine.Durable() {
		if err := n.disk.open(); err != nil {
			return err
		}
	}
	return n.server.Begin()
}

// happens handles an event of the process.
func (n *node) happens(k kind) {
	switch k {
	case wake:
		n.wakeAt, n.same = never, 0
		n.pump()
	case synced:
		n.same = 0
		n.sync()
	case restart:
		n.start()
	case doomed:
		n.die()
	default:
	}
}

// clock returns the time that the process sees: within a step, it includes the save that the process waited for.
func (n *node) clock() time.Duration { return n.w.now + n.ahead - n.began }

// pump takes steps until the process waits. All pending events share a save, as in a process that uses sockets.
func (n *node) pump() {
	for n.server != nil && !n.paused && !n.saving {
		step := n.server.Flush
		if !n.server.Full() {
			e, ok := n.next()
			switch {
			case ok:
				step = func() error { return n.server.Take(e) }
			case !n.server.Waits():
				n.sleep()
				return
			}
		}
		if n.same++; n.same > maxSteps {
			n.w.violation(n, fmt.Sprintf("%d steps without a pause: the server never waits", maxSteps))
			n.exit()
			return
		}
		if !n.attempt(step) {
			return
		}
	}
}

// next returns the next event, if there is one.
func (n *node) next() (machine.Event, bool) {
	if e, ok := n.server.Next(); ok {
		return e, true
	}
	p := n.inbox.take()
	if p == nil {
		return machine.Event{}, false
	}
	return machine.Event{Kind: machine.Receive, From: p.sender, Data: p.data}, true
}

// attempt runs a step of the process, and ends the process if the step fails. It reports whether the process
// continues.
func (n *node) attempt(step func() error) bool {
	n.w.outcome.Steps++
	if n.doom == inSends {
		n.left = n.w.network.crashes.below(3)
	}
	err := n.call(step)
	n.ahead = 0
	switch {
	case err != nil:
		if !errors.Is(err, errInjected) {
			n.w.violation(n, err.Error())
		}
		n.w.noteProcess(n, "process ends: "+err.Error())
		n.exit()
		n.w.agenda.add(event{
			at: n.w.now + n.w.network.crashes.between(shortestRest, longestRest), kind: restart, who: int32(n.place), gen: n.gen,
		})
		return false
	case n.doom == inSends && n.left < 0 && !n.saving:
		n.die()
		return false
	case n.saving:
		at := n.w.now + n.disk.takes
		if n.doom == inSave {
			// During the save.
			n.w.agenda.add(event{at: n.w.now + n.disk.takes/2, kind: doomed, who: int32(n.place), gen: n.gen})
		}
		n.w.agenda.add(event{at: at, kind: synced, who: int32(n.place), gen: n.gen})
	}
	return true
}

// How long a server that ended by itself stays down.
const (
	shortestRest = 100 * time.Millisecond
	longestRest  = time.Second
)

// call runs a step and turns a panic of an actor into an error.
func (n *node) call(step func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return step()
}

// sleep schedules a wake-up for the time at which something is next due.
func (n *node) sleep() {
	due, ok := n.server.Due()
	if !ok {
		return
	}
	at := max(n.began+due, n.w.now)
	if n.wakeAt != never && n.wakeAt <= at {
		return // The wake-up recomputes it.
	}
	n.wakeAt = at
	n.w.agenda.add(event{at: at, kind: wake, who: int32(n.place), gen: n.gen})
}

// sync completes the save in progress and sends the messages that waited for it.
func (n *node) sync() {
	n.saving = false
	if err := n.disk.finish(); err != nil {
		n.w.violation(n, err.Error())
		n.exit()
		return
	}
	sends := n.outbox
	n.outbox = n.outbox[:0]
	for _, p := range sends {
		n.depart(p)
	}
	if n.doom == inSends && n.left < 0 {
		n.die()
		return
	}
	n.pump()
}

// depart puts a message on the network.
func (n *node) depart(p *packet) {
	n.watch.departed()
	n.w.network.send(p)
}

// post handles a message that the process sends.
func (n *node) post(p *packet) {
	if n.doom == inSends {
		if n.left--; n.left < 0 {
			return // The process is already dead.
		}
	}
	if n.saving {
		n.outbox = append(n.outbox, p)
		return
	}
	n.depart(p)
}

// receive handles a message that arrived.
func (n *node) receive(p *packet) {
	n.inbox.add(p)
	n.same = 0
	n.pump()
}

// pause stops or resumes the process.
func (n *node) pause(on bool) {
	if n.server == nil {
		return
	}
	n.paused = on
	if on {
		n.w.outcome.Tally.Add(nemesis.Pause, 1)
		return
	}
	n.pump()
}

// condemn makes the process die, now or at a worse moment soon after.
func (n *node) condemn(power bool) {
	if n.server == nil {
		if power {
			n.disk.lose()
		}
		return
	}
	n.power = power
	n.doom = doom(n.w.network.crashes.below(3))
	if n.doom == noDoom {
		n.die()
		return
	}
	n.w.agenda.add(event{at: n.w.now + doomPatience, kind: doomed, who: int32(n.place), gen: n.gen})
}

// revive restarts a process that was to die, which dies now at the latest.
func (n *node) revive() {
	if n.server != nil && n.doom != noDoom {
		n.die()
	}
	n.start()
}

// die ends the process, and possibly the machine, at this moment.
func (n *node) die() {
	kind := nemesis.Kill
	if n.power {
		kind = nemesis.PowerOff
	}
	n.w.outcome.Tally.Add(kind, 1)
	n.w.noteProcess(n, kind.String())
	if n.saving {
		// The save may not have begun, may be partial, or may be complete with some messages already sent.
		if n.disk.interrupt(n.w.network.crashes) {
			for _, p := range n.outbox[:n.w.network.crashes.below(len(n.outbox)+1)] {
				n.depart(p)
			}
		}
	}
	if n.power {
		n.disk.lose()
	}
	n.exit()
}

// exit removes the process.
func (n *node) exit() {
	n.gen++
	n.server, n.paused, n.saving, n.ahead, n.doom, n.wakeAt = nil, false, false, 0, noDoom, never
	n.outbox = n.outbox[:0]
	n.inbox = queue{}
	n.w.network.streams.down(n)
}

// port is the network transport of a server.
type port struct{ node *node }

// Send sends a message. Within a step that saves, it leaves when the save completes.
func (p port) Send(to actor.ID, data []byte) error { return p.node.w.network.post(p.node, to, data) }

// Receive always returns an error: messages arrive as events of the agenda.
func (p port) Receive(time.Duration) (actor.ID, []byte, error) { return 0, nil, errNothing }

// Close implements the transport; it does nothing.
func (p port) Close() error { return nil }

var errNothing = errors.New("Receive is not supported in a simulation")
