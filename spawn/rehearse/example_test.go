package rehearse_test

import (
	"context"
	"fmt"
	"time"

	"synod/examples/catalog"
	"synod/examples/registers/wire"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse"
)

// Twenty minutes of a cluster whose machines lose their power now and then.
func ExampleConfig_Perform() {
	program, err := catalog.Program("durable-abd", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := rehearse.Config{
		Program: program, Service: wire.Register, Servers: 3, Clients: 4, Length: time.Minute, Reads: 0.5, Retries: 2,
		Kinds: []nemesis.Kind{nemesis.PowerOff, nemesis.Partition},
	}
	s, err := c.Perform(context.Background(), rehearse.Campaign{Seed: 1, Runs: 20})
	fmt.Println(err, s.Runs, s.Virtual, s.Violations, len(s.Tally.Missing(c.Kinds)))
	// Output:
	// <nil> 20 20m0s 0 0
}
