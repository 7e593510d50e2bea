package node

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// BenchmarkUpdate measures an update that is proposed and ordered at a node that holds some others: at one that follows
// a leader, whose clients' updates wait for it, and at a leader, which has queued as many.
func BenchmarkUpdate(b *testing.B) {
	for _, waiting := range []int{1, 64, 4096} {
		b.Run(fmt.Sprintf("follows/waiting=%d", waiting), func(b *testing.B) {
			l := newLoaded(b, 1, waiting)
			b.ReportAllocs()
			for b.Loop() {
				l.follow(b)
			}
		})
		b.Run(fmt.Sprintf("leads/waiting=%d", waiting), func(b *testing.B) {
			l := newLoaded(b, 0, waiting)
			b.ReportAllocs()
			for b.Loop() {
				l.lead(b)
			}
		})
	}
}

// loaded is a node of three for which many updates wait.
type loaded struct {
	*core
	next uint64

	seq rsm.Slot
}

// newLoaded returns a node that leads view 3, or follows its leader, and has many updates that wait.
func newLoaded(t testing.TB, id, waiting int) *loaded {
	t.Helper()
	k, err := newCore(Config{ID: 0, NodeCount: 3, Pending: 1 << 14})
	if id == 1 {
		k, err = newCore(Config{ID: 1, NodeCount: 3, Pending: 1 << 14})
	}
	if err != nil {
		t.Fatal(err)
	}
	l := &loaded{core: k}
	k.start()
	if id == 1 {
		l.get(t, 0, systembuilders.VCProof{Installed: 3})
	} else {
		l.get(t, 1, systembuilders.ViewChange{Attempted: 3})
		l.get(t, 1, systembuilders.PrepareOK[string]{View: 3})
	}
	for range waiting {
		l.propose(t)
	}
	return l
}

// did acknowledges what a step made of the node.
func (l *loaded) did() {
	if l.hasReady() {
		l.acknowledge()
	}
}

func (l *loaded) get(t testing.TB, from int, m systembuilders.Message) {
	t.Helper()
	l.step(Message{From: actor.ID(from), To: l.self, Message: m})
	l.did()
}

// propose proposes an update of a client that has no other.
func (l *loaded) propose(t testing.TB) Update {
	t.Helper()
	l.next++
	u := Update{ClientID: l.next, Timestamp: 1, Data: []byte("update")}
	if err := l.core.propose(u); err != nil {
		t.Fatal(err)
	}
	l.did()
	return u
}

// follow has one more update proposed and ordered.
func (l *loaded) follow(t testing.TB) {
	u := l.propose(t)
	l.seq++
	command := rsm.Command[string]{ID: rsm.ID{Client: rsm.Client(u.ClientID), Local: 1}, Op: string(u.Data)}
	batch := systembuilders.BatchOf(systembuilders.Update[string]{Node: l.self, Command: command})
	l.get(t, 0, systembuilders.GloballyOrderedUpdate[string]{Seq: l.seq, Batch: batch})
	if l.state.Aru != l.seq {
		t.Fatalf("%d slots are executed: want %d", l.state.Aru, l.seq)
	}
}

// lead has the first update that waits ordered, and one more proposed.
func (l *loaded) lead(t testing.TB) {
	l.propose(t)
	l.seq++
	l.get(t, 1, systembuilders.Accept{View: 3, Seq: l.seq})
	if l.state.Aru != l.seq {
		t.Fatalf("%d slots are executed: want %d", l.state.Aru, l.seq)
	}
}

// TestStepCost makes sure that what a step takes does not depend on how many updates wait.
func TestStepCost(t *testing.T) {
	for id, step := range []func(l *loaded){func(l *loaded) { l.lead(t) }, func(l *loaded) { l.follow(t) }} {
		cost := func(waiting int) (bytes uint64) {
			const runs = 50
			l := newLoaded(t, id, waiting)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				step(l)
			}
			runtime.ReadMemStats(&after)
			return (after.TotalAlloc - before.TotalAlloc) / runs
		}
		if few, many := cost(20), cost(4096); many > 3*few+1<<14 { // paths of trees that are deeper by eight
			t.Errorf("node %d: %d bytes a step with 20 updates that wait, %d with 4096", id, few, many)
		}
	}
}

// TestTimers makes sure that timers that are due together fire in the order in which they were set, and those that were
// set anew or canceled as they are.
func TestTimers(t *testing.T) {
	var set timers
	for _, name := range []string{"d", "a", "c", "b", "e", "a"} {
		set.set(name, 5)
	}
	set.set("late", 7)
	set.set("early", 4)
	set.cancel("c")
	set.cancel("nobody")
	var fired []actor.Timer
	for now := range int64(9) {
		for timer, ok := set.fire(now); ok; timer, ok = set.fire(now) {
			fired = append(fired, timer)
		}
	}
	if want := []actor.Timer{"early", "d", "b", "e", "a", "late"}; !reflect.DeepEqual(fired, want) {
		t.Errorf("fired %v: want %v", fired, want)
	}
}
