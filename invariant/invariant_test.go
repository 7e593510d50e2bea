package invariant

import (
	"maps"
	"strings"
	"testing"

	"synod/actor"
)

// TestEach makes sure that what holds of each server is looked at of the one that took a step.
func TestEach(t *testing.T) {
	even := Each("even", func(_ actor.ID, n int) bool { return n%2 == 0 })
	states := map[actor.ID]any{0: 2, 1: 3}
	if err := even.Check(0, maps.All(states)); err != nil {
		t.Errorf("of a server that is even: %v", err)
	}
	if err := even.Check(1, maps.All(states)); err == nil {
		t.Error("of a server that is odd: nothing")
	}
	if even.Holds(map[actor.ID]int{0: 2, 1: 3}) || !even.Holds(map[actor.ID]int{0: 2}) {
		t.Error("of all servers: wrong")
	}
}

// TestWrong makes sure that mistakes of an invariant are said.
func TestWrong(t *testing.T) {
	text := map[actor.ID]any{0: "text"}
	for want, err := range map[string]error{
		`invariant "even" applies to states of type int, not to string`: Each("even", func(actor.ID, int) bool { return true }).Check(0, maps.All(text)),
		`"first" panics`: All("first", func(map[actor.ID]string) bool { panic("no") }).Check(0, maps.All(text)),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
