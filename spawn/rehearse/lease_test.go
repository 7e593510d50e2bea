package rehearse_test

import (
	"testing"
	"time"

	"synod/actor"
	"synod/consistency"
	"synod/examples/multipaxos/wire"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse"
)

// drifting is a machine whose clock advances by half of the time that passes, or by three halves.
type drifting struct {
	spawn.Machine
	halves time.Duration
}

func (d drifting) own(at time.Duration) time.Duration { return at * d.halves / 2 }

// real returns the first moment at which the clock has advanced so far.
func (d drifting) real(own time.Duration) time.Duration { return (own*2 + d.halves - 1) / d.halves }

func (d drifting) Step(e machine.Event, now time.Duration) (machine.Effects, error) {
	effects, err := d.Machine.Step(e, d.own(now))
	for i, a := range effects.Arm {
		effects.Arm[i].At = d.real(a.At)
	}
	return effects, err
}

func (d drifting) Next(now time.Duration) (machine.Event, bool) { return d.Machine.Next(d.own(now)) }

func (d drifting) Due() (time.Duration, bool) {
	at, ok := d.Machine.Due()
	return d.real(at), ok
}

// leasing returns runs of servers with leases of two seconds, and clocks of which the one of a server is three times as
// slow as the others: while theirs advance by a lease, it advances by 667 ms.
func leasing(t *testing.T, drift time.Duration) rehearse.Config {
	c := config(t, "multi-paxos", false)
	c.Kinds = []nemesis.Kind{nemesis.Partition, nemesis.Pause, nemesis.Kill, nemesis.Drop}
	c.Every, c.Clients, c.Reads = time.Second, 6, 0.6
	server := func(others []actor.ID) actor.Typed[storeState, rsm.Message] {
		return multipaxos.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{
			Options: multipaxos.Options{
				Window: wire.Window, Batch: 4, Bytes: wire.SlotBytes, Part: wire.Part, PartBytes: wire.PartBytes, Reduce: true,
				Forward: true, ReadIndex: true, Lease: 2 * time.Second, Drift: drift,
				Resend: 50 * time.Millisecond, Patience: 500 * time.Millisecond,
			},
			Machine: rsm.Store{}, Peers: others, Size: wire.Size,
		}.New()
	}
	c.Program = spawn.NewProgram("multi-paxos", wire.Version, server, wire.Messages, wire.Records)
	c.Server = func(seed uint64, place int, _ func() time.Duration, sc spawn.Config) spawn.Config {
		halves := time.Duration(3)
		if place == int(seed%3) {
			halves = 1
		}
		sc.Machine = drifting{sc.Machine, halves}
		return sc
	}
	return c
}

// TestLease makes runs of servers with leases whose clocks drift, and that are paused, cut off and killed. What clients see is
// linearizable as long as the leases allow for the drift, and only then.
func TestLease(t *testing.T) {
	runs := 20
	if testing.Short() {
		runs = 5
	}
	perform(t, leasing(t, 1400*time.Millisecond), rehearse.Campaign{Seed: 1, Runs: runs})
	c := leasing(t, 0)
	c.Length = 12 * time.Second // A server whose clock is fast is soon the leader, and stays it.
	s, err := c.Perform(t.Context(), rehearse.Campaign{Seed: 1, Runs: 400})
	switch {
	case err != nil:
		t.Error(err)
	case len(s.Violated) == 0:
		t.Errorf("%d runs do not show that a lease is too long", s.Runs)
	case s.Violated[0].Check.Outcome != consistency.Violated:
		t.Errorf("seed %d: not the clients see that a lease is too long, but %v", s.Violated[0].Seed, s.Violated[0].Outcome.Violations)
	default:
		t.Logf("a lease that is too long shows in run %d", s.Runs)
	}
}
