package stage_test

import (
	"fmt"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/examples/registers/wire"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse/stage"
)

// Three servers and a client, for ten seconds in which a machine loses its power: the run is the same each time.
func ExampleRun() {
	program, err := catalog.Program("durable-abd", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := stage.Config{
		Program: program, Service: wire.Register, Servers: []actor.ID{1, 2, 3}, Client: 10, Seed: 1, Retries: 2,
		Workload: nemesis.Workload{Clients: 1, Servers: 3, Reads: 0.5, ThinkMost: time.Second},
		Schedule: nemesis.Schedule{Servers: 3, Duration: 10 * time.Second, Faults: []nemesis.Fault{
			{Kind: nemesis.PowerOff, At: 4 * time.Second, For: time.Second, Servers: []int{0}},
		}},
	}
	first, err := stage.Run(c)
	fmt.Println(err, first.Acknowledged > 10, len(first.Violations), &first.Tally)
	second, err := stage.Run(c)
	fmt.Println(err, first.Digest == second.Digest)
	// Output:
	// <nil> true 0 power-off 1
	// <nil> true
}
