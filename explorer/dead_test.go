package explorer_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"synod/checker"
	"synod/explorer"
	"synod/model/statespace"
)

// TestDead walks to the end of a run: what the servers decided makes more and more of what is in flight dead.
func TestDead(t *testing.T) {
	_, base := serve(t, nil)
	q := explorer.Query{Model: "single-decree", Config: map[string]string{"clients": "1"}}
	first := ask[explorer.Dead](t, base, "dead", q, http.StatusOK)
	if !first.Proved || len(first.Letters) != 0 || first.States != 137 ||
		!strings.HasPrefix(first.Evidence, "Proved by a search of 137 states") {
		t.Errorf("at the beginning: %+v", first)
	}
	far := explorer.Query{Model: q.Model, Config: q.Config, Seed: 1, Count: 5000}
	way := ask[explorer.Way](t, base, "random", far, http.StatusOK)
	if way.Ended != "nothing more can happen" {
		t.Fatalf("the walk ended otherwise: %s", way.Ended)
	}
	q.Path = way.Path
	state := ask[explorer.State](t, base, "state", q, http.StatusOK)
	last := ask[explorer.Dead](t, base, "dead", q, http.StatusOK)
	inFlight := 0
	for _, slot := range state.Slots {
		for _, l := range slot.Letters {
			inFlight++ // Nothing can be delivered, so each is dead.
			if !slices.ContainsFunc(last.Letters, func(d explorer.DeadLetter) bool {
				return d.Slot == slot.Name && d.Key == l.Key && d.Why == "nothing that "+slot.Name+" can still do reads this"
			}) {
				t.Errorf("in flight to %s, and not dead: %s", slot.Name, l.Key)
			}
		}
	}
	if inFlight == 0 || inFlight != len(last.Letters) {
		t.Errorf("%d letters are in flight, %d are dead", inFlight, len(last.Letters))
	}
}

// TestDeadUnknown asks about models of which the search tells nothing: the answer must say why.
func TestDeadUnknown(t *testing.T) {
	_, base := serve(t, nil)
	for _, c := range []struct{ model, network, evidence string }{
		{"single-decree", "ordered", "Dead letters are kept: on an ordered network"},
		{"two-phase-commit", "", "The search is not reduced: that is for systems of actors."},
	} {
		q := explorer.Query{Model: c.model, Config: map[string]string{}}
		if c.network != "" {
			q.Config["network"] = c.network
		}
		d := ask[explorer.Dead](t, base, "dead", q, http.StatusOK)
		if d.Proved || len(d.Letters) > 0 || !strings.HasPrefix(d.Evidence, "What is dead is not known. ") ||
			!strings.Contains(d.Evidence, c.evidence) {
			t.Errorf("%s: %+v", c.model, d)
		}
	}
}

// TestModelsReduce makes sure that a page learns whether checks are reduced.
func TestModelsReduce(t *testing.T) {
	for reduce, want := range map[statespace.Reduction]string{statespace.Full: "", statespace.DeadLetters: "letters"} {
		_, base := serve(t, func(c *explorer.Config) { c.Check = checker.Options{Reduce: reduce} })
		if list := get[explorer.ModelList](t, base+"/api/v1/models", http.StatusOK); list.Reduce != want {
			t.Errorf("%v: reduce is %q", reduce, list.Reduce)
		}
	}
}
