package wire_test

import (
	"fmt"

	"synod/examples/multipaxos/wire"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// The votes and the decision of each slot are records of their own, so that a step changes a few.
func Example() {
	batch := rsm.Batch[rsm.StoreOp]{{ID: rsm.ID{Client: 7, Local: 1}, Op: rsm.StoreOp{Kind: rsm.Put, Key: "k", Value: "v"}}}
	ballot := multipaxos.Ballot{Round: 2, Leader: 1}
	records, err := wire.Records.Split(multipaxos.Durable[rsm.StoreOp]{
		Acceptor: multipaxos.Acceptor[rsm.StoreOp]{
			Ballot:   ballot,
			Accepted: multipaxos.PValues[rsm.StoreOp]{12: {{Ballot: ballot, Batch: batch}}},
		},
		Decisions: map[rsm.Slot]rsm.Batch[rsm.StoreOp]{11: batch},
	})
	for _, r := range records {
		fmt.Println(r.Name)
	}
	fmt.Println(string(records[0].Data), err)
	// Output:
	// ballot
	// decision 00000000000000000011
	// vote 00000000000000000012
	// {"round":2,"leader":1} <nil>
}
