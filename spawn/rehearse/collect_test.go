package rehearse_test

import (
	"sync/atomic"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/multipaxos/wire"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/rehearse"
)

type storeState = multipaxos.State[map[string]string, rsm.StoreOp, rsm.StoreResult]

// chunks counts the chunks of snapshots that arrive.
type chunks struct {
	machine.Wire[rsm.Message]
	n *atomic.Int64
}

func (c chunks) Decode(data []byte) (rsm.Message, error) {
	msg, err := c.Wire.Decode(data)
	if m, ok := msg.(rsm.Internal[multipaxos.Message]); ok {
		if _, ok := m.Message.(multipaxos.Chunk); ok {
			c.n.Add(1)
		}
	}
	return msg, err
}

// TestCollecting makes runs of servers of Multi-Paxos that collect after a few slots, so that those that were down, or cut
// off, go on from snapshots, whose chunks are lost, or come from a server that dies meanwhile.
func TestCollecting(t *testing.T) {
	runs := 25
	if testing.Short() {
		runs = 5
	}
	for _, streams := range []bool{false, true} {
		c := config(t, "multi-paxos", streams)
		var n atomic.Int64
		server := func(others []actor.ID) actor.Typed[storeState, rsm.Message] {
			return multipaxos.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{
				Options: multipaxos.Options{
					Window: wire.Window, Batch: 4, Bytes: wire.SlotBytes, Part: wire.Part, PartBytes: wire.PartBytes, Reduce: true,
					Forward: true, Collect: 4, Retain: 2, CollectBytes: 1 << 10, Chunk: 150,
					Resend: 50 * time.Millisecond, Patience: 500 * time.Millisecond, Adaptive: true,
				},
				Machine: rsm.Store{}, Peers: others, Size: wire.Size,
			}.New()
		}
		c.Program = spawn.NewProgram("multi-paxos", wire.Version, server, chunks{wire.Messages, &n}, wire.Records)
		perform(t, c, rehearse.Campaign{Seed: 1, Runs: runs})
		if got := n.Load(); got < int64(runs) {
			t.Errorf("streams %v: %d chunks in %d runs", streams, got, runs)
		} else {
			t.Logf("streams %v: %d chunks in %d runs", streams, got, runs)
		}
	}
}
