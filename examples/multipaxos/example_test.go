package multipaxos_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/multipaxos"
)

// One client writes, while two of three servers want to lead.
func ExampleSystem() {
	c := multipaxos.Default
	c.Clients = 1
	r := checker.BFS(context.Background(), multipaxos.System(c), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Verdict, p.Name)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// holds linearizable
	// holds R1: replicas agree on what is decided in a slot
	// holds R2: all slots below slot_out are decided
	// holds R3: the machine executed what is decided, in order, each command once
	// holds R4: slot_out never decreases
	// holds R5: proposals stay within the window
	// holds A2: acceptors vote at ballots that they promised
	// holds A4: votes for a slot at a ballot are for the same commands
	// holds A5: what is chosen in a slot is all that is voted for there later
	// holds C1: commanders of a slot at a ballot are for the same commands
	// holds C2: commanders of higher ballots are for what is chosen
	// example decided
	// example preempted
	// example adopted from an earlier ballot
	// holds A1, A3: acceptors take back neither promise nor vote
	// holds a log
	// holds every command is answered
	// 22037 76418 22
}
