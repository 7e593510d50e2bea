package quorums_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/quorums"
	"synod/examples/registers"
)

// With two servers, quorums are safe if one of them is both.
func ExampleSweep() {
	c := registers.Config{Servers: 2, Clients: 2, Puts: 1}
	err := quorums.Sweep(context.Background(), c, checker.Options{}, func(p quorums.Pair) {
		fmt.Println(p.Promises, p.Votes, p.Verdict)
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 1 violated
	// 1 2 holds
	// 2 1 holds
	// 2 2 holds
}
