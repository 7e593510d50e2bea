package node_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders/node"
)

// server is what a user makes of a node: it stores, sends and applies.
type server struct {
	*node.Node
	peers   []*server // by id, itself included
	stored  node.PersistentState
	applied chan node.OrderedUpdate
}

func (s *server) saveToStorage(state *node.PersistentState) { s.stored = *state }

func (s *server) send(ctx context.Context, msg node.Message) {
	if err := s.peers[msg.To].Step(ctx, msg); err != nil {
		return // It is sent again.
	}
}

// loop is the loop of the package's documentation.
func (s *server) loop(ctx context.Context, ticker *time.Ticker) {
	node := s.Node
	for {
		select {
		case <-ticker.C:
			node.Tick()
		case rd := <-node.Ready():
			if rd.PersistentState != nil {
				s.saveToStorage(rd.PersistentState)
			}
			for _, msg := range rd.Messages {
				s.send(ctx, msg)
			}
			for _, update := range rd.OrderedUpdates {
				s.applied <- update
			}
		case <-ctx.Done():
			return
		}
	}
}

// cluster runs servers, and returns them with what stops them.
func cluster(n int) (servers []*server, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	for i := range n {
		one, err := node.StartNode(node.Config{ID: actor.ID(i), NodeCount: n, RandSeed: uint64(i)})
		if err != nil {
			panic(err)
		}
		servers = append(servers, &server{Node: one, applied: make(chan node.OrderedUpdate, 100)})
	}
	var running sync.WaitGroup
	ticker := time.NewTicker(10 * time.Millisecond)
	for _, s := range servers {
		s.peers = servers
		running.Go(func() { s.loop(ctx, ticker) })
	}
	return servers, func() {
		cancel()
		running.Wait()
		for _, s := range servers {
			s.Stop()
		}
		ticker.Stop()
	}
}

// Three nodes order what is proposed at any of them.
func Example() {
	servers, stop := cluster(3)
	defer stop()
	ctx := context.Background()
	for i, text := range []string{"hello", "world", "!"} {
		if err := servers[i].Propose(ctx, node.Update{Data: []byte(text)}); err != nil {
			fmt.Println(err)
		}
		for i, s := range servers {
			update := <-s.applied
			fmt.Printf("node %d applies %d: %s\n", i, update.Seq, update.Update.Data)
		}
	}
	// Output:
	// node 0 applies 1: hello
	// node 1 applies 1: hello
	// node 2 applies 1: hello
	// node 0 applies 2: world
	// node 1 applies 2: world
	// node 2 applies 2: world
	// node 0 applies 3: !
	// node 1 applies 3: !
	// node 2 applies 3: !
}

// A machine of package rsm, here a key-value store, is replicated by executing what a node orders.
func Example_machine() {
	servers, stop := cluster(1)
	defer stop()
	var machine rsm.Machine[map[string]string, rsm.StoreOp, rsm.StoreResult] = rsm.Store{}
	replica := rsm.Start(machine)
	for k, op := range []rsm.StoreOp{
		{Kind: rsm.Put, Key: "k", Value: "v"}, {Kind: rsm.Swap, Key: "k", Old: "v", Value: "w"}, {Kind: rsm.Get, Key: "k"},
	} {
		command := rsm.Command[rsm.StoreOp]{ID: rsm.ID{Client: 7, Local: rsm.Local(k + 1)}, Op: op}
		data, err := json.Marshal(command)
		if err != nil {
			panic(err)
		}
		update := node.Update{ClientID: 7, Timestamp: uint64(k + 1), Data: data}
		if err := servers[0].Propose(context.Background(), update); err != nil {
			panic(err)
		}
		ordered := <-servers[0].applied
		if err := json.Unmarshal(ordered.Update.Data, &command); err != nil {
			panic(err)
		}
		answer, _ := rsm.Execute(machine, ordered.Seq, &replica, command)
		fmt.Printf("%v: %+v\n", op, answer.Result)
	}
	// Output:
	// put k v: {Found:false Value: Done:false}
	// cas k v w: {Found:true Value:v Done:true}
	// get k: {Found:true Value:w Done:false}
}
