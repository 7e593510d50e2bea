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

// never is the time of what will not happen.
const never = time.Duration(-1)

// doom sets the moment at which a server dies.
type doom uint8

const (
	noDoom  doom = iota
	inSave       // in the middle of its next save
	inSends      // after some of the messages of the next step that sends
)

// doomPatience is how long a server may wait for the moment that it is to die in; then it dies without.
const doomPatience = 300 * time.Millisecond

// node is a place for a server: its disk, which stays, and the process, which comes and goes.
type node struct {
	w     *world
	place int
	id    actor.ID
	disk  disk
	watch watch
	gen   uint32 // counts processes: it grows at the start and at the end of each
	// What follows is of the process.
	server *spawn.Server // nil if there is none
	random *Source       // of the machine
	began  time.Duration // when its clock showed 0
	paused bool
	inbox  queue
	wakeAt time.Duration // the time of the wake-up that is on the agenda, or never
	same   int           // steps at the present moment

	saving bool          // a save is in progress, and the process waits for it
	ahead  time.Duration // how long after now that is done, while the step goes on
	outbox []*packet     // what it sends then

	doom  doom
	power bool // the machine dies with it
	left  int  // messages that it sends before it dies, if inSends
}

func newNode(w *world, place int, id actor.ID) *node {
	n := &node{w: w, place: place, id: id, wakeAt: never}
	n.disk.init(n)
	n.watch.node = n
	return n
}

// start starts a process, unless there is one or none may be.
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

// begin opens the store, if the server has one, and takes the first step.
func (n *node) begin() error {
	if n.server.Machine.Durable() {
		if err := n.disk.open(); err != nil {
			return err
		}
	}
	return n.server.Begin()
}

// happens takes an event of the process.
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

// clock is the time that the process sees: within a step, later by the save that it waited for.
func (n *node) clock() time.Duration { return n.w.now + n.ahead - n.began }

// pump takes steps until the process waits. All that is there shares a save, as it does in a process on sockets.
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
			n.w.violation(n, fmt.Sprintf("%d steps at one moment: it never waits", maxSteps))
			n.exit()
			return
		}
		if !n.attempt(step) {
			return
		}
	}
}

// next takes the next event, if there is one.
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

// attempt lets the process do a step, and ends it if it fails. It tells whether the process goes on.
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
			// Somewhere in the middle.
			n.w.agenda.add(event{at: n.w.now + n.disk.takes/2, kind: doomed, who: int32(n.place), gen: n.gen})
		}
		n.w.agenda.add(event{at: at, kind: synced, who: int32(n.place), gen: n.gen})
	}
	return true
}

// How long a server that ended by itself is left alone.
const (
	shortestRest = 100 * time.Millisecond
	longestRest  = time.Second
)

// call turns a panic of an actor into an error.
func (n *node) call(step func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return step()
}

// sleep puts the next moment at which something is due on the agenda.
func (n *node) sleep() {
	due, ok := n.server.Due()
	if !ok {
		return
	}
	at := max(n.began+due, n.w.now)
	if n.wakeAt != never && n.wakeAt <= at {
		return // It looks again then.
	}
	n.wakeAt = at
	n.w.agenda.add(event{at: at, kind: wake, who: int32(n.place), gen: n.gen})
}

// sync ends the save that was in progress: what the step sends leaves now.
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

// depart lets a message leave.
func (n *node) depart(p *packet) {
	n.watch.departed()
	n.w.network.send(p)
}

// post takes a message that the process sends.
func (n *node) post(p *packet) {
	if n.doom == inSends {
		if n.left--; n.left < 0 {
			return // It is dead by now.
		}
	}
	if n.saving {
		n.outbox = append(n.outbox, p)
		return
	}
	n.depart(p)
}

// receive takes a message that is there.
func (n *node) receive(p *packet) {
	n.inbox.add(p)
	n.same = 0
	n.pump()
}

// pause stops or continues the process.
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

// condemn lets the process die, now or at the next moment that is worse.
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

// revive starts the process again that was to die, which it does at the latest now.
func (n *node) revive() {
	if n.server != nil && n.doom != noDoom {
		n.die()
	}
	n.start()
}

// die ends the process at this moment, and with it perhaps the machine.
func (n *node) die() {
	kind := nemesis.Kill
	if n.power {
		kind = nemesis.PowerOff
	}
	n.w.outcome.Tally.Add(kind, 1)
	n.w.noteProcess(n, kind.String())
	if n.saving {
		// The save may not have begun, have written, or be done, with some messages on their way already.
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

// exit takes the process away.
func (n *node) exit() {
	n.gen++
	n.server, n.paused, n.saving, n.ahead, n.doom, n.wakeAt = nil, false, false, 0, noDoom, never
	n.outbox = n.outbox[:0]
	n.inbox = queue{}
	n.w.network.streams.down(n)
}

// port is a server's end of the network.
type port struct{ node *node }

// Send sends a message. Within a step that saves it leaves when the save is done.
func (p port) Send(to actor.ID, data []byte) error { return p.node.w.network.post(p.node, to, data) }

// Receive has nothing to give: what arrives is an event of the agenda.
func (p port) Receive(time.Duration) (actor.ID, []byte, error) { return 0, nil, errNothing }

// Close does nothing.
func (p port) Close() error { return nil }

var errNothing = errors.New("nothing arrives by itself")
