package checker_test

import (
	"fmt"
	"strings"
	"testing"

	"synod/checker"
	"synod/examples/durableabd"
	"synod/examples/singledecree"
	"synod/model/statespace"
	"synod/network"
)

// TestDeadLetters asks in every state of full spaces which messages in flight are dead. None of them may be received in
// any state that follows, which the whole transition graph tells.
func TestDeadLetters(t *testing.T) {
	one := singledecree.Config{Servers: 3, Clients: 1, Puts: 1}
	duplicating, crashing, lossy := one, one, one
	lossy.Lossy = true
	duplicating.Network = network.UnorderedDuplicating
	crashing.MaxDown, crashing.MaxCrashes = 1, 1
	abd := durableabd.Config{Servers: 2, Clients: 1, Puts: 1}
	abd.MaxDown, abd.MaxCrashes = 1, 1
	for name, src := range map[string]statespace.Source{
		"paxos": singledecree.System(one), "duplicating": singledecree.System(duplicating),
		"crashing": singledecree.System(crashing), "abd": durableabd.System(abd),
		"lossy": singledecree.System(lossy),
	} {
		t.Run(name, func(t *testing.T) { deadLetters(t, src) })
	}
}

func deadLetters(t *testing.T, src statespace.Source) {
	r := checker.BFS(t.Context(), src, checker.Options{Reduce: statespace.DeadLetters, FinishWhen: checker.Exhausted})
	defer r.Close()
	if r.Err != nil || !r.Exhausted || !r.Audited() {
		t.Fatalf("the reduced search did not end: %v", r.Err)
	}
	space, err := src.Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	all, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, state := range all {
		at[fmt.Sprint(state)] = i
	}
	var after [][]int
	var reads []map[string]bool // by state: the letters that are received there or later
	for i := 0; i < len(all); i++ {
		transitions, err := statespace.Transitions(space, all[i])
		if err != nil {
			t.Fatal(err)
		}
		after, reads = append(after, nil), append(reads, map[string]bool{})
		for _, x := range transitions {
			if x.Ignored != statespace.Counts {
				continue
			}
			if key, ok := strings.CutPrefix(x.Action.Key, "deliver "); ok {
				reads[i][key] = true
			}
			id := fmt.Sprint(x.State)
			if _, known := at[id]; !known {
				at[id] = len(all)
				all = append(all, x.State)
			}
			after[i] = append(after[i], at[id])
		}
	}
	for again := true; again; {
		again = false
		for i := len(all) - 1; i >= 0; i-- {
			before := len(reads[i])
			for _, next := range after[i] {
				for key := range reads[next] {
					reads[i][key] = true
				}
			}
			again = again || len(reads[i]) > before
		}
	}
	claimed, alive := 0, 0
	for i, state := range all {
		dead, err := r.DeadLetters(space, state)
		if err != nil {
			t.Fatal(err)
		}
		claimed += len(dead)
		alive += len(reads[i])
		for _, l := range dead {
			if reads[i][l.Key] {
				t.Errorf("said to be dead, and received later: %s", l.Key)
			}
		}
	}
	t.Logf("%d states, %d dead letters in them, %d that are received", len(all), claimed, alive)
	if claimed == 0 || alive == 0 {
		t.Errorf("%d dead letters, %d that are received: the test is void", claimed, alive)
	}
}
