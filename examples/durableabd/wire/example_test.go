package wire_test

import (
	"fmt"

	"synod/actor"
	"synod/examples/durableabd"
	"synod/examples/durableabd/wire"
)

// The last write of each client is a record of its own, so that a step changes a few.
func Example() {
	records, err := wire.Records.Split(durableabd.Durable{
		Run:  3,
		Copy: durableabd.Copy{Sequence: durableabd.Sequence{Number: 2, Writer: 5}, Value: 'X'},
		Writes: actor.Table[durableabd.Write]{}.With(9, durableabd.Write{
			Request: 7, Sequence: durableabd.Sequence{Number: 2, Writer: 5},
		}),
	})
	for _, r := range records {
		fmt.Printf("%s: %s\n", r.Name, r.Data)
	}
	fmt.Println(err)
	// Output:
	// copy: [[2,5],"X"]
	// run: 3
	// write 00000000000000000009: [7,[2,5]]
	// <nil>
}
