package record_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn/machine"
	"synod/spawn/record"
)

// BenchmarkStep takes a message through a server of durable ABD that has eight clients, as it is, with a record that
// goes nowhere, and with one in a file.
func BenchmarkStep(b *testing.B) {
	for _, to := range []string{"none", "discard", "file"} {
		b.Run(to, func(b *testing.B) {
			program, err := catalog.Program("durable-abd", nil)
			if err != nil {
				b.Fatal(err)
			}
			const base = actor.ID(139637976796088)
			servers := []actor.ID{base, base + 1, base + 2}
			m := program.New(base, servers, false, rand.NewPCG(1, 1))
			w := io.Discard
			if to == "file" {
				f, err := record.Open(filepath.Join(b.TempDir(), "record"))
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				w = f
			}
			r, err := record.New(w, record.Header{Server: base, Servers: servers}, nil)
			if err != nil {
				b.Fatal(err)
			}
			step := func(e machine.Event) {
				f, err := m.Step(e, time.Second)
				if err == nil && to != "none" {
					err = r.Step(m, e, f, time.Second, false)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			step(machine.Event{Kind: machine.Start})
			for i := range 8 {
				step(machine.Event{Kind: machine.Receive, From: base + 1000 + actor.ID(i), Data: fmt.Appendf(nil, `{"Put":[%d,"X"]}`, i+1)})
			}
			e := machine.Event{Kind: machine.Receive, From: base + 1, Data: []byte(`{"Internal":{"Record":[[0,1],[2,139637976796088],"X"]}}`)}
			b.ReportAllocs()
			for b.Loop() {
				step(e)
			}
		})
	}
}
