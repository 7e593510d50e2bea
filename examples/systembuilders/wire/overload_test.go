package wire_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/systembuilders/wire"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// busy is servers on virtual time that handle so many messages at most in a tick, and lose what is beyond their queues.
type busy struct {
	now     time.Duration
	random  *rand.Rand
	servers map[actor.ID]*busyServer
	ids     []actor.ID
	count   func(from actor.ID, m systembuilders.Message)
}

type busyServer struct {
	actor  actor.Typed[systembuilders.State[map[string]string, rsm.StoreOp, rsm.StoreResult], rsm.Message]
	state  systembuilders.State[map[string]string, rsm.StoreOp, rsm.StoreResult]
	inbox  []actor.Envelope[rsm.Message]
	timers map[actor.Timer]time.Duration
	order  []actor.Timer // of the timers
	up     bool
}

const (
	busyTick  = 10 * time.Millisecond
	busyRate  = 20   // messages that a server handles in a tick
	busyQueue = 4096 // messages that wait for it at most
	givenUp   = 1400 // updates that wait at each server, whose clients do not
)

func newBusy(o systembuilders.Options) *busy {
	b := &busy{
		random: rand.New(rand.NewPCG(1, 1)), servers: map[actor.ID]*busyServer{}, ids: actor.IDs(3),
		count: func(actor.ID, systembuilders.Message) {},
	}
	for _, id := range b.ids {
		s := wire.NewServer(actor.Others(b.ids, id))
		s.Options = o
		b.servers[id] = &busyServer{actor: s.New(), timers: map[actor.Timer]time.Duration{}}
	}
	return b
}

// start has a server recover with what its clients gave up.
func (b *busy) start(id actor.ID) {
	kept := durable{Installed: 1}
	for n := range givenUp {
		c := rsm.Command[rsm.StoreOp]{
			ID: rsm.ID{Client: rsm.Client(1000*(int(id)+1) + n%50), Local: rsm.Local(n/50 + 1)},
			Op: rsm.StoreOp{Kind: rsm.Put, Key: "k", Value: "v"},
		}
		kept.Pending = kept.Pending.With(c.ID, pending{Client: 99, Command: c})
	}
	var out actor.Out[rsm.Message]
	s := b.servers[id]
	s.up, s.state = true, s.actor.Recover(id, kept, &out)
	b.perform(id, &out)
}

func (b *busy) perform(id actor.ID, out *actor.Out[rsm.Message]) {
	s := b.servers[id]
	for _, c := range out.Commands() {
		switch c.Kind {
		case actor.Send:
			internal, ok := c.Message.(rsm.Internal[systembuilders.Message])
			if !ok {
				continue // an answer to a client that has gone
			}
			b.count(id, internal.Message)
			if to := b.servers[c.To]; to.up && len(to.inbox) < busyQueue {
				to.inbox = append(to.inbox, actor.Envelope[rsm.Message]{From: id, To: c.To, Message: c.Message})
			}
		case actor.SetTimer:
			if _, set := s.timers[c.Timer]; !set {
				s.order = append(s.order, c.Timer)
			}
			s.timers[c.Timer] = b.now + c.Min + time.Duration(b.random.Int64N(int64(c.Max-c.Min)+1))
		case actor.CancelTimer:
			delete(s.timers, c.Timer)
		case actor.Choose:
		}
	}
}

// tick lets time pass: timers fire, and each server handles what it can.
func (b *busy) tick() {
	b.now += busyTick
	for _, id := range b.ids {
		s := b.servers[id]
		if !s.up {
			continue
		}
		due := s.order
		s.order = nil
		for _, timer := range due {
			at, set := s.timers[timer]
			switch {
			case !set:
			case at > b.now:
				s.order = append(s.order, timer)
			default:
				delete(s.timers, timer)
				var out actor.Out[rsm.Message]
				s.state = s.actor.Timeout(id, s.state, timer, &out)
				b.perform(id, &out)
			}
		}
		n := min(busyRate, len(s.inbox))
		now := s.inbox[:n:n]
		s.inbox = s.inbox[n:]
		for _, e := range now {
			var out actor.Out[rsm.Message]
			s.state = s.actor.Receive(id, s.state, e.From, e.Message, &out)
			b.perform(id, &out)
		}
	}
}

// drained reports whether nothing is pending any more.
func (b *busy) drained() bool {
	for _, s := range b.servers {
		if s.state.Pending.Len() > 0 {
			return false
		}
	}
	return true
}

// Updates that clients gave up, of which there are thousands, do not keep servers from electing a leader and from ordering
// them: they are forwarded some at a time, and not at all in election. Without that bound, and with the paper's one update a
// slot, most of what the servers handle is these updates, forwarded again and again.
func TestGivenUp(t *testing.T) {
	const length = 30 * time.Second
	run := func(o systembuilders.Options) (b *busy, most int) {
		b = newBusy(o)
		var forwarded int
		b.count = func(_ actor.ID, m systembuilders.Message) {
			if _, ok := m.(systembuilders.ClientUpdate[rsm.StoreOp]); ok {
				forwarded++
			}
		}
		b.start(2)
		for b.now < length/10 { // alone, in the view of a leader that is down, and then in election
			b.tick()
		}
		if o.Forward > 0 && forwarded > 4*o.Forward {
			t.Errorf("%d updates were forwarded to a leader that is down: must be few", forwarded)
		}
		b.start(0)
		b.start(1)
		for b.now < length && !b.drained() {
			before := forwarded
			for range time.Second / busyTick {
				b.tick()
			}
			most = max(most, forwarded-before)
		}
		return b, most
	}
	b, most := run(wire.Served)
	if !b.drained() {
		for id, s := range b.servers {
			t.Errorf("after %v server %v is %v in view %v with %d updates pending", b.now, id, s.state.Phase, s.state.Installed,
				s.state.Pending.Len())
		}
	}
	t.Logf("ordered after %v; at most %d updates were forwarded in a second", b.now, most)
	if most > 3*givenUp {
		t.Errorf("%d updates were forwarded in a second: must be no more than there are", most)
	}
	unbounded := wire.Served
	unbounded.Forward, unbounded.Batch = 0, 1
	b, most = run(unbounded)
	if b.drained() {
		t.Errorf("servers that forward everything ordered it after %v: this test shows nothing", b.now)
	}
	t.Logf("without a bound: %d updates were forwarded in a second", most)
	for id, s := range b.servers {
		t.Logf("server %v is %v in view %v with %d updates pending", id, s.state.Phase, s.state.Installed, s.state.Pending.Len())
	}
}
