package spawn_test

import (
	"testing"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/machine"
)

// BenchmarkStep takes messages through a server in the process: from the bytes of a datagram to those of the answers,
// with what it would save, but without a socket or a disk.
func BenchmarkStep(b *testing.B) {
	for _, bm := range []struct {
		name, model string
		before      []string // messages of server 2 that come first
		message     string   // the one that is measured, of a client if it is open
		from        actor.ID
		sends       int
	}{
		{"single-decree, get", "single-decree", []string{
			`{"Internal":{"Decided":{"ballot":[1,2],"proposal":[1,1000,"X"]}}}`,
		}, `{"Get":7}`, client, 1},
		{"single-decree, accept", "single-decree", []string{
			`{"Internal":{"Prepare":{"ballot":[1,2]}}}`,
		}, `{"Internal":{"Accept":{"ballot":[1,2],"proposal":[1,1000,"X"]}}}`, 2, 1},
		{"single-copy, put", "single-copy", nil, `{"Put":[7,"X"]}`, client, 1},
		{"durable-abd, record", "durable-abd", nil, `{"Internal":{"Record":[[0,1],[2,2],"X"]}}`, 2, 1},
		{"rejected", "single-decree", nil, `{"Put":[7,"XY"]}`, client, 0},
	} {
		b.Run(bm.name, func(b *testing.B) {
			server := started(b, bm.model)
			for _, m := range bm.before {
				if _, err := server.Step(machine.Event{Kind: machine.Receive, From: 2, Data: []byte(m)}, 0); err != nil {
					b.Fatal(err)
				}
			}
			data := []byte(bm.message)
			b.ReportAllocs()
			for b.Loop() {
				e, err := server.Step(machine.Event{Kind: machine.Receive, From: bm.from, Data: data}, 0)
				if err != nil || len(e.Send) != bm.sends {
					b.Fatal(len(e.Send), e.Rejected, err)
				}
			}
		})
	}
}

func started(b *testing.B, model string) spawn.Inspected {
	b.Helper()
	program, err := catalog.Program(model, nil)
	if err != nil {
		b.Fatal(err)
	}
	server := program.New(1, []actor.ID{1, 2, 3}, true, random())
	if _, err := server.Step(machine.Event{Kind: machine.Start}, 0); err != nil {
		b.Fatal(err)
	}
	return server
}
