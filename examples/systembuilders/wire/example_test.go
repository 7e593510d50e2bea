package wire_test

import (
	"fmt"

	"synod/examples/systembuilders/wire"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// Each slot and each pending update is a record of its own, so that a step changes a few.
func Example() {
	put := rsm.Command[rsm.StoreOp]{
		ID: rsm.ID{Client: 7, Local: 1}, Op: rsm.StoreOp{Kind: rsm.Put, Key: "k", Value: "v"},
	}
	records, err := wire.Records.Split(systembuilders.Durable[rsm.StoreOp]{
		Installed: 4,
		Log:       systembuilders.Log[rsm.StoreOp]{}.With(1, systembuilders.BatchOf[rsm.StoreOp]()),
		History: map[rsm.Slot]systembuilders.Known[rsm.StoreOp]{
			2: {View: 3, Batch: systembuilders.BatchOf(systembuilders.Update[rsm.StoreOp]{Node: 1, Command: put})},
		},
		Pending: systembuilders.Waiting[rsm.StoreOp]{}.With(put.ID, systembuilders.Pending[rsm.StoreOp]{Client: 9, Command: put}),
	})
	for _, r := range records {
		fmt.Println(r.Name)
	}
	fmt.Println(err)
	// Output:
	// known 00000000000000000002
	// ordered 00000000000000000001
	// pending 00000000000000000007.00000000000000000001
	// view
	// <nil>
}
