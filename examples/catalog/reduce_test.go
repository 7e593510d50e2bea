package catalog_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"synod/catalog"
	"synod/checker"
	shipped "synod/examples/catalog"
	"synod/internal/raced"
	"synod/model"
	"synod/model/statespace"
)

// TestReduced holds reduced searches against full ones, for every model, network, kind of fault and mutant, where the full one
// ends: the verdicts are the same, and so are the lengths of paths to states.
func TestReduced(t *testing.T) {
	limit := 400
	all := flag.Lookup("long").Value.String() == "true"
	if all {
		limit = 100_000
	}
	for _, e := range shipped.All() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			compared, smaller := 0, 0
			for i, s := range reducible(e) {
				if !all && i%every(e) != 0 {
					continue // Some of each kind, as the number of kinds has no divisor in common.
				}
				src, err := e.Build(s)
				if err != nil {
					continue // These settings mean nothing here.
				}
				full := checker.BFS(t.Context(), src, checker.Options{
					Workers: 1, FinishWhen: checker.Exhausted, MaxStates: limit,
				})
				if full.Err != nil {
					full.Close()
					continue // Nor do these.
				}
				name := fmt.Sprint(e.Flags(s))
				for _, how := range []statespace.Reduction{statespace.DeadLetters, statespace.Everything} {
					if compareReduced(t, name, src, full, how) {
						smaller++
					}
				}
				compared++
				full.Close()
			}
			t.Logf("%d settings compared, %d searches smaller", compared, smaller)
		})
	}
}

// every returns which of the settings of a model are compared in short.
func every(e catalog.Entry) int {
	if strings.HasPrefix(e.Name, "multi-paxos") {
		return 53
	}
	if e.Name == "single-decree" || e.Name == "durable-abd" {
		return 43
	}
	return 17
}

// compareReduced searches a source reduced, and tells whether that was less to search.
func compareReduced(t *testing.T, name string, src model.Source, full *checker.Result, how statespace.Reduction) bool {
	t.Helper()
	o := checker.Options{Workers: 1, FinishWhen: checker.Exhausted, Reduce: how}
	if !full.Exhausted {
		// What was found so far is found by a reduced search that goes as deep.
		o.MaxDepth = full.Depth
	}
	r := checker.BFS(t.Context(), src, o)
	defer r.Close()
	if r.Err != nil {
		t.Errorf("%s, reduced by %v: %v", name, how, r.Err)
		return false
	}
	for i, p := range full.Properties {
		got := r.Properties[i]
		ofPaths := p.Expect.OfPaths()
		if !full.Exhausted && (p.Path == nil || ofPaths) {
			continue
		}
		if got.Verdict != p.Verdict {
			t.Errorf("%s, reduced by %v: %s is %v, in full it is %v; %v", name, how, p.Name, got.Verdict, p.Verdict, r.Notes)
			continue
		}
		if p.Path != nil && !ofPaths && len(got.Path.Steps) != len(p.Path.Steps) {
			t.Errorf("%s, reduced by %v: %s takes %d steps, in full %d", name, how, p.Name, len(got.Path.Steps), len(p.Path.Steps))
		}
	}
	return full.Exhausted && r.Unique < full.Unique
}

// reducible returns settings that differ in what can be reduced.
func reducible(e catalog.Entry) []catalog.Settings {
	small := make(map[string]int)
	for _, p := range e.Parameters {
		if !strings.Contains(p.Name, "client") && !p.Switch() && p.Min > 0 {
			small[p.Name] = p.Min
		}
	}
	small["servers"] = 3
	if e.Name != "single-decree" {
		small["servers"] = 2
	}
	with := func(values map[string]int, more map[string]int) map[string]int {
		all := make(map[string]int)
		for _, m := range []map[string]int{values, more} {
			for name, value := range m {
				for _, p := range e.Parameters {
					if p.Name == name && value >= p.Min && value <= p.Max {
						all[name] = value
					}
				}
			}
		}
		return all
	}
	var all []catalog.Settings
	one := with(map[string]int{"clients": 1}, nil)
	for _, values := range []map[string]int{{}, one, with(small, one)} {
		for _, p := range append(e.Parameters, catalog.Parameter{}) {
			if p.Name != "" && !p.Switch() {
				continue
			}
			v := with(values, map[string]int{p.Name: 1})
			for _, n := range append(e.NetworkNames(), "") {
				for _, s := range []catalog.Settings{
					{},
					{Lossy: true},
					{Lossy: true, Elide: true},
					{Lossy: true, Budgets: map[string]int{"max-drops": 1}},
					{Budgets: map[string]int{"max-down": 1, "max-crashes": 1}},
					{Budgets: map[string]int{"max-partitions": 1}},
					{Budgets: map[string]int{"max-timeouts": 1}},
					{Budgets: map[string]int{"timers-last": 1}},
					{Lossy: true, Budgets: map[string]int{"max-down": 1, "max-crashes": 1, "max-timeouts": 1}},
				} {
					s.Values, s.Network = v, n
					all = append(all, s)
				}
			}
		}
	}
	for _, m := range e.MutantNames() {
		all = append(all, catalog.Settings{Mutant: m})
		for _, n := range e.NetworkNames() {
			all = append(all, catalog.Settings{Mutant: m, Network: n, Values: one})
		}
	}
	return all
}

// TestReducedCounts holds the sizes of reduced spaces against those that are published, at one worker and at several.
func TestReducedCounts(t *testing.T) {
	e, err := shipped.Find("single-decree")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		clients int
		network string
		how     statespace.Reduction
		unique  int
	}{
		{1, "", statespace.DeadLetters, 137},
		{2, "", statespace.DeadLetters, 6038},
		{2, "unordered_duplicating", statespace.DeadLetters, 6038},
		{1, "", statespace.Everything, 57},
		{2, "", statespace.Everything, 1120},
		{2, "unordered_duplicating", statespace.Everything, 1102},
	} {
		for _, workers := range raced.Workers(1, 3) {
			src, err := e.Build(catalog.Settings{Values: map[string]int{"clients": c.clients}, Network: c.network})
			if err != nil {
				t.Fatal(err)
			}
			r := checker.BFS(t.Context(), src, checker.Options{Workers: workers, Reduce: c.how})
			r.Require(t)
			if r.Unique != c.unique {
				t.Errorf("%d clients, %s, %v, %d workers: %d states, expected %d", c.clients, c.network, c.how, workers, r.Unique, c.unique)
			}
			t.Logf("%d clients, %s, %v:%v", c.clients, c.network, c.how, r.Reduced)
			r.Close()
		}
	}
}
