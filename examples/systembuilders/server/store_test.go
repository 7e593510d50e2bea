package server

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/examples/systembuilders/hosts"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
)

type (
	batch   = systembuilders.Batch[string]
	known   = systembuilders.Known[string]
	pending = systembuilders.Pending[string]
)

var three = hosts.List{{Name: "a", Port: 3000}, {Name: "b", Port: 3000}, {Name: "c", Port: 3000}}

// TestStore saves states that come one after the other, and opens the file now and then: it holds the last one.
func TestStore(t *testing.T) {
	folder, runs := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		dir := filepath.Join(folder, strconv.Itoa(runs))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s, err := openStore(dir, 1, three.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, found, err := s.Load(); found || err != nil {
			t.Fatalf("a new store has a state: %v, %v", found, err)
		}
		state := node.PersistentState{NodeID: 1, NodeCount: 3}
		if rapid.Bool().Draw(t, "members change") {
			state.Delay, state.Members = 16, []actor.ID{0, 1}
		}
		for range rapid.IntRange(1, 10).Draw(t, "saves") {
			state = next(t, state)
			if err := s.Save(state); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 2).Draw(t, "opens") > 0 {
				continue
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if s, err = openStore(dir, 1, three.String()); err != nil {
				t.Fatal(err)
			}
			if back, found, err := s.Load(); err != nil || !found || !reflect.DeepEqual(back, state) {
				t.Fatalf("%+v became %+v, %v, %v", state, back, found, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// next is a state that may come after one.
func next(t *rapid.T, s node.PersistentState) node.PersistentState {
	s.History = maps.Clone(s.History)
	if len(s.History) == 0 {
		s.History = make(map[rsm.Slot]known)
	}
	command := func() rsm.Command[string] {
		id := rsm.ID{Client: 7, Local: rsm.Local(rapid.IntRange(0, 5).Draw(t, "local"))}
		return rsm.Command[string]{ID: id, Op: rapid.String().Draw(t, "op")}
	}
	updates := func() batch {
		var b batch
		if rapid.Bool().Draw(t, "some") {
			b = systembuilders.BatchOf(systembuilders.Update[string]{Node: 2, Command: command()})
		}
		return b
	}
	aru, _, _ := s.Log.Last()
	aru = max(aru, s.Snapshot.Seq)
	for range rapid.IntRange(1, 3).Draw(t, "changes") {
		switch rapid.IntRange(0, 7).Draw(t, "change") {
		case 0: // a view
			s.Installed++
		case 1: // a proposal, or what is ordered beyond a gap
			seq := aru + 2 + rsm.Slot(rapid.IntRange(0, 3).Draw(t, "slot"))
			if k := (known{Batch: updates(), Ordered: rapid.Bool().Draw(t, "ordered")}); !s.History[seq].Ordered {
				if !k.Ordered {
					k.View = s.Installed
				}
				s.History[seq] = k
			}
		case 2, 3: // what is ordered and executed
			aru++
			k, ok := s.History[aru]
			if !ok {
				k.Batch = updates()
			}
			s.Log = s.Log.With(aru, k.Batch)
			delete(s.History, aru)
			for s.History[aru+1].Ordered {
				aru++
				s.Log = s.Log.With(aru, s.History[aru].Batch)
				delete(s.History, aru)
			}
		case 4: // an update of a client
			c := command()
			s.Pending = s.Pending.With(c.ID, pending{Client: 3, Command: c})
		case 5: // one that is ordered
			s.Pending = s.Pending.Without(command().ID)
		case 7: // a loss of the disk, and the way back
			s.Lost, s.Highest = rapid.Uint64().Draw(t, "lost"), s.Installed+1
		case 6: // a snapshot
			if aru > 0 {
				s.Snapshot = systembuilders.Snapshot{Seq: aru, Data: rapid.StringN(1, 5, 9).Draw(t, "snapshot")}
				s.Log = s.Log.From(aru + 1)
			}
		}
	}
	if len(s.History) == 0 {
		s.History = nil
	}
	return s
}

// TestStoreRefused opens a file as another server, and as one of another cluster.
func TestStoreRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := openStore(dir, 1, three.String())
	if err != nil {
		t.Fatal(err)
	}
	if other, err := openStore(dir, 1, three.String()); err == nil {
		t.Error("a file is open twice", other.Close())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if other, err := openStore(dir, 1, three[:2].String()); err == nil {
		t.Error("a file is of two clusters", other.Close())
	}
}
