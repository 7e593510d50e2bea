package node

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"synod/actor"
	"synod/paxos/systembuilders"
)

// changeByOne adds the node of "+3" to the members, or removes that of "-3".
func changeByOne(data []byte, members []actor.ID) ([]actor.ID, bool) {
	n, err := strconv.Atoi(string(bytes.TrimLeft(data, "+-")))
	at, is := slices.BinarySearch(members, actor.ID(n))
	switch {
	case err != nil || len(data) == 0 || is == (data[0] == '+'):
		return nil, false
	case is:
		return slices.Delete(members, at, at+1), true
	}
	return slices.Insert(members, at, actor.ID(n)), true
}

// newChanging returns a cluster of which the nodes 0, 1 and 2 are members at first.
func newChanging(t *testing.T, ids int) *cluster {
	t.Helper()
	return newCluster(t, ids, func(c *Config) {
		c.Window, c.Delay, c.Members, c.Change = 4, 8, []actor.ID{0, 1, 2}, changeByOne
	})
}

// change proposes a change of the members.
func (w *cluster) change(i int, number uint64, what string) {
	w.t.Helper()
	if err := w.nodes[i].propose(Update{ClientID: ChangeClients + 5, Timestamp: number, Data: []byte(what)}); err != nil {
		w.t.Fatal(err)
	}
	w.handle(i)
}

// expectMembers demands that these nodes know these members.
func (w *cluster) expectMembers(want string, ids ...int) {
	w.t.Helper()
	for _, i := range ids {
		if st := w.nodes[i].status(); fmt.Sprint(st.Members) != want || st.Changes > 0 {
			w.t.Errorf("node %d knows the members %v, and %d changes to come: want %s", i, st.Members, st.Changes, want)
		}
	}
}

// A node is added, a dead one is replaced by one that begins with a snapshot, and the leader is removed, while updates
// are ordered: all of them are applied everywhere, and the nodes go on from their disks.
func TestMembers(t *testing.T) {
	w := newChanging(t, 5)
	w.begin(0, 1, 2)
	w.run(10)
	updates := 0
	propose := func(i, n int) {
		for range n {
			updates++
			w.propose(i, uint64(updates))
		}
	}
	propose(0, 5)
	w.run(50)

	w.begin(3)
	w.change(1, 1, "+3")
	propose(0, 5)
	w.run(2_000)
	w.expectMembers("[0 1 2 3]", 0, 1, 2, 3)
	w.expect(11, 0, 1, 2, 3)

	w.crash(2)
	w.change(3, 2, "-2")
	propose(0, 5)
	w.run(3_000)
	w.expectMembers("[0 1 3]", 0, 1, 3)
	for _, i := range []int{0, 1, 3} {
		w.compact(i, 0)
	}
	w.begin(4)
	w.change(0, 3, "+4")
	propose(3, 5)
	w.run(3_000)
	w.expectMembers("[0 1 3 4]", 0, 1, 3, 4)
	if w.restored[4] != 1 {
		t.Errorf("the node that joined was given %d snapshots: want one", w.restored[4])
	}

	leader := w.nodes[3].status().Leader
	w.change(3, 4, fmt.Sprint("-", leader))
	propose(3, 5)
	w.run(3_000)
	left := slices.DeleteFunc([]int{0, 1, 3, 4}, func(i int) bool { return actor.ID(i) == leader })
	w.expectMembers(fmt.Sprint(left), 0, 1, 3, 4)
	if st := w.nodes[leader].status(); st.State != systembuilders.RegNonLeader {
		t.Errorf("the leader that was removed is in the state %v", st.State)
	}
	w.expect(29, 0, 1, 3, 4)

	w.change(3, 5, fmt.Sprint("+", leader)) // It has forgotten, for all that the others know.
	w.run(1_000)
	w.expectMembers(fmt.Sprint(left), left...)

	w.crash(int(leader)) // It is not missed.
	for _, i := range left {
		w.crash(i)
		w.configs[i].Members = nil // The state has them.
		w.restart(i)
	}
	propose(3, 5)
	w.run(3_000)
	w.expectMembers(fmt.Sprint(left), left...)
	w.expect(35, left...)
}

// A node that joins votes for nothing before it has learned everything up to its epoch.
func TestMembersLearnFirst(t *testing.T) {
	w := newChanging(t, 4)
	w.begin()
	w.run(10)
	w.isolate(3, true)
	for k := range 100 {
		w.propose(0, uint64(k+1))
	}
	w.change(0, 1, "+3")
	w.run(1_000)
	w.expectMembers("[0 1 2 3]", 0, 1, 2)
	begins := w.nodes[0].state.Aru
	w.isolate(3, false)
	for range 1_000 {
		w.run(1)
		for _, m := range w.flight {
			if _, votes := m.Message.(systembuilders.Accept); votes && m.From == 3 && w.nodes[3].state.Aru < begins {
				t.Fatalf("a node that has learned %d of %d slots sends %+v", w.nodes[3].state.Aru, begins, m)
			}
		}
		if w.nodes[3].state.Aru == begins {
			break
		}
	}
	w.propose(3, 1)
	w.run(500)
	w.expect(102, 0, 1, 2, 3)
}

// What does not fit together is refused.
func TestMembersRefused(t *testing.T) {
	good := Config{NodeCount: 4, Window: 4, Delay: 4, Members: []actor.ID{0, 1}, Change: changeByOne}
	for name, spoil := range map[string]func(*Config){
		"no delay":      func(c *Config) { c.Delay = 0 },
		"a short delay": func(c *Config) { c.Delay = 3 },
		"no change":     func(c *Config) { c.Change = nil },
		"nobody":        func(c *Config) { c.Members = []actor.ID{} },
		"twice":         func(c *Config) { c.Members = []actor.ID{1, 1} },
		"unknown":       func(c *Config) { c.Members = []actor.ID{1, 4} },
	} {
		c := good
		spoil(&c)
		if _, err := newCore(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := RejoinNode(good); err == nil {
		t.Error("a node of members that change rejoins")
	}
	w := newChanging(t, 3)
	w.begin()
	w.run(100)
	for name, spoil := range map[string]func(*Config){
		"other members": func(c *Config) { c.Members = []actor.ID{0, 1} },
		"another delay": func(c *Config) { c.Delay = 9 },
		"fixed":         func(c *Config) { c.Delay, c.Members, c.Change = 0, nil, nil },
	} {
		c := w.configs[1]
		spoil(&c)
		if _, err := RestartNode(c, w.disks[1]); err == nil {
			t.Errorf("%s: the state is taken", name)
		}
	}
	if !reflect.DeepEqual(w.disks[1].Members, []actor.ID{0, 1, 2}) || w.disks[1].Delay != 8 {
		t.Errorf("the state has the members %v and delay %d", w.disks[1].Members, w.disks[1].Delay)
	}
}
