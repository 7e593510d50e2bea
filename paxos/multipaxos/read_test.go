package multipaxos_test

import (
	"testing"
	"time"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// TestReads requires that a read needs no slot at any server, nothing that is saved, and a majority: with fewer it is
// answered as soon as there are enough.
func TestReads(t *testing.T) {
	g := newGroup(t, 3, multipaxos.Options{
		Window: 4, Batch: 8, Reduce: true, Forward: true, Resend: time.Second, Patience: time.Second, ReadIndex: true,
	})
	get := func(to actor.ID, local rsm.Local) []rsm.Answer[rsm.StoreResult] {
		return g.ask(to, rsm.Command[rsm.StoreOp]{
			ID: rsm.ID{Client: 9, Local: local}, Floor: local, Op: rsm.StoreOp{Kind: rsm.Get, Key: "0"},
		})
	}
	answered := func(all []rsm.Answer[rsm.StoreResult], local rsm.Local, value string) {
		t.Helper()
		if len(all) != 1 || all[0].ID.Local != local || all[0].Result.Value != value {
			t.Fatalf("read %d: %+v, want %q", local, all, value)
		}
	}
	for k := range rsm.Local(5) {
		if told := g.put(actor.ID(k%3), 10*k+1, 1, 3); len(told) != 1 {
			t.Fatalf("put %d: %v", k, told)
		}
		slots := g.states[0].Replica.SlotOut
		for id := range actor.ID(3) {
			answered(get(id, 10*k+2+rsm.Local(id)), 10*k+2+rsm.Local(id), []string{"001", "011", "021", "031", "041"}[k])
		}
		for id, st := range g.states {
			if st.Replica.SlotOut != slots || len(st.Reads.Waiting) != 0 || st.Reads.Round != nil {
				t.Errorf("server %d at slot %v after reads, want %v: %+v", id, st.Replica.SlotOut, slots, st.Reads)
			}
		}
	}
	g.down = map[actor.ID]bool{1: true, 2: true}
	if told := get(0, 100); len(told) != 0 {
		t.Fatalf("a leader alone answers a read: %+v", told)
	}
	delete(g.down, 1)
	g.told = nil
	g.resend()
	answered(g.told, 100, "041")
}
