package systembuilders_test

import (
	"fmt"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// A lone server is a majority: it leads from the start, and answers in the step in which it is asked.
func ExampleServer() {
	server := systembuilders.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{Machine: rsm.Store{}}.New()

	var out actor.Out[rsm.Message]
	st := server.Start(0, &out)
	fmt.Println(st.Phase, "of view", st.Installed)
	put := rsm.Command[rsm.StoreOp]{
		ID: rsm.ID{Client: 7, Local: 1}, Op: rsm.StoreOp{Kind: rsm.Put, Key: "k", Value: "v"},
	}
	out.Reset()
	st = server.Receive(0, st, 7, rsm.Request[rsm.StoreOp]{Command: put}, &out)
	for _, command := range out.Commands() {
		fmt.Printf("to %v: %+v\n", command.To, command.Message)
	}
	fmt.Println(st.Machine.State)
	// Output:
	// leader of view 1
	// to 7: {Answer:{ID:7.1 Status:executed Result:{Found:false Value: Done:false}}}
	// map[k:v]
}
