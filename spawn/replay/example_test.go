package replay_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/record"
	"synod/spawn/replay"
)

// quiet is a transport on which nobody speaks.
type quiet struct{ spawn.Transport }

func (quiet) Send(actor.ID, []byte) error { return nil }

func program(h *record.Header) (spawn.Program, error) {
	return catalog.Program(h.Model, h.Config)
}

// One server of single-copy is recorded, and its record replayed, as it is and with another answer.
func Example() {
	const self, client = 139637976796088, 139637976797088 // 127.0.0.1:3000 and :4000
	servers := []actor.ID{self}
	copies, err := catalog.Program("single-copy", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var lines bytes.Buffer
	recorder, err := record.New(&lines, record.Header{
		Server: self, Servers: servers, Model: copies.Model, Version: copies.Version, Transport: "udp",
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := spawn.NewServer(spawn.Config{
		Machine: copies.New(self, servers, false, rand.NewPCG(1, 1)), Transport: quiet{}, Record: recorder,
	})
	fmt.Println(server.Begin())
	fmt.Println(server.Step(machine.Event{Kind: machine.Receive, From: client, Data: []byte(`{"Put":[1,"X"]}`)}))

	again := func(lines []byte) {
		var records replay.Records
		records.Add("run", lines)
		result, err := records.Run(replay.Config{Program: program})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(result.Events, "events")
	}
	again(lines.Bytes())
	again(bytes.Replace(lines.Bytes(), []byte(`"PutOk":1`), []byte(`"PutOk":2`), 1))
	// Output:
	// <nil>
	// <nil>
	// 2 events
	// run:3: server 127.0.0.1:3000, step 2: expected as message 1 to 127.0.0.1:4000: {"PutOk":1}, found to 127.0.0.1:4000: {"PutOk":2}
}
