package systembuilders_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

type (
	letterOp    = rsm.RegisterOp[letter]
	letterState = systembuilders.State[letter, letterOp, letter]
)

// moving is servers on virtual time, of which updates change who is a member. Messages are late, and some are lost.
type moving struct {
	t       *testing.T
	random  *rand.Rand
	now     time.Duration
	servers []*movingServer
	flight  []late
	lossy   bool
}

type movingServer struct {
	actor  actor.Typed[letterState, rsm.Message]
	state  letterState
	timers map[actor.Timer]time.Duration
	order  []actor.Timer // of the timers
}

type late struct {
	actor.Envelope[rsm.Message]
	at time.Duration
}

const (
	movingTick = 10 * time.Millisecond
	movers     = 99 // the client whose updates change the members
)

// memberships are the members after each change, by the number of the update.
var memberships = [][]actor.ID{{0, 1, 2}, {1, 2}, {0, 1, 2, 3}, {3}, {2, 3}, {0, 1, 3}}

func newMoving(t *testing.T, seed uint64, collect rsm.Slot) *moving {
	m := &moving{t: t, random: rand.New(rand.NewPCG(seed, 1)), lossy: true}
	ids := actor.IDs(4)
	for _, id := range ids {
		server := systembuilders.Server[letter, letterOp, letter]{
			Options: systembuilders.Options{
				Window: 3, Delay: 4, Batch: 2, Forward: 4, Collect: collect, Elected: true, Progress: 200 * time.Millisecond,
				Doublings: 2, Update: 150 * time.Millisecond, Proof: 100 * time.Millisecond, Resend: 50 * time.Millisecond,
			},
			Machine: rsm.Register[letter]{}, Peers: actor.Others(ids, id), Members: memberships[0],
			Change: func(c rsm.Command[letterOp], _ []actor.ID) ([]actor.ID, bool) {
				return memberships[int(c.ID.Local)%len(memberships)], c.ID.Client == movers
			},
		}
		if err := server.Validate(); err != nil {
			t.Fatal(err)
		}
		m.servers = append(m.servers, &movingServer{actor: server.New(), timers: map[actor.Timer]time.Duration{}})
		var out actor.Out[rsm.Message]
		m.servers[id].state = m.servers[id].actor.Start(id, &out)
		m.perform(id, &out)
	}
	return m
}

func (m *moving) perform(id actor.ID, out *actor.Out[rsm.Message]) {
	s := m.servers[id]
	for _, c := range out.Commands() {
		switch c.Kind {
		case actor.Send:
			if int(c.To) < len(m.servers) && (!m.lossy || m.random.IntN(10) > 0) {
				at := m.now + time.Duration(m.random.IntN(4))*movingTick
				m.flight = append(m.flight, late{actor.Envelope[rsm.Message]{From: id, To: c.To, Message: c.Message}, at})
			}
		case actor.SetTimer:
			if _, set := s.timers[c.Timer]; !set {
				s.order = append(s.order, c.Timer)
			}
			s.timers[c.Timer] = m.now + c.Min + time.Duration(m.random.Int64N(int64(c.Max-c.Min)+1))
		case actor.CancelTimer:
			delete(s.timers, c.Timer)
			s.order = slices.DeleteFunc(s.order, func(t actor.Timer) bool { return t == c.Timer })
		case actor.Choose:
		}
	}
}

func (m *moving) receive(e actor.Envelope[rsm.Message]) {
	var out actor.Out[rsm.Message]
	s := m.servers[e.To]
	s.state = s.actor.Receive(e.To, s.state, e.From, e.Message, &out)
	m.perform(e.To, &out)
}

func (m *moving) crash(id actor.ID) {
	s := m.servers[id]
	s.timers, s.order = map[actor.Timer]time.Duration{}, nil
	var out actor.Out[rsm.Message]
	s.state = s.actor.Recover(id, s.actor.Keep(s.state), &out)
	m.perform(id, &out)
}

// tick lets time pass.
func (m *moving) tick() {
	m.now += movingTick
	now := m.flight
	m.flight = nil
	for _, e := range now {
		if e.at < m.now {
			m.receive(e.Envelope)
		} else {
			m.flight = append(m.flight, e)
		}
	}
	for id, s := range m.servers {
		for _, timer := range slices.Clone(s.order) {
			if at, set := s.timers[timer]; set && at <= m.now {
				delete(s.timers, timer)
				s.order = slices.DeleteFunc(s.order, func(t actor.Timer) bool { return t == timer })
				var out actor.Out[rsm.Message]
				s.state = s.actor.Timeout(actor.ID(id), s.state, timer, &out)
				m.perform(actor.ID(id), &out)
			}
		}
	}
}

// agree demands that no two servers execute different updates in a slot.
func (m *moving) agree() {
	m.t.Helper()
	for i, s := range m.servers {
		for _, other := range m.servers[:i] {
			for seq, b := range s.state.Log.All() {
				if c, also := other.state.Log.Get(seq); also && !b.Same(c) {
					m.t.Fatalf("slot %v holds %v and %v", seq, b, c)
				}
			}
		}
	}
}

func (m *moving) ask(to actor.ID, client rsm.Client, local rsm.Local) {
	m.receive(actor.Envelope[rsm.Message]{
		From: 1000, To: to, Message: rsm.Request[letterOp]{Command: rsm.Command[letterOp]{
			ID: rsm.ID{Client: client, Local: local}, Op: letterOp{Write: true, Value: letter('A' + local%26)},
		}},
	})
}

// settled reports whether all servers have executed the same, and all updates are among it.
func (m *moving) settled(updates, changes rsm.Local) bool {
	for _, s := range m.servers {
		if s.state.Aru != m.servers[0].state.Aru || len(s.state.Membership.Next) > 0 {
			return false
		}
		for local := range updates {
			if status, _, _ := s.state.Machine.Status(rsm.ID{Client: 7, Local: local + 1}); status != rsm.Executed {
				return false
			}
		}
		for local := range changes {
			if status, _, _ := s.state.Machine.Status(rsm.ID{Client: movers, Local: local + 1}); status != rsm.Executed {
				return false
			}
		}
	}
	return true
}

// Members change again and again, while updates are ordered, messages are lost and servers crash: no two servers ever
// execute different updates in a slot, and once nothing is lost any more all updates are executed everywhere.
func TestMembersChange(t *testing.T) {
	for seed := range uint64(40) {
		m := newMoving(t, seed, rsm.Slot(seed%2)*5)
		const length, updates, changes = 1_500, 60, 10
		var asked, moved rsm.Local
		for n := range length {
			m.tick()
			if n%25 == 0 && asked < updates {
				asked++
				m.ask(actor.ID(m.random.IntN(4)), 7, asked)
			}
			if n%150 == 75 && moved < changes {
				moved++
				m.ask(actor.ID(m.random.IntN(4)), movers, moved)
			}
			if m.random.IntN(100) == 0 {
				m.crash(actor.ID(m.random.IntN(4)))
			}
			m.agree()
		}
		m.lossy = false
		for n := 0; n < 3_000 && !m.settled(asked, moved); n++ {
			m.tick()
			m.agree()
		}
		if !m.settled(asked, moved) {
			for id, s := range m.servers {
				t.Errorf("seed %d: server %d is %v in view %v with %v executed, members %v and then %v, %d pending", seed, id,
					s.state.Phase, s.state.Installed, s.state.Aru, s.state.Membership.Members, s.state.Membership.Next,
					s.state.Pending.Len())
			}
		}
		epoch := m.servers[0].state.Membership.Epoch
		if epoch == 0 || epoch > uint64(moved) {
			t.Errorf("seed %d: %d changes made %d epochs", seed, moved, epoch)
		}
	}
}
