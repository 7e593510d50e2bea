package stage_test

import (
	"testing"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse/stage"
)

// TestPlay directs a cluster: a put is answered by a majority, not by a server that is alone, and kept by one that was
// killed.
func TestPlay(t *testing.T) {
	program, err := catalog.Program("durable-abd", nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := stage.NewPlay(stage.Config{Program: program, Servers: actor.IDs(3), Client: 2000, Seed: 1, Streams: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Dial(0, nil); err == nil {
		t.Error("a server that does not run can be connected to")
	}
	for place := range 3 {
		p.Start(place)
	}
	ask := func(server int, request string, wait time.Duration) string {
		t.Helper()
		var heard []string
		k, err := p.Dial(server, func(data []byte) { heard = append(heard, string(data)) })
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Send([]byte(request)); err != nil {
			t.Fatal(err)
		}
		p.Advance(p.Now()+wait, func() bool { return len(heard) > 0 })
		if len(heard) == 0 {
			return ""
		}
		return heard[0]
	}
	if got := ask(0, `{"Put":[1,"X"]}`, time.Minute); got != `{"PutOk":1}` {
		t.Fatalf("a put was answered %q", got)
	}
	p.Shape(0, nemesis.Condition{Cut: []int{1, 2}})
	p.Shape(1, nemesis.Condition{Cut: []int{0}})
	p.Shape(2, nemesis.Condition{Cut: []int{0}})
	if got := ask(0, `{"Get":2}`, time.Minute); got != "" {
		t.Errorf("a server that is alone answers %q", got)
	}
	for place := range 3 {
		p.Shape(place, nemesis.Condition{})
	}
	for place := range 3 {
		p.Kill(place)
	}
	p.Start(1)
	p.Start(2)
	p.Pause(1, true)
	if got := ask(2, `{"Get":3}`, time.Minute); got != "" {
		t.Errorf("one of two servers that are up, of which one stands still, answers %q", got)
	}
	p.Pause(1, false)
	if got := ask(2, `{"Get":4}`, time.Minute); got != `{"GetOk":[4,"X"]}` {
		t.Errorf("a get was answered %q", got)
	}
	if all := p.Violations(); len(all) > 0 {
		t.Error(all)
	}
}
