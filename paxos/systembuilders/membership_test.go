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
	apart   map[actor.ID]bool // servers that are partitioned from the others
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

func newMoving(t *testing.T, seed uint64, collect rsm.Slot, once bool) *moving {
	m := &moving{t: t, random: rand.New(rand.NewPCG(seed, 1)), lossy: true}
	ids := actor.IDs(4)
	for _, id := range ids {
		server := systembuilders.Server[letter, letterOp, letter]{
			Options: systembuilders.Options{
				Window: 3, Delay: 4, Batch: 2, Forward: 4, Collect: collect, Elected: true, Once: once,
				Progress: 200 * time.Millisecond, Doublings: 2, Update: 150 * time.Millisecond,
				Proof: 100 * time.Millisecond, Resend: 50 * time.Millisecond,
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
		if m.apart[e.From] != m.apart[e.To] {
			continue
		}
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
	if seq := m.torn(); seq > 0 {
		m.t.Fatalf("slot %v has different updates", seq)
	}
}

// torn returns a slot in which two servers have executed different updates, or 0.
func (m *moving) torn() rsm.Slot {
	for i, s := range m.servers {
		for _, other := range m.servers[:i] {
			for seq, b := range s.state.Log.All() {
				if c, also := other.state.Log.Get(seq); also && !b.Same(c) {
					return seq
				}
			}
		}
	}
	return 0
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
		m := newMoving(t, seed, rsm.Slot(seed%2)*5, false)
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

// TestFormerMember has a former member become one again after it lost its disk. Without Options.Once it then takes part
// in its past epoch, where it has forgotten its votes, and with a server that is behind it orders another update than
// before. With it the change has no effect, from a snapshot too, so that nobody starts such a server.
func TestFormerMember(t *testing.T) {
	const alone, returns = 3, 4 // the numbers of the updates that make the members {3}, and {2, 3}
	for _, once := range []bool{false, true} {
		for _, collect := range []rsm.Slot{0, 1} {
			m := newMoving(t, 1, collect, once)
			m.lossy = false
			until := func(what string, is func() bool) {
				t.Helper()
				for n := 0; !is(); n++ {
					if n > 3_000 {
						t.Fatalf("once %v, collect %v: never %s", once, collect, what)
					}
					m.tick()
				}
			}
			executed := func(on actor.ID, client rsm.Client, local rsm.Local) func() bool {
				return func() bool {
					status, _, _ := m.servers[on].state.Machine.Status(rsm.ID{Client: client, Local: local})
					return status == rsm.Executed
				}
			}
			m.apart = map[actor.ID]bool{1: true}
			m.ask(0, 7, 1)
			until("ordered without server 1", executed(0, 7, 1))
			m.ask(0, movers, alone)
			until("a lone member", func() bool {
				now := m.servers[3].state.Membership
				return now.Epoch == 1 && slices.Equal(now.Members.Slice(), memberships[alone])
			})
			m.ask(3, movers, returns)
			until("an ordered change", executed(3, movers, returns))
			for range 100 {
				m.tick()
			}
			if back := slices.Contains(m.servers[3].state.Membership.Members.Slice(), 2); back == once {
				t.Errorf("once %v, collect %v: the former member is a member again: %v", once, collect, back)
			}
			if once || collect > 0 {
				continue
			}
			m.apart = map[actor.ID]bool{1: true, 2: true}
			lost := m.servers[2]
			lost.timers, lost.order = map[actor.Timer]time.Duration{}, nil
			var out actor.Out[rsm.Message]
			lost.state = lost.actor.Start(2, &out)
			m.perform(2, &out)
			m.ask(1, 7, 2)
			until("two updates in a slot", func() bool { return m.torn() > 0 })
		}
	}
}
