package checker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/catalog"
	"synod/checker"
	shipped "synod/examples/catalog"
	"synod/examples/registers"
	"synod/examples/singledecree"
	"synod/internal/raced"
	"synod/internal/reference"
	"synod/model"
	"synod/network"
	"synod/register"
)

// verdicts returns the verdicts of a search on the properties that another search judged too: what has no meaning where
// losses are left out may be judged only where they are not.
func verdicts(r, other *checker.Result) string {
	var all []string
	for _, p := range r.Properties {
		if slices.ContainsFunc(other.Properties, func(o checker.PropertyResult) bool { return o.Name == p.Name }) {
			all = append(all, fmt.Sprintf("%s: %v", p.Name, p.Verdict))
		}
	}
	return strings.Join(all, ", ")
}

// leftOut reports whether a search left losses out.
func leftOut(r *checker.Result) bool {
	return slices.ContainsFunc(r.Notes, func(n string) bool { return strings.HasPrefix(n, "Losses are left out") })
}

// TestLossesForFree compares searches that leave losses out with such that do not: of everything in the catalogue, and of
// a few mutants of each entry (with -long of all).
func TestLossesForFree(t *testing.T) {
	for _, e := range shipped.All() {
		mutants := e.MutantNames()
		switch {
		case *long:
		case raced.Detector:
			mutants = nil
		case testing.Short():
			mutants = mutants[:min(1, len(mutants))]
		default:
			mutants = mutants[:min(3, len(mutants))]
		}
		for _, n := range e.Networks {
			for _, mutant := range append([]string{""}, mutants...) {
				s := catalog.Settings{Network: n.String(), Lossy: true, Mutant: mutant, Values: map[string]int{}}
				if _, err := e.Parameter("clients"); err == nil && mutant == "" {
					s.Values["clients"] = 1
				}
				t.Run(fmt.Sprintf("%s %v %s", e.Name, n, mutant), func(t *testing.T) { sameVerdicts(t, e, s) })
			}
		}
	}
}

func sameVerdicts(t *testing.T, e catalog.Entry, s catalog.Settings) {
	t.Helper()
	limit := 20_000
	switch {
	case raced.Detector:
		limit = 1_000
	case testing.Short():
		limit = 4_000
	}
	find := func() *checker.Result {
		src, err := e.Build(s)
		if err != nil {
			t.Skip(err)
		}
		return checker.BFS(t.Context(), src, checker.Options{FinishWhen: checker.FirstViolation, MaxStates: limit})
	}
	want := find()
	defer want.Close()
	s.Elide = true
	got := find()
	defer got.Close()
	switch {
	case got.Err != nil || want.Err != nil:
		t.Errorf("%v, %v", got.Err, want.Err)
	case want.ExitCode() == checker.ExitUndecided:
		t.Skipf("more than %d states", want.Unique)
	case verdicts(got, want) != verdicts(want, got):
		t.Errorf("without losses %s; with them %s", verdicts(got, want), verdicts(want, got))
	case leftOut(got) && got.Unique >= want.Unique:
		t.Errorf("losses are left out, and yet %d states, of %d", got.Unique, want.Unique)
	}
}

// TestLossesForFreeOfRandomSystems does so for random systems and properties, up to a depth: what a path with losses
// shows, one without shows as soon.
func TestLossesForFreeOfRandomSystems(t *testing.T) {
	free, anew := 0, 0
	checkUntil(t, func(t *rapid.T) {
		sys := drawActors(t, rapid.IntRange(2, 3).Draw(t, "actors"), model.Config{
			Network: rapid.SampledFrom([]network.Semantics{
				network.UnorderedNonDuplicating, network.UnorderedDuplicating,
			}).Draw(t, "network"),
			Lossy: true, ElideLosses: true, MaxDown: 1, MaxCrashes: rapid.IntRange(1, 2).Draw(t, "crashes"),
		})
		for i := range rapid.IntRange(1, 3).Draw(t, "properties") {
			text, holds := sys.drawPredicate(t)
			name := fmt.Sprintf("%d: %s", i, text)
			always := rapid.Bool().Draw(t, "always")
			engine := func(v model.View) bool { return holds(sys.engineSight(v)) != always }
			plain := func(s *reference.State[gossip]) bool { return holds(sys.plainSight(s)) != always }
			if always {
				sys.always(name, engine, plain)
			} else {
				sys.sometimes(name, engine, plain)
			}
			if strings.Contains(name, "can come") || strings.Contains(name, "for nobody") {
				sys.sys.Monotone(name)
			}
		}
		o := checker.Options{FinishWhen: checker.Exhausted, MaxDepth: 5}
		want := checker.BFS(t.Context(), sys.sys.Explicit(), o)
		defer want.Close()
		got := checker.BFS(t.Context(), sys.sys, o)
		defer got.Close()
		// One that left losses out may be exhausted where the other is not, so only what is found is compared.
		found := func(r *checker.Result) string {
			var all []string
			for _, p := range r.Properties {
				if p.Path != nil {
					all = append(all, p.Name)
				}
			}
			return strings.Join(all, ", ")
		}
		if got.Err != nil || want.Err != nil || found(got) != found(want) {
			t.Fatalf("without losses %v, %s; with them %v, %s", got.Err, found(got), want.Err, found(want))
		}
		if leftOut(got) {
			free++
		} else {
			anew++
		}
	}, func() bool { return free > 0 && anew > 0 })
	if t.Logf("losses were left out of %d, not of %d", free, anew); free == 0 || anew == 0 {
		t.Error("this shows nothing")
	}
}

// TestExplicitLosses lists what needs losses.
func TestExplicitLosses(t *testing.T) {
	c := registers.Config{Servers: 3, Clients: 1, Puts: 1, Config: model.Config{Lossy: true, ElideLosses: true}}
	with := func(name string, change func(*registers.Config, *model.System[register.Message])) *checker.Result {
		t.Helper()
		c := c
		change(&c, nil)
		sys := singledecree.System(c)
		change(&c, sys)
		r := checker.BFS(t.Context(), sys, checker.Options{})
		t.Cleanup(r.Close)
		if r.Err != nil {
			t.Errorf("%s: %v", name, r.Err)
		}
		return r
	}
	plain := with("nothing", func(*registers.Config, *model.System[register.Message]) {})
	if !leftOut(plain) || plain.Unique != 265 {
		t.Errorf("%d states, notes %q", plain.Unique, plain.Notes)
	}
	anew := with("a property", func(_ *registers.Config, sys *model.System[register.Message]) {
		if sys != nil {
			sys.Always("few messages", func(v model.View) bool { return len(sys.InFlight(v)) < 100 })
		}
	})
	if leftOut(anew) || anew.Unique != 2_378 || !strings.Contains(anew.Notes[0], `"few messages" reads the network`) {
		t.Errorf("%d states, notes %q", anew.Unique, anew.Notes)
	}
	for name, change := range map[string]func(*registers.Config, *model.System[register.Message]){
		"order": func(c *registers.Config, _ *model.System[register.Message]) { c.Network = network.Ordered },
		"drops": func(c *registers.Config, _ *model.System[register.Message]) { c.MaxDrops = 1 },
		"boundary": func(_ *registers.Config, sys *model.System[register.Message]) {
			if sys != nil {
				sys.Within(func(model.View) bool { return true })
			}
		},
	} {
		if r := with(name, change); leftOut(r) || len(r.Notes) > 0 {
			t.Errorf("%s: %q", name, r.Notes)
		}
	}
}
