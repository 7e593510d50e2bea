package registers_test

import (
	"context"
	"fmt"

	"synod/actor"
	"synod/checker"
	"synod/examples/registers"
	"synod/examples/singlecopy"
	"synod/register"
)

// A server that keeps the register for itself is linearizable, as long as it is the only one.
func ExampleCompose() {
	for servers := range 2 {
		c := registers.Config{Servers: servers + 1, Clients: 2, Puts: 1}
		sys, _ := registers.Compose(c, func([]actor.ID) actor.Typed[singlecopy.State, register.Message] {
			return singlecopy.New()
		})
		sys.ValueChosen()
		r := checker.BFS(context.Background(), sys.System, checker.Options{})
		for _, p := range r.Properties {
			fmt.Println(c.Servers, p.Name, p.Verdict)
		}
		r.Close()
	}
	// Output:
	// 1 linearizable holds
	// 1 value chosen example
	// 2 linearizable violated
	// 2 value chosen example
}
