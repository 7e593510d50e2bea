package model_test

import (
	"testing"

	"synod/actor"
	"synod/model"
	"synod/model/statespace"
)

// TestExpansionsAreCountedOnce requires a report to count distinct calls, however often the steps of a state are
// asked for.
func TestExpansionsAreCountedOnce(t *testing.T) {
	space, err := model.NewPlain(ferry{}).Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := statespace.Transitions(space, initials[0]); err != nil {
			t.Fatal(err)
		}
	}
	want := statespace.Guard{Part: "expansions", Calls: 1, Twice: 1, Repeats: 47}
	if got := space.Report().Guards[0]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// starter counts how often it is started.
type starter struct{ player }

var starts int

func (s starter) Start(self actor.ID, out *actor.Out[word]) int {
	starts++
	return s.player.Start(self, out)
}

// TestStartIsOneCall requires a start to be one distinct call, which the guard makes 48 times, however often the
// initial state is asked for.
func TestStartIsOneCall(t *testing.T) {
	sys := model.NewSystem[word](model.Config{})
	model.Add(sys, 0, actor.New[int, word](starter{}))
	space, err := sys.Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	for range 3 {
		if _, err := statespace.Initials(space); err != nil {
			t.Fatal(err)
		}
	}
	if starts != 48 {
		t.Errorf("%d calls", starts)
	}
}
