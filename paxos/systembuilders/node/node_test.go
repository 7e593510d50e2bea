package node_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"go.uber.org/goleak"

	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
)

func alone(t *testing.T, c node.Config) *node.Node {
	t.Helper()
	c.NodeCount = 1
	n, err := node.StartNode(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	return n
}

func propose(t *testing.T, n *node.Node, u node.Update) {
	t.Helper()
	if err := n.Propose(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

// What is stopped takes nothing, tells its last status, and leaves no goroutine.
func TestStopped(t *testing.T) {
	defer goleak.VerifyNone(t)
	n := alone(t, node.Config{})
	n.Stop()
	n.Stop()
	n.Tick()
	if err := n.Propose(t.Context(), node.Update{}); !errors.Is(err, node.ErrStopped) {
		t.Errorf("Propose: %v", err)
	}
	m := node.Message{From: 1, Message: systembuilders.Accept{}}
	if err := n.Step(t.Context(), m); err == nil {
		t.Error("Step takes a message of a node that does not exist")
	}
	if st := n.Status(); st.State != systembuilders.RegLeader || st.LastInstalled != 1 {
		t.Errorf("the status is %+v", st)
	}
}

// A Ready is the whole state and everything since the last one; the user's own numbers come back, and the Node
// numbers the rest.
func TestReady(t *testing.T) {
	n := alone(t, node.Config{})
	propose(t, n, node.Update{Data: []byte("a")})
	propose(t, n, node.Update{ClientID: 5, Timestamp: 9, Data: []byte("b")})
	propose(t, n, node.Update{Data: []byte("c")})
	var got []node.OrderedUpdate
	var state node.PersistentState
	for len(got) < 3 {
		rd := <-n.Ready()
		if rd.PersistentState == nil || !rd.MustSync {
			t.Fatalf("%+v: the vote must be on disk", rd)
		}
		got, state = append(got, rd.OrderedUpdates...), *rd.PersistentState
	}
	want := []node.OrderedUpdate{
		{Seq: 1, Update: node.Update{ClientID: node.OwnClients, Timestamp: 1, Data: []byte("a")}},
		{Seq: 2, Update: node.Update{ClientID: 5, Timestamp: 9, Data: []byte("b")}},
		{Seq: 3, Update: node.Update{ClientID: node.OwnClients, Timestamp: 2, Data: []byte("c")}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ordered %+v: want %+v", got, want)
	}
	if err := n.Propose(t.Context(), node.Update{ClientID: 5, Timestamp: 9}); !errors.Is(err, node.ErrProposalDropped) {
		t.Errorf("an update that was ordered: %v", err)
	}

	// It goes on with its numbers where it was, and gives again only what was not applied.
	n.Stop()
	n, err := node.RestartNode(node.Config{NodeCount: 1, Applied: 2}, state)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop()
	propose(t, n, node.Update{Data: []byte("d")})
	got = nil
	for len(got) < 2 {
		got = append(got, (<-n.Ready()).OrderedUpdates...)
	}
	want = append(want[2:], node.OrderedUpdate{
		Seq: 4, Update: node.Update{ClientID: node.OwnClients, Timestamp: 3, Data: []byte("d")},
	})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("after the restart ordered %+v: want %+v", got, want)
	}
}

// A client may have the number 0: only without a timestamp too does it stand for the Node.
func TestClientZero(t *testing.T) {
	n := alone(t, node.Config{})
	want := node.Update{Timestamp: 7, Data: []byte("a")}
	propose(t, n, want)
	for {
		rd := <-n.Ready()
		if len(rd.OrderedUpdates) == 0 {
			continue
		}
		if got := rd.OrderedUpdates[0].Update; !reflect.DeepEqual(got, want) {
			t.Errorf("ordered %+v: want %+v", got, want)
		}
		break
	}
	if err := n.Propose(t.Context(), want); !errors.Is(err, node.ErrProposalDropped) {
		t.Errorf("the same again: %v", err)
	}
}

// Propose blocks while too much waits, and ends with its context.
func TestProposeBlocks(t *testing.T) {
	n, err := node.StartNode(node.Config{NodeCount: 2, Pending: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop()
	propose(t, n, node.Update{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- n.Propose(ctx, node.Update{}) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Propose: %v", err)
	}
	if st := n.Status(); st.Pending != 1 {
		t.Errorf("%d updates are pending", st.Pending)
	}
}

// Configurations and states that cannot be are refused.
func TestRefused(t *testing.T) {
	for _, c := range []node.Config{
		{},
		{ID: 3, NodeCount: 3},
		{NodeCount: 1, ProgressTicks: -1},
		{NodeCount: 1, ProofTicks: 1 << 30},
		{NodeCount: 1, Batch: -1},
		{NodeCount: 1, Pending: -1},
	} {
		if _, err := node.StartNode(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	for _, state := range []node.PersistentState{{}, {NodeID: 1, NodeCount: 3}} {
		if _, err := node.RestartNode(node.Config{NodeCount: 3}, state); err == nil {
			t.Errorf("%+v was accepted", state)
		}
	}
	if _, err := node.RestartNode(node.Config{NodeCount: 1, Applied: 1}, node.PersistentState{NodeCount: 1}); err == nil {
		t.Error("more was applied than was ordered")
	}
	n := alone(t, node.Config{})
	for _, m := range []node.Message{{}, {To: 1}, {From: 1, Message: systembuilders.Learn{}}} {
		if err := n.Step(t.Context(), m); err == nil {
			t.Errorf("%+v was accepted", m)
		}
	}
	if err := n.Propose(t.Context(), node.Update{ClientID: node.OwnClients}); err == nil {
		t.Error("a client of the nodes was accepted")
	}
}
