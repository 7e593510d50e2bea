package record_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/record"
)

// quiet is a transport on which nobody speaks.
type quiet struct{ spawn.Transport }

func (quiet) Send(actor.ID, []byte) error { return nil }

// A server that is driven by hand writes a header, and then a line for each event.
func Example() {
	program, err := catalog.Program("single-copy", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	const self, client = 139637976796088, 139637976797088 // 127.0.0.1:3000 and :4000
	servers := []actor.ID{self}
	noon := func() time.Time { return time.Unix(1_000_000_000, 0) }
	recorder, err := record.New(os.Stdout, record.Header{
		Server: self, Servers: servers, Model: program.Model, Version: program.Version, Transport: "udp",
	}, noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := spawn.NewServer(spawn.Config{
		Machine: program.New(self, servers, false, rand.NewPCG(1, 1)), Transport: quiet{}, Record: recorder,
		Clock: func() time.Duration { return time.Millisecond },
	})
	fmt.Println(server.Begin())
	fmt.Println(server.Step(machine.Event{Kind: machine.Receive, From: client, Data: []byte(`{"Put":[1,"X"]}`)}))
	// Output:
	// {"server":"127.0.0.1:3000","record":"synod.record/1","servers":["127.0.0.1:3000"],"model":"single-copy","version":1,"config":{},"durable":false,"transport":"udp","faults":false,"build":"","wall":1000000000000000000}
	// {"server":"127.0.0.1:3000","step":1,"at":1000000,"wall":1000000000000000000,"event":"start","state":"f1a275290c0ad5d4"}
	// <nil>
	// {"server":"127.0.0.1:3000","step":2,"at":1000000,"wall":1000000000000000000,"event":"receive","from":"127.0.0.1:4000","message":{"Put":[1,"X"]},"send":[["127.0.0.1:4000",{"PutOk":1}]],"state":"ea2e827ebdaed0bb"}
	// <nil>
}
