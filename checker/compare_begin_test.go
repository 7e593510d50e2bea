package checker_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/checker"
	"synod/model"
)

// TestRandomBeginnings compares systems that begin in the middle: the plain search in a state to which some steps lead,
// and the engine in one that is put together of what is seen of that state.
func TestRandomBeginnings(t *testing.T) {
	far, down, waiting := 0, 0, 0
	check := func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "actors")
		c := drawCrashes(t)
		c.MaxCrashes, c.MaxDrops = 0, 0 // What was used of a bound before the beginning is not known there.
		sys := drawActors(t, n, c)
		sys.drawProperties(t)
		if !sys.started() {
			t.Skip("the initial state is outside")
		}
		plain := sys.ref.Model()
		at := plain.Initial[0]
		for range rapid.IntRange(0, 8).Draw(t, "steps") {
			all := plain.Next(at)
			if len(all) == 0 {
				break
			}
			next := all[rapid.IntRange(0, len(all)-1).Draw(t, "step")]
			if plain.Inside != nil && !plain.Inside(next) {
				break
			}
			at = next
			far++
		}
		b := model.Beginning[gossip]{Actors: make(map[actor.ID]model.Begun), Flights: at.InFlight()}
		for i, id := range sys.ids {
			local, isDown, timers, choices := at.Actor(i)
			begun := model.Begun{State: local, Timers: timers, Choices: choices}
			if isDown {
				down++
				begun = model.Begun{Down: true, Kept: local}
			}
			waiting += len(timers) + len(choices)
			b.Actors[id] = begun
		}
		sys.sys.Begin(b)
		model.Remember(sys.sys, sys.memory, at.Memory(0).(int))
		plain.Initial[0] = at
		compare(t, sys.sys, plain, drawOptions(t, randomStates()/4), 1, 3)
	}
	shows := func() bool { return far >= 20 && down > 0 && waiting >= 10 }
	for n := 0; n < 1 || n < 50 && !shows(); n++ { // in short mode rapid does little
		rapid.Check(t, check)
	}
	if !shows() {
		t.Errorf("%d steps, %d actors down, %d timers and choices before the beginnings: they show nothing", far, down, waiting)
	}
}

// TestRefusedBeginnings requires sentences about states in which no system can begin.
func TestRefusedBeginnings(t *testing.T) {
	tests := map[string]struct {
		b    model.Beginning[int]
		want string
	}{
		"a stranger":      {model.Beginning[int]{Actors: map[actor.ID]model.Begun{7: {State: 1}}}, "Begin: the system has no actor 7"},
		"another state":   {model.Beginning[int]{Actors: map[actor.ID]model.Begun{0: {State: "x"}}}, "the value is a string, not a int"},
		"no state":        {model.Beginning[int]{Actors: map[actor.ID]model.Begun{0: {}}}, "not a int"},
		"down":            {model.Beginning[int]{Actors: map[actor.ID]model.Begun{0: {Down: true}}}, "may not crash"},
		"a strange timer": {model.Beginning[int]{Actors: map[actor.ID]model.Begun{0: {State: 1, Timers: []actor.Timer{func() {}}}}}, "a timer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sys := model.NewSystem[int](model.Config{})
			model.Add(sys, 0, handler{}.typed())
			sys.Begin(tt.b)
			r := checker.BFS(t.Context(), sys, checker.Options{})
			defer r.Close()
			if r.Err == nil || !strings.Contains(r.Err.Error(), tt.want) {
				t.Errorf("%v, want %q", r.Err, tt.want)
			}
		})
	}
}
