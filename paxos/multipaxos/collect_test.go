package multipaxos_test

import (
	"flag"
	"fmt"
	"maps"
	"testing"
	"time"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

type (
	storeState = multipaxos.State[map[string]string, rsm.StoreOp, rsm.StoreResult]
	storeActor = actor.Typed[storeState, rsm.Message]
	storeOut   = actor.Out[rsm.Message]
)

var flatCommands = flag.Int("commands", 20_000, "commands that servers get, to remember few of them")

// group is servers of a store, whose messages arrive in the order in which they are sent, unless who is to get them is
// down.
type group struct {
	t       *testing.T
	servers []storeActor
	states  []storeState
	down    map[actor.ID]bool
	waiting []actor.Envelope[rsm.Message]
	told    []rsm.Answer[rsm.StoreResult] // clients
	chunks  int                           // that arrived
}

func newGroup(t *testing.T, n int, o multipaxos.Options) *group {
	t.Helper()
	g := &group{t: t, down: map[actor.ID]bool{}, states: make([]storeState, n)}
	for _, id := range actor.IDs(n) {
		server := multipaxos.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{
			Options: o, Machine: rsm.Store{}, Peers: actor.Others(actor.IDs(n), id),
			Size: func(c rsm.Command[rsm.StoreOp]) int { return len(c.Op.Key) + len(c.Op.Value) },
		}
		if err := server.Validate(); err != nil {
			t.Fatal(err)
		}
		g.servers = append(g.servers, server.New())
	}
	for i := range n {
		g.step(actor.ID(i), func(a storeActor, _ storeState, out *storeOut) storeState {
			return a.Start(actor.ID(i), out)
		})
	}
	g.settle()
	return g
}

func (g *group) step(
	id actor.ID,
	do func(a storeActor, st storeState, out *storeOut) storeState,
) {
	var out storeOut
	g.states[id] = do(g.servers[id], g.states[id], &out)
	for _, c := range out.Commands() {
		if c.Kind == actor.Send {
			g.waiting = append(g.waiting, actor.Envelope[rsm.Message]{From: id, To: c.To, Message: c.Message})
		}
	}
}

// settle delivers until nothing is under way.
func (g *group) settle() {
	for len(g.waiting) > 0 {
		e := g.waiting[0]
		g.waiting = g.waiting[1:]
		reply, answers := e.Message.(rsm.Reply[rsm.StoreResult])
		switch {
		case answers:
			g.told = append(g.told, reply.Answer)
			continue
		case g.down[e.To]:
			continue
		}
		if m, ok := e.Message.(rsm.Internal[multipaxos.Message]); ok {
			if _, ok := m.Message.(multipaxos.Chunk); ok {
				g.chunks++
			}
		}
		g.step(e.To, func(a storeActor, st storeState, out *storeOut) storeState {
			return a.Receive(e.To, st, e.From, e.Message, out)
		})
	}
}

// resend lets the timer of servers fire after which things are sent again.
func (g *group) resend() {
	for id, a := range g.servers {
		var out storeOut
		a.Start(actor.ID(id), &out)
		resend, _ := timer(&out, "resend")
		if !g.down[actor.ID(id)] {
			g.step(actor.ID(id), func(a storeActor, st storeState, out *storeOut) storeState {
				return a.Timeout(actor.ID(id), st, resend, out)
			})
		}
	}
	g.settle()
}

// ask sends a command, and returns the answers that come.
func (g *group) ask(to actor.ID, c rsm.Command[rsm.StoreOp]) []rsm.Answer[rsm.StoreResult] {
	g.told = nil
	g.waiting = append(g.waiting, actor.Envelope[rsm.Message]{
		From: actor.ID(c.ID.Client), To: to, Message: rsm.Request[rsm.StoreOp]{Command: c},
	})
	g.settle()
	return g.told
}

// put puts a value of some bytes, and returns the answer.
func (g *group) put(to actor.ID, local rsm.Local, keys, bytes int) []rsm.Answer[rsm.StoreResult] {
	return g.ask(to, rsm.Command[rsm.StoreOp]{
		ID: rsm.ID{Client: 9, Local: local}, Floor: local,
		Op: rsm.StoreOp{Kind: rsm.Put, Key: fmt.Sprint(int(local) % keys), Value: fmt.Sprintf("%0*d", bytes, local)},
	})
}

var collecting = multipaxos.Options{
	Window: 4, Batch: 8, Reduce: true, Forward: true, Resend: time.Second, Patience: time.Second,
	Collect: 100, Retain: 20, CollectBytes: 1 << 20, Chunk: 1_000,
}

// kept is how many slots a server remembers something of.
func kept(st storeState) int {
	return st.Replica.Decisions.Len() + st.Acceptor.Accepted.Len() + st.Leader.Proposals.Len() + st.Replica.Proposals.Len()
}

// level reports whether two replicas have executed the same.
func level(a, b storeState) bool {
	return a.Replica.SlotOut == b.Replica.SlotOut && maps.Equal(a.Replica.Machine.State, b.Replica.Machine.State)
}

// TestFlat makes sure that servers remember little of very many commands on few keys, and that one that was down for
// most of them goes on from a snapshot in chunks, has executed the same, and knows who was answered.
func TestFlat(t *testing.T) {
	const keys, bytes = 100, 50
	commands := rsm.Local(*flatCommands)
	g := newGroup(t, 3, collecting)
	// Somebody puts a value that is overwritten, and asks again at the end.
	first := rsm.Command[rsm.StoreOp]{
		ID: rsm.ID{Client: 8, Local: 1}, Op: rsm.StoreOp{Kind: rsm.Put, Key: "1", Value: "first"},
	}
	g.ask(0, first)
	most := 0
	for local := rsm.Local(1); local <= commands; local++ {
		g.down[2] = local > commands/10 && local < commands-100
		if got := g.put(0, local, keys, bytes); len(got) != 1 || got[0].Status != rsm.Executed {
			t.Fatalf("command %d: %+v", local, got)
		}
		for id, st := range g.states {
			if n := kept(st); !g.down[actor.ID(id)] && g.chunks == 0 {
				most = max(most, n)
			}
		}
	}
	t.Logf("%d commands, of which servers remember at most %d slots", commands, most)
	// A snapshot is made of as many bytes of commands as it has, which are not quite as many slots.
	if limit := 600; most > limit {
		t.Errorf("slots that a server remembers: %d, want at most %d of %d", most, limit, commands)
	}
	for range 3 {
		g.resend()
	}
	if g.chunks < 3 {
		t.Errorf("%d chunks, want some: server 2 lacks what is collected", g.chunks)
	}
	for id, st := range g.states {
		if !level(st, g.states[0]) {
			t.Errorf("server %d has executed all before slot %v, and server 0 all before slot %v",
				id, st.Replica.SlotOut, g.states[0].Replica.SlotOut)
		}
		if n := kept(st); n > 600 {
			t.Errorf("server %d remembers %d slots", id, n)
		}
	}
	before := g.states[2].Replica.SlotOut
	if got := g.ask(2, first); len(got) != 1 || got[0].Status != rsm.Executed || g.states[2].Replica.SlotOut != before {
		t.Errorf("a command from before the snapshot is answered by %+v, as if it were new", got)
	}
}

// TestRecovered makes sure that a server goes on from its snapshot and the decisions behind it.
func TestRecovered(t *testing.T) {
	g := newGroup(t, 3, collecting)
	for local := rsm.Local(1); local <= 555; local++ {
		g.put(0, local, 10, 5)
	}
	before := g.states[1]
	if before.Replica.Snapshot.Slot == 0 || before.Acceptor.Watermark == 0 {
		t.Fatalf("nothing is collected: a snapshot of %v, watermark %v",
			before.Replica.Snapshot.Slot, before.Acceptor.Watermark)
	}
	g.step(1, func(a storeActor, st storeState, out *storeOut) storeState {
		return a.Recover(1, a.Keep(st), out)
	})
	after := g.states[1]
	if !level(after, before) {
		t.Errorf("it had executed all before slot %v, and now all before slot %v",
			before.Replica.SlotOut, after.Replica.SlotOut)
	}
	was, is := before.Acceptor, after.Acceptor
	if is.Watermark != was.Watermark || is.Accepted.Len() != was.Accepted.Len() {
		t.Errorf("acceptor %+v, want %+v", is, was)
	}
}

// TestOtherTeacher makes sure that a server whose snapshot is fetched may go for ever: another one begins anew, though
// its snapshot is of an earlier slot.
func TestOtherTeacher(t *testing.T) {
	g := newGroup(t, 3, collecting)
	g.down[2] = true
	for local := rsm.Local(1); local <= 1_000; local++ {
		g.put(0, local, 100, 50)
	}
	g.down[2] = false
	late := g.states[0].Replica.Snapshot
	late.Slot += 50
	g.step(2, func(a storeActor, st storeState, out *storeOut) storeState {
		chunk := multipaxos.Chunk{Slot: late.Slot, Size: len(late.Data), Data: late.Data[:500]}
		return a.Receive(2, st, 7, internal(chunk), out)
	})
	if in := g.states[2].Replica.Incoming; in.Slot != late.Slot || in.Length != 500 {
		t.Fatalf("it has %d bytes of a snapshot of slot %v", in.Length, in.Slot)
	}
	g.waiting, g.down[7] = nil, true
	for range 10 {
		g.resend()
	}
	if got, want := g.states[2].Replica.SlotOut, g.states[0].Replica.SlotOut; got != want {
		t.Errorf("it has executed all before slot %v, want %v", got, want)
	}
}

// TestNotCollected holds options to what they need.
func TestNotCollected(t *testing.T) {
	server := multipaxos.Server[[]string, rsm.LogOp, rsm.LogResult]{Machine: rsm.Log{}}
	server.Collect = 1
	if server.Validate() == nil {
		t.Error("collect without reduce is accepted")
	}
	server.Reduce, server.CollectBytes = true, 1
	if server.Validate() == nil {
		t.Error("a bound of bytes that nobody counts is accepted")
	}
	server.CollectBytes = 0
	if err := server.Validate(); err != nil {
		t.Error(err)
	}
}
