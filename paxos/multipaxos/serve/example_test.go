package serve_test

import (
	"fmt"

	"synod/paxos/multipaxos"
	"synod/paxos/multipaxos/serve"
	"synod/paxos/rsm"
)

// A step that decides a slot changes the record of that slot alone.
func ExampleRecords_Changes() {
	records, err := serve.NewRecords[string]()
	if err != nil {
		panic(err)
	}
	command := rsm.Command[string]{ID: rsm.ID{Client: 7, Local: 1}, Op: "hello"}
	var before multipaxos.Durable[string]
	before.Decisions = before.Decisions.With(1, rsm.BatchOf[string]())
	after := before
	after.Decisions = after.Decisions.With(2, rsm.BatchOf(command))
	changes, err := records.Changes(before, after)
	for _, r := range changes {
		fmt.Printf("%s: %s\n", r.Name, r.Data)
	}
	fmt.Println(err)
	// Output:
	// decision 00000000000000000002: [{"id":{"client":7,"local":1},"op":"hello","end":false,"floor":0}]
	// <nil>
}
