package harness

import (
	"testing"

	"synod/spawn/rehearse/stage"
)

// TestAmnesia requires a run of servers that forget to be found out: a majority comes back without what it had decided.
func TestAmnesia(t *testing.T) {
	test, err := Parse("t", []byte(`[
		{"type":"Start","id":0,"port":1,"count":3}, {"type":"Start","id":1,"port":2,"count":3}, {"type":"Start","id":2,"port":3,"count":3},
		{"type":"Connect","id":0}, {"type":"Put","id":0,"message":"a"}, {"type":"Expect","id":0,"messages":["a"]},
		{"type":"Crash","id":2}, {"type":"Restart","id":0}, {"type":"Restart","id":1}, {"type":"Connect","id":0}, {"type":"Get","id":0}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	world, err := NewRehearsal(test, 1)
	if err != nil {
		t.Fatal(err)
	}
	world.play, err = stage.NewPlay(stage.Config{
		Program: rehearsed(world.room), Servers: world.room.Servers, Client: firstClient, Seed: 1, Streams: true, Ephemeral: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if o := Run(t.Context(), Config{Test: test, World: world}); o.Verdict != Violated {
		t.Errorf("%d %s", o.Verdict, o.Reason)
	}
}
