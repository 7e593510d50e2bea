package systembuilders_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// TestCutLost has a leader ask a server that knows of slots above one that it misses, for which an answer has no room.
// A third of the messages is lost: the leader leads once it knows all of the slots, and not before.
func TestCutLost(t *testing.T) {
	const first, last, room = 2, 12, 3
	update := func(seq int) systembuilders.Batch[letterOp] {
		return systembuilders.BatchOf(systembuilders.Update[letterOp]{Node: 2, Command: rsm.Command[letterOp]{
			ID: rsm.ID{Client: 7, Local: rsm.Local(seq)}, Op: letterOp{Write: true, Value: letter('A' + seq)},
		}})
	}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		var servers []actor.Typed[letterState, rsm.Message]
		for self := range actor.ID(2) {
			s := systembuilders.Server[letter, letterOp, letter]{
				Options: systembuilders.Options{
					Window: last, ListBytes: room, Elected: true, Resend: time.Second,
				},
				Machine: rsm.Register[letter]{}, Peers: actor.Others(actor.IDs(3), self),
				Size: func(rsm.Command[letterOp]) int { return 1 },
			}
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			servers = append(servers, s.New())
		}
		known := map[rsm.Slot]systembuilders.Known[letterOp]{}
		for seq := first; seq <= last; seq++ {
			known[rsm.Slot(seq)] = systembuilders.Known[letterOp]{Batch: update(seq), Ordered: seq%3 == 0}
		}
		var out [2]actor.Out[rsm.Message]
		states := []letterState{
			servers[0].Recover(0, systembuilders.Durable[letterOp]{History: known}, &out[0]),
			servers[1].Start(1, &out[1]),
		}
		states[1] = servers[1].Timeout(1, states[1], systembuilders.Progress{}, &out[1])
		parts := 0
		for round := 0; states[1].Phase != systembuilders.RegLeader; round++ {
			if round > 1_000 {
				t.Fatalf("seed %d: the leader never leads, and knows %v", seed, states[1].History)
			}
			for from := range actor.ID(2) {
				to := 1 - from
				commands := append([]actor.Command[rsm.Message](nil), out[from].Commands()...)
				out[from].Reset()
				for _, c := range commands {
					if c.Kind != actor.Send || c.To != to {
						continue
					}
					if seed > 0 && random.IntN(3) == 0 {
						continue
					}
					if m, ok := c.Message.(rsm.Internal[systembuilders.Message]).Message.(systembuilders.PrepareOK[letterOp]); ok {
						parts++
						if n := len(m.Data.Ordered) + len(m.Data.Proposals); n == 0 || n > room {
							t.Fatalf("an answer with %d slots: must be 1 to %d", n, room)
						}
					}
					states[to] = servers[to].Receive(to, states[to], from, c.Message, &out[to])
				}
				if round%5 == 4 {
					states[from] = servers[from].Timeout(from, states[from], systembuilders.Resend{}, &out[from])
				}
			}
		}
		for seq := rsm.Slot(first); seq <= last; seq++ {
			if e, known := states[1].History[seq]; !known || !e.Batch.Same(update(int(seq))) {
				t.Errorf("seed %d: slot %v is %+v", seed, seq, e)
			}
		}
		if want := (last - first + room) / room; parts < want {
			t.Errorf("%d parts of an answer: must be at least %d", parts, want)
		}
	}
}
