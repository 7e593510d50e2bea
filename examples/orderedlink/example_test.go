package orderedlink_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/orderedlink"
	"synod/model"
	"synod/network"
)

// Three messages over a network that repeats them, reorders them and loses them.
func ExampleSystem() {
	r := checker.BFS(context.Background(), orderedlink.System(orderedlink.Config{
		Messages: 3, Config: model.Config{Network: network.UnorderedDuplicating, Lossy: true},
	}), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// each once, in order holds
	// acknowledged means received holds
	// all received example
	// all acknowledged example
	// all is received in the end holds
	// 392 2225 11
}
