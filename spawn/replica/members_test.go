package replica_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/spawn/replica"
)

// changing is a client of servers whose members change.
type changing = replica.Client[rsm.Change[rsm.StoreOp], rsm.StoreResult]

func (c *cluster) changing(servers ...int) *changing {
	c.t.Helper()
	var at []netip.AddrPort
	for _, i := range servers {
		at = append(at, c.at[i])
	}
	client, err := replica.NewClient[rsm.Change[rsm.StoreOp], rsm.StoreResult](at)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = client.Close() })
	return client
}

// TestMembers changes which of six servers vote beneath a client that has every command executed, once: two join three, one that
// is dead is replaced, and the leader is removed. What is left decides without those that left.
func TestMembers(t *testing.T) {
	c := stoppedCluster(t, 6, 100*time.Millisecond)
	c.config.Members = []int{0, 1, 2}
	for i := range 5 {
		c.start(i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done, swaps := make(chan error, 1), make(chan struct{})
	load := c.changing(1, 4) // They are never stopped.
	go func() {
		value := ""
		for {
			op := rsm.StoreOp{Kind: rsm.Swap, Key: "k", Old: value, Value: value + "x"}
			if value == "" {
				op.Kind = rsm.Put
			}
			r, err := load.Do(ctx, rsm.Change[rsm.StoreOp]{Op: op})
			switch {
			case ctx.Err() != nil:
				done <- nil
				return
			case err != nil || op.Kind == rsm.Swap && !r.Done:
				done <- errors.Join(err, errors.New("a command was executed twice, or not at all"))
				return
			}
			value = op.Value
			select {
			case swaps <- struct{}{}:
			default:
			}
		}
	}()
	progress := func(what string) {
		t.Helper()
		for range 2 { // The first one may have been executed before.
			select {
			case <-swaps:
			case err := <-done:
				t.Fatalf("%s: %v", what, err)
			}
		}
	}
	admin := c.changing(1, 4)
	change := func(members ...actor.ID) {
		t.Helper()
		if _, err := admin.Do(t.Context(), rsm.Change[rsm.StoreOp]{Members: actor.ListOf(members...)}); err != nil {
			t.Fatal(err)
		}
	}
	progress("three servers")
	change(0, 1, 2, 3, 4)
	progress("two have joined")
	c.stop(2)
	c.start(5)
	change(0, 1, 3, 4, 5)
	progress("a dead server is replaced")
	c.stop(3)
	progress("another one is dead")
	change(1, 4, 5)
	progress("the leader is removed")
	c.stop(0)
	progress("it has stopped")
	c.stop(5)
	progress("two of three are left")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
