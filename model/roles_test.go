package model_test

import (
	"bytes"
	"strings"
	"testing"

	"synod/actor"
	"synod/examples/pingpong"
	"synod/model"
	"synod/model/statespace"
)

// bounce is an actor that sends a ball back.
func bounce(serves bool) actor.Typed[int, pingpong.Ball] {
	return actor.Typed[int, pingpong.Ball]{
		Start: func(self actor.ID, out *actor.Out[pingpong.Ball]) int {
			if serves {
				out.Send(1-self, 1)
			}
			return 0
		},
		Receive: func(_ actor.ID, st int, from actor.ID, b pingpong.Ball, out *actor.Out[pingpong.Ball]) int {
			if b < 4 {
				out.Send(from, b+1)
			}
			return st + 1
		},
	}
}

// Roles stand before numbers wherever people read, and nowhere else: keys and contents are the same without.
func TestRoles(t *testing.T) {
	build := func(roles bool) statespace.Space {
		sys := model.NewSystem[pingpong.Ball](model.Config{})
		for _, id := range actor.IDs(2) {
			model.Add(sys, id, bounce(id == 0))
		}
		if roles {
			sys.Roles("player", 0)
			sys.Roles("wall", 1)
			if sys.Name(0) != "player 0" || sys.Name(7) != "7" {
				t.Errorf("names %q, %q", sys.Name(0), sys.Name(7))
			}
		}
		space, err := sys.Space()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(space.Close)
		return space
	}
	plain, named := build(false), build(true)
	at := func(space statespace.Space) ([]statespace.PartID, statespace.Transition) {
		initials, err := statespace.Initials(space)
		if err != nil {
			t.Fatal(err)
		}
		all, err := statespace.Transitions(space, initials[0])
		if err != nil || len(all) != 1 {
			t.Fatalf("%d transitions, %v", len(all), err)
		}
		return initials[0], all[0]
	}
	before, a := at(plain)
	same, b := at(named)
	if a.Action.Key != b.Action.Key || !bytes.Equal(statespace.Content(plain, a.State), statespace.Content(named, b.State)) {
		t.Errorf("keys %q and %q, or contents, differ", a.Action.Key, b.Action.Key)
	}
	if a.Action.Text != "0 → 1: Ball(1)" || b.Action.Text != "player 0 → wall 1: Ball(1)" || b.Action.Actor != "wall 1" || b.Action.From != "player 0" {
		t.Errorf("%+v is called %+v", a.Action, b.Action)
	}
	if named.SlotName(1) != "wall 1" || plain.SlotName(1) != "1" {
		t.Errorf("slots %q and %q", named.SlotName(1), plain.SlotName(1))
	}
	for _, c := range statespace.Changes(named, same, b.State) {
		if !strings.HasPrefix(c.Path, "player 0") && !strings.HasPrefix(c.Path, "wall 1") {
			t.Errorf("a change of %q", c.Path)
		}
	}
	if len(statespace.Changes(plain, before, a.State)) == 0 {
		t.Error("no changes")
	}
}
