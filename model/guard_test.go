package model_test

import (
	"testing"

	"synod/model"
)

// TestExpansionsAreCountedOnce wants a report to count distinct calls, however often the steps of a state are asked for.
func TestExpansionsAreCountedOnce(t *testing.T) {
	space, err := model.NewPlain(ferry{}).Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	initials, err := model.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := model.Transitions(space, initials[0]); err != nil {
			t.Fatal(err)
		}
	}
	want := model.Guard{Part: "expansions", Calls: 1, Twice: 1}
	if got := space.Report().Guards[0]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
