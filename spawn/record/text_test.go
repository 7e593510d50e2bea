package record_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn/machine"
	"synod/spawn/record"
)

// TestRecorder makes sure that what a recorder writes is what Line.Append writes, whatever the messages, the peers and the
// time are: that it remembers texts, and looks less at messages that are JSON, is not to be seen.
func TestRecorder(t *testing.T) {
	for _, model := range []string{"abd", "durable-abd", "single-decree", "single-copy"} {
		program, err := catalog.Program(model, nil)
		if err != nil {
			t.Fatal(err)
		}
		servers := []actor.ID{self, self + 1, self + 2}
		m := program.New(self, servers, false, rand.NewPCG(1, 1))
		var lines bytes.Buffer
		r, err := record.New(&lines, record.Header{Server: self, Servers: servers, Model: model}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var now time.Duration
		step := func(e machine.Event) {
			f, err := m.Step(e, now)
			if err == nil {
				err = r.Step(m, e, f, now, false)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		step(machine.Event{Kind: machine.Start})
		deep := strings.Repeat("[", 60) + strings.Repeat("]", 60)
		for i := range 300 {
			now += time.Duration(i) * time.Millisecond
			if i%50 == 0 {
				now = time.Duration(i) * time.Second
			}
			for k, data := range []string{
				`{"Put":[1,"X"]}`, ` {"Get":2}`, "{\"Get\"\t:2}", `{"Put":[3,"ü"]}`, `{"Put":[3,"\u0001"]}`, "{\"Get\":2,\"more\":" + deep + "}",
				`{"Internal":{"Query":1}}`, `{"base64":7,"Get":9}`, "\xff", "{", "{\"Get\":2,\"\xff\":1}",
			} {
				from := self + 1 + actor.ID(i*(k+1)*(1+k%3*65536))
				step(machine.Event{Kind: machine.Receive, From: from, Data: []byte(data)})
			}
		}
		for line := range strings.Lines(lines.String()) {
			l, err := record.Decode([]byte(line))
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if again := string(l.Append(nil)); again != line {
				t.Fatalf("%q is written as %q", line, again)
			}
		}
	}
}
