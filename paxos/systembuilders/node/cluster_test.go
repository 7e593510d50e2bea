package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// cluster is nodes on virtual time: a message takes a tick, and nothing happens by chance but the jitter of timers,
// which comes from the seeds.
type cluster struct {
	t       *testing.T
	nodes   []*core // nil for one that is down
	configs []Config
	disks   []PersistentState
	flight  []Message
	cut     map[[2]actor.ID]bool // from and to
	applied [][]OrderedUpdate    // by each node, over all its lives

	restored []int // snapshots that each node was given
	watch    func(self actor.ID, e event)
}

func newCluster(t *testing.T, n int, configure ...func(*Config)) *cluster {
	t.Helper()
	w := &cluster{
		t: t, cut: map[[2]actor.ID]bool{}, applied: make([][]OrderedUpdate, n), restored: make([]int, n),
		watch: func(actor.ID, event) {},
	}
	w.nodes, w.disks = make([]*core, n), make([]PersistentState, n)
	for i := range n {
		c := Config{ID: actor.ID(i), NodeCount: n, RandSeed: uint64(i)}
		for _, f := range configure {
			f(&c)
		}
		w.configs = append(w.configs, c)
	}
	return w
}

// begin starts nodes that never ran before; without any, all.
func (w *cluster) begin(ids ...int) {
	w.t.Helper()
	if ids == nil {
		for i := range w.nodes {
			ids = append(ids, i)
		}
	}
	for _, i := range ids {
		k := w.made(i)
		k.start()
		w.handle(i)
	}
}

// rejoin starts nodes that do not know whether they ran before.
func (w *cluster) rejoin(ids ...int) {
	w.t.Helper()
	for _, i := range ids {
		w.configs[i].RandSeed += 1 << 32
		w.applied[i], w.disks[i] = nil, PersistentState{}
		k := w.made(i)
		k.rejoin()
		w.handle(i)
	}
}

// restart starts a node that crashed, with its disk.
func (w *cluster) restart(i int) {
	w.t.Helper()
	w.configs[i].Applied = 0
	if n := len(w.applied[i]); n > 0 {
		w.configs[i].Applied = min(w.applied[i][n-1].Seq, ordered(w.disks[i]))
	}
	w.applied[i] = slices.DeleteFunc(w.applied[i], func(u OrderedUpdate) bool { return u.Seq > w.configs[i].Applied })
	k := w.made(i)
	if err := k.restart(w.disks[i]); err != nil {
		w.t.Fatal(err)
	}
	w.handle(i)
}

func (w *cluster) made(i int) *core {
	k, err := newCore(w.configs[i])
	if err != nil {
		w.t.Fatal(err)
	}
	k.happened = func(e event) { w.watch(k.self, e) }
	w.nodes[i] = k
	return k
}

func (w *cluster) crash(i int) { w.nodes[i] = nil }

// handle does what a node is ready for. Of the disk only what had to be synced survives a crash.
func (w *cluster) handle(i int) {
	k := w.nodes[i]
	if !k.hasReady() {
		return
	}
	rd := k.ready()
	k.acknowledge()
	if rd.PersistentState != nil && (rd.MustSync || ordered(w.disks[i]) == 0) {
		w.disks[i] = *rd.PersistentState
	}
	w.flight = append(w.flight, rd.Messages...)
	if s := rd.Snapshot; s != nil {
		w.applied[i] = nil
		if err := json.Unmarshal(s.Data, &w.applied[i]); err != nil {
			w.t.Fatal(err)
		}
		w.restored[i]++
	}
	w.applied[i] = append(w.applied[i], rd.OrderedUpdates...)
}

// ordered returns the last slot that a disk knows to be ordered.
func ordered(disk PersistentState) rsm.Slot {
	last, _, _ := disk.Log.Last()
	return max(last, disk.Snapshot.Seq)
}

// compact has a node forget all but the last updates of those that it applied.
func (w *cluster) compact(i, except int) {
	w.t.Helper()
	past := w.applied[i][:len(w.applied[i])-except]
	data, err := json.Marshal(past)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.nodes[i].collect(Snapshot{past[len(past)-1].Seq, data}); err != nil {
		w.t.Fatal(err)
	}
	w.handle(i)
}

// run lets ticks pass. In each, what is in flight arrives, and all clocks tick.
func (w *cluster) run(ticks int) {
	w.t.Helper()
	for range ticks {
		arriving := w.flight
		w.flight = nil
		for _, m := range arriving {
			if k := w.nodes[m.To]; k != nil && !w.cut[[2]actor.ID{m.From, m.To}] {
				if err := k.checks(m); err != nil {
					w.t.Fatal(err)
				}
				k.step(m)
				w.handle(int(m.To))
			}
		}
		for i, k := range w.nodes {
			if k != nil {
				k.tick()
				w.handle(i)
			}
		}
	}
	w.agree()
}

// agree demands that all nodes applied the same updates, each once, as far as they are.
func (w *cluster) agree() {
	w.t.Helper()
	longest := slices.MaxFunc(w.applied, func(a, b []OrderedUpdate) int { return len(a) - len(b) })
	seen := map[string]bool{}
	for _, u := range longest {
		name := fmt.Sprint(u.Update.ClientID, u.Update.Timestamp)
		if seen[name] {
			w.t.Fatalf("%s is applied twice", name)
		}
		seen[name] = true
	}
	for i, own := range w.applied {
		for j, u := range own {
			if same := longest[j]; u.Seq != same.Seq || string(u.Update.Data) != string(same.Update.Data) {
				w.t.Fatalf("node %d applied %v as number %d, and another one %v", i, u, j, same)
			}
		}
	}
}

// propose proposes an update, with its text as its name.
func (w *cluster) propose(i int, timestamp uint64) {
	w.t.Helper()
	data := fmt.Appendf(nil, "%d.%d", i, timestamp)
	if err := w.nodes[i].propose(Update{ClientID: uint64(i + 1), Timestamp: timestamp, Data: data}); err != nil {
		w.t.Fatal(err)
	}
	w.handle(i)
}

// expect demands that nodes have applied as many updates.
func (w *cluster) expect(n int, ids ...int) {
	w.t.Helper()
	for _, i := range ids {
		if len(w.applied[i]) != n {
			w.t.Errorf("node %d has applied %d updates %v: want %d", i, len(w.applied[i]), w.applied[i], n)
		}
	}
}

func (w *cluster) isolate(i int, cut bool) {
	for j := range w.nodes {
		w.cut[[2]actor.ID{actor.ID(i), actor.ID(j)}] = cut
		w.cut[[2]actor.ID{actor.ID(j), actor.ID(i)}] = cut
	}
}

// leader returns who leads for a majority.
func (w *cluster) leader() int {
	w.t.Helper()
	votes := map[actor.ID]int{}
	for _, k := range w.nodes {
		if k != nil {
			if st := k.status(); st.LastInstalled > 0 {
				votes[st.Leader]++
			}
		}
	}
	for id, n := range votes {
		if n >= actor.Majority(len(w.nodes)) {
			return int(id)
		}
	}
	w.t.Fatal("nobody leads")
	return 0
}

// An idle cluster elects once, and keeps its view.
func TestIdle(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5} {
		w := newCluster(t, n)
		w.begin()
		w.run(60_000)
		for i, k := range w.nodes {
			if st := k.status(); st.LastInstalled != 1 || st.LastAttempted != 1 {
				t.Errorf("of %d nodes, %d is in view %v and attempts %v: want 1", n, i, st.LastInstalled, st.LastAttempted)
			}
		}
	}
}

// Updates that are proposed anywhere are applied everywhere.
func TestOrdered(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5} {
		w := newCluster(t, n, func(c *Config) { c.Batch = 4 })
		w.begin()
		for k := range 10 {
			for i := range n {
				w.propose(i, uint64(k+1))
			}
			w.run(1)
		}
		w.run(100)
		for i := range n {
			w.expect(10*n, i)
		}
	}
}

// A slot has as many updates as there is room for.
func TestBatches(t *testing.T) {
	w := newCluster(t, 3, func(c *Config) { c.Window, c.Batch, c.Bytes = 1, 3, 7 })
	w.begin()
	w.run(10)
	leader := w.leader()
	for k := range 12 { // of three or four bytes
		w.propose(leader, uint64(k+1))
	}
	w.run(100)
	w.expect(12, 0, 1, 2)
	sizes, updates := map[rsm.Slot]int{}, map[rsm.Slot]int{}
	for _, u := range w.applied[leader] {
		sizes[u.Seq] += len(u.Update.Data)
		updates[u.Seq]++
	}
	most := 0
	for seq, n := range sizes {
		if most = max(most, updates[seq]); n > 7 {
			t.Errorf("slot %v has %d bytes in %d updates: must have at most 7", seq, n, updates[seq])
		}
	}
	if most != 2 {
		t.Errorf("a slot has at most %d updates: want 2, which is what there is room for", most)
	}
}

// Without its leader a cluster elects another one, and what was proposed before is ordered there.
func TestLeaderCrashes(t *testing.T) {
	w := newCluster(t, 3)
	w.begin()
	w.run(10)
	leader := w.leader()
	other := (leader + 1) % 3
	w.propose(other, 1)
	w.crash(leader)
	w.run(2_500) // Two timers in turn, as the other node's is set once it hears of it; each is doubled after one view.
	w.expect(1, other, (leader+2)%3)
	if w.leader() == leader {
		t.Error("the node that is down leads")
	}

	w.restart(leader)
	w.propose(leader, 1)
	w.run(2_000)
	w.expect(2, 0, 1, 2)
}

// A majority goes on without a node that is cut off, which takes nothing from it, and has all of it when it is back.
func TestIsolated(t *testing.T) {
	w := newCluster(t, 5)
	w.begin()
	w.run(10)
	leader := w.leader()
	alone := (leader + 1) % 5
	w.isolate(alone, true)
	w.propose(alone, 1)
	for k := range 30 {
		w.propose((alone+1)%5, uint64(k+1))
		w.run(100)
	}
	w.expect(0, alone)
	w.expect(30, leader, (alone+1)%5)
	if got := w.leader(); got != leader {
		t.Errorf("node %d leads: want %d, as nobody else was cut off", got, leader)
	}
	w.isolate(alone, false)
	w.run(3_000)
	w.expect(31, 0, 1, 2, 3, 4)
}

// A leader that hears nobody is replaced, and so is one that nobody hears.
func TestOneWay(t *testing.T) {
	for name, hears := range map[string]bool{"deaf": false, "mute": true} {
		t.Run(name, func(t *testing.T) {
			w := newCluster(t, 3)
			w.begin()
			w.run(10)
			leader := w.leader()
			for i := range 3 {
				link := [2]actor.ID{actor.ID(i), actor.ID(leader)}
				if hears {
					link[0], link[1] = link[1], link[0]
				}
				w.cut[link] = i != leader
			}
			w.propose((leader+1)%3, 1)
			w.propose((leader+2)%3, 1)
			w.run(4_000)
			w.expect(2, (leader+1)%3, (leader+2)%3)
		})
	}
}

// A whole cluster goes on from its disks.
func TestPowerCut(t *testing.T) {
	w := newCluster(t, 3)
	w.begin()
	for round := range 5 {
		for i := range 3 {
			w.propose(i, uint64(round+1))
		}
		w.run(2 + round) // in the midst of it
		for i := range 3 {
			w.crash(i)
		}
		w.flight = nil
		for i := range 3 {
			w.restart(i)
		}
		w.run(2_000)
	}
	w.expect(15, 0, 1, 2)
}

// A node that lost its disk, and all that it had promised with it, learns everything.
func TestDiskLost(t *testing.T) {
	w := newCluster(t, 3)
	w.begin()
	w.run(10)
	lost := (w.leader() + 1) % 3
	for k := range 200 { // more than is told at once
		w.propose(w.leader(), uint64(k+1))
	}
	w.run(500)
	w.expect(200, 0, 1, 2)
	w.crash(lost)
	w.rejoin(lost)
	w.run(3_000)
	w.expect(200, 0, 1, 2)
}

// Nodes that do not know whether they ran before begin a cluster once all are there. One that lost its disk votes for
// nothing before it has learned what was ordered, whoever crashes meanwhile, and is as good as any after that.
func TestRejoin(t *testing.T) {
	w := newCluster(t, 3)
	w.rejoin(0, 1)
	w.run(1_000)
	for _, k := range w.nodes[:2] {
		if st := k.status(); !st.Recovering || st.LastInstalled > 0 {
			t.Errorf("node %v takes part without the third one: %+v", st.ID, st)
		}
	}
	w.rejoin(2)
	w.run(200)
	lead := w.leader()
	lost, other := (lead+1)%3, (lead+2)%3
	for k := range 100 {
		w.propose(lead, uint64(k+1))
	}
	w.isolate(other, true) // So that the leader and the one that is to be lost order some alone.
	w.run(500)
	w.expect(100, lead, lost)
	w.crash(lost)
	w.crash(lead)
	w.isolate(other, false)
	w.rejoin(lost)
	votes := func(self actor.ID, m Message) bool {
		switch m.Message.(type) {
		case systembuilders.PrepareOK[string], systembuilders.Accept, systembuilders.ViewChange, systembuilders.Prepare,
			systembuilders.Proposal[string], systembuilders.ClientUpdate[string]:
			return m.From == self
		case systembuilders.VCProof, systembuilders.GloballyOrderedUpdate[string], systembuilders.Learn,
			systembuilders.LearnPart, systembuilders.Snapshot, systembuilders.SnapshotPart, systembuilders.Collect,
			systembuilders.Recover, systembuilders.Recovered:
		}
		return false
	}
	for range 3_000 {
		w.run(1)
		for _, m := range w.flight {
			if votes(actor.ID(lost), m) {
				t.Fatalf("a node that has forgotten what it accepted sends %+v", m)
			}
		}
	}
	w.restart(lead)
	w.run(10_000)
	w.crash(lead)
	w.propose(lost, 1)
	w.run(10_000)
	w.expect(101, lost, other)
	w.restart(lead)
	w.run(1_000)
	w.expect(101, 0, 1, 2)
}

// A node that crashes while it asks what it has forgotten asks the same again.
func TestRejoinCrashed(t *testing.T) {
	w := newCluster(t, 3)
	w.begin()
	w.run(200)
	lost := (w.leader() + 1) % 3
	w.isolate(lost, true)
	w.crash(lost)
	w.rejoin(lost)
	nonce := w.disks[lost].Lost
	if nonce == 0 {
		t.Fatal("the loss is not on the disk")
	}
	w.crash(lost)
	w.restart(lost)
	if got := w.disks[lost].Lost; got != nonce || !w.nodes[lost].status().Recovering {
		t.Errorf("it asks with %d after a crash, and asked with %d", got, nonce)
	}
	w.isolate(lost, false)
	w.run(1_000)
	if got := w.disks[lost].Lost; got != 0 || w.nodes[lost].status().Recovering {
		t.Errorf("it has not come back: %d", got)
	}
}

// A node that comes back in the lead with an old disk learns what is ordered before it proposes.
func TestLeaderBehind(t *testing.T) {
	w := newCluster(t, 3)
	w.begin()
	w.run(10)
	leader := w.leader()
	behind := (leader + 1) % 3 // leads the next view
	w.crash(behind)
	for k := range 300 {
		w.propose(leader, uint64(k+1))
		w.run(1)
	}
	w.run(100)
	w.restart(behind)
	w.crash(leader)
	w.propose((leader+2)%3, 1)
	w.run(3_000)
	w.expect(301, behind, (leader+2)%3)
}

// A node that lacks what the others have collected goes on from a snapshot, and executes nothing of it again.
func TestCollected(t *testing.T) {
	w := newCluster(t, 3)
	w.begin()
	w.run(10)
	leader := w.leader()
	behind, third := (leader+2)%3, (leader+1)%3
	w.propose(behind, 1)
	w.run(10)
	w.crash(behind)
	for k := range 100 {
		w.propose(leader, uint64(k+1))
		w.run(1)
	}
	w.run(10)
	w.compact(leader, 5)
	w.compact(third, 20)
	if n := w.nodes[leader].state.Log.Len(); n != 5 {
		t.Errorf("the leader holds %d slots: want 5", n)
	}
	w.restart(behind)
	w.run(1_000)
	w.propose(behind, 2)
	w.run(100)
	w.expect(102, 0, 1, 2)
	if w.restored[behind] == 0 {
		t.Error("the node that was down was given no snapshot")
	}

	// It has the snapshot on its disk, and gives it to a user that lost everything else.
	w.crash(behind)
	w.applied[behind] = nil
	w.restart(behind)
	w.expect(102, behind)
	err := w.nodes[behind].propose(Update{ClientID: uint64(leader + 1), Timestamp: 1})
	if !errors.Is(err, ErrProposalDropped) {
		t.Errorf("an update that the snapshot has: %v", err)
	}
	w.run(1_000)
	w.expect(102, 0, 1, 2)
}

// A node that becomes the leader learns what all others have collected before it proposes.
func TestLeaderLacksCollected(t *testing.T) {
	w := newCluster(t, 3)
	w.begin()
	w.run(10)
	leader := w.leader()
	behind, third := (leader+1)%3, (leader+2)%3 // leads the next view
	w.crash(behind)
	for k := range 30 {
		w.propose(leader, uint64(k+1))
		w.run(1)
	}
	w.run(100)
	w.compact(third, 0)
	w.crash(leader)
	w.begin(behind)
	w.propose(third, 1)
	w.run(3_000)
	w.expect(31, behind, third)
}

// A node that numbers updates does not use a number again whose update is collected.
func TestNumberedCollected(t *testing.T) {
	w := newCluster(t, 1)
	w.begin()
	for range 3 {
		if err := w.nodes[0].propose(Update{}); err != nil {
			t.Fatal(err)
		}
		w.handle(0)
	}
	w.compact(0, 0)
	w.disks[0] = PersistentState{NodeCount: 1, Durable: w.nodes[0].saved}
	w.crash(0)
	w.restart(0)
	if err := w.nodes[0].propose(Update{}); err != nil {
		t.Fatal(err)
	}
	w.handle(0)
	w.expect(4, 0)
	if got := w.applied[0][3].Update.Timestamp; got != 4 {
		t.Errorf("the next update is number %d: want 4", got)
	}
	if err := w.nodes[0].collect(Snapshot{Seq: 5}); err == nil {
		t.Error("a snapshot of a slot that was not given was taken")
	}
}

// A node that lost its disk goes on with its numbers behind those that it gave before, which it learns from the others.
func TestNumberedAfterLoss(t *testing.T) {
	w := newCluster(t, 3)
	w.begin()
	w.run(10)
	lost := (w.leader() + 1) % 3
	number := func() {
		t.Helper()
		if err := w.nodes[lost].propose(Update{Data: []byte("numbered")}); err != nil {
			t.Fatal(err)
		}
		w.handle(lost)
		w.run(100)
	}
	for range 3 {
		number()
	}
	w.crash(lost)
	w.rejoin(lost)
	w.run(3_000)
	number()
	w.expect(4, 0, 1, 2)
	if last := w.applied[lost][3].Update; last.ClientID != OwnClients+uint64(lost) || last.Timestamp < 4 {
		t.Errorf("the next update is number %d of client %d: want another one of its own", last.Timestamp, last.ClientID)
	}
}

// The same seeds make the same run.
func TestDeterministic(t *testing.T) {
	run := func() string {
		w := newCluster(t, 3)
		var all []string
		w.watch = func(self actor.ID, e event) {
			all = append(all, fmt.Sprintf("%v %v %+v %v", self, e.from, e.message, e.timer))
		}
		w.begin()
		for k := range 5 {
			w.propose(k%3, uint64(k+1))
			w.isolate(k%3, k%2 == 0)
			w.run(700)
		}
		return fmt.Sprint(all)
	}
	if one, other := run(), run(); one != other {
		t.Error("two runs differ")
	}
}
