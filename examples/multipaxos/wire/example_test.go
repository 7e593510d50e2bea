package wire_test

import (
	"fmt"

	"synod/actor"
	"synod/examples/multipaxos/wire"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// The votes and the decision of each slot are records of their own, so that a step changes a few.
func Example() {
	batch := rsm.BatchOf(rsm.Command[rsm.StoreOp]{
		ID: rsm.ID{Client: 7, Local: 1}, Op: rsm.StoreOp{Kind: rsm.Put, Key: "k", Value: "v"},
	})
	kept := multipaxos.Durable[rsm.StoreOp]{Decisions: multipaxos.Slots[rsm.StoreOp]{}.With(11, batch)}
	ballot := multipaxos.Ballot{Round: 2, Leader: 1}
	kept.Acceptor.Ballot = ballot
	kept.Acceptor.Accepted.Map = kept.Acceptor.Accepted.With(12, actor.ListOf(
		multipaxos.Vote[rsm.StoreOp]{Ballot: ballot, Batch: batch},
	))
	records, err := wire.Records.Split(kept)
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
