package multipaxos_test

import (
	"fmt"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// A lone server decides by itself; its vote for a slot is a message to itself, so that it counts after it is saved.
func ExampleServer() {
	server := multipaxos.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{
		Machine: rsm.Store{},
	}.New()

	var out actor.Out[rsm.Message]
	st := server.Start(0, &out)
	put := rsm.Command[rsm.StoreOp]{
		ID: rsm.ID{Client: 7, Local: 1}, Op: rsm.StoreOp{Kind: rsm.Put, Key: "k", Value: "v"},
	}
	st = server.Receive(0, st, 7, rsm.Request[rsm.StoreOp]{Command: put}, &out)
	for len(out.Commands()) > 0 {
		command := out.Commands()[0]
		fmt.Printf("to %v: %+v\n", command.To, command.Message)
		out.Reset()
		if command.To == 0 {
			st = server.Receive(0, st, 0, command.Message, &out)
		}
	}
	fmt.Println(st.Replica.Machine.State)
	// Output:
	// to 0: {Message:{Ballot:1.0 Slot:1 Batch:[{ID:7.1 Op:put k v End:false Floor:0}] Watermark:0}}
	// to 7: {Answer:{ID:7.1 Status:executed Result:{Found:false Value: Done:false}}}
	// map[k:v]
}
