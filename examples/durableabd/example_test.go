package durableabd_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/durableabd"
	"synod/model"
	"synod/network"
)

// Two servers and one client that repeats each request, on a network that repeats messages.
func ExampleSystem() {
	r := checker.BFS(context.Background(), durableabd.System(durableabd.Config{
		Servers: 2, Clients: 1, Puts: 1, Resends: 1, Config: model.Config{Network: network.UnorderedDuplicating},
	}), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// linearizable holds
	// value chosen example
	// 42 223 14
}
