package catalog_test

import (
	"errors"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"synod/catalog"
	"synod/checker"
	shipped "synod/examples/catalog"
	"synod/internal/raced"
	"synod/network"
)

// TestEntries makes sure that what the entries say of themselves is true.
func TestEntries(t *testing.T) {
	most := 500
	switch {
	case raced.Detector:
		most = 20
	case testing.Short():
		most = 100
	}
	var names []string
	for _, e := range shipped.All() {
		if slices.Contains(names, e.Name) || e.Name == "" || e.Summary == "" || strings.HasSuffix(e.Summary, ".") {
			t.Errorf("entry %q, %q", e.Name, e.Summary)
		}
		names = append(names, e.Name)
		for _, p := range e.Parameters {
			if p.Min < 0 || p.Default < p.Min || p.Default > p.Max || p.Doc == "" {
				t.Errorf("%s: parameter %+v", e.Name, p)
			}
		}
		if found, err := shipped.Find(e.Name); err != nil || found.Name != e.Name {
			t.Errorf("Find(%q): %v, %v", e.Name, found.Name, err)
		}
		for _, s := range settings(e) {
			src, err := e.Build(s)
			if err != nil {
				t.Errorf("%s %+v: %v", e.Name, s, err)
				continue
			}
			r := checker.BFS(t.Context(), src, checker.Options{MaxStates: most})
			if r.Err != nil {
				t.Errorf("%s %+v: %v", e.Name, s, r.Err)
			}
			r.Close()
		}
	}
	if !slices.Equal(names, shipped.All().Names()) || names[0] != shipped.Default().Name {
		t.Errorf("names %q, default %q", shipped.All().Names(), shipped.Default().Name)
	}
}

// settings returns the default settings, each network and mutant, and the least of every parameter.
func settings(e catalog.Entry) []catalog.Settings {
	all := []catalog.Settings{{}}
	for _, n := range e.NetworkNames() {
		if !testing.Short() {
			all = append(all, catalog.Settings{Network: n})
		}
		all = append(all, catalog.Settings{Network: n, Lossy: true})
	}
	mutants := e.MutantNames()
	if testing.Short() {
		mutants = mutants[:min(2, len(mutants))]
	}
	for _, m := range mutants {
		all = append(all, catalog.Settings{Mutant: m})
	}
	for _, p := range e.Parameters {
		all = append(all, catalog.Settings{Values: map[string]int{p.Name: p.Min}})
	}
	return all
}

// TestAlone makes sure that a server that is alone is a majority, and a quorum: whatever may happen with more servers
// happens with one.
func TestAlone(t *testing.T) {
	for _, e := range shipped.All() {
		if !slices.ContainsFunc(e.Parameters, func(p catalog.Parameter) bool { return p.Name == "servers" }) {
			continue
		}
		src, err := e.Build(catalog.Settings{Values: map[string]int{"servers": 1}})
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		r := checker.BFS(t.Context(), src, checker.Options{FinishWhen: checker.Exhausted})
		r.Require(t)
		r.Close()
	}
}

// TestMutantsBring makes sure that a mutant brings what shows it, and that what is asked for comes first.
func TestMutantsBring(t *testing.T) {
	e := shipped.Default()
	s, err := e.Resolve(catalog.Settings{Mutant: "vote-not-kept"})
	if err != nil || s.Budgets["max-down"] != 1 || s.Budgets["max-crashes"] != 1 || s.Values["servers"] != 3 {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = e.Resolve(catalog.Settings{
		Mutant: "votes-counted", Values: map[string]int{"servers": 4}, Budgets: map[string]int{"max-down": 2}, Network: "ordered",
	})
	if err != nil || s.Values["servers"] != 4 || s.Budgets["max-down"] != 2 || s.Network != "ordered" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, m := range e.Mutants {
		if n := m.With["max-down"]; n != "" && n != "1" {
			t.Errorf("what was asked of another mutant changed %s", m.Name)
		}
	}
}

func TestRefused(t *testing.T) {
	number := func(name string, n int) catalog.Settings {
		return catalog.Settings{Values: map[string]int{name: n}}
	}
	for _, c := range []struct {
		entry    string
		settings catalog.Settings
		want     string // empty if it is fine
	}{
		{"single-decree", catalog.Settings{}, ""},
		{"single-decree", number("clients", 26), ""},
		{"single-decree", number("clients", 27), "27 clients: the model single-decree takes 1 to 26"},
		{"single-decree", number("clients", 0), "0 clients: "},
		{"single-decree", number("servers", -1), "-1 servers: "},
		{"single-decree", number("managers", 3), "the model single-decree has no managers: it has clients, servers, puts"},
		{"single-decree", catalog.Settings{Values: map[string]int{"clients": 14, "puts": 2}}, "expected at most 13"},
		{"single-decree", catalog.Settings{Network: "ordere"}, `unknown network "ordere": expected one of`},
		{"single-decree", catalog.Settings{Mutant: "x"}, `unknown mutant "x" of the model single-decree: expected one of`},
		{"abd", catalog.Settings{Network: network.Ordered.String()}, ""},
		{"abd", catalog.Settings{Network: network.UnorderedDuplicating.String()}, "does not support the network"},
		{"abd", catalog.Settings{Mutant: "own-value"}, `unknown mutant "own-value" of the model abd: expected one of adopts-any`},
		{"single-decree", number("promises", 3), ""},
		{"single-decree", number("promises", 4), "4 promises: expected at most one from each of 3 servers"},
		{"single-decree", number("votes", 4), "4 votes: expected at most one from each of 3 servers"},
		{"single-decree", number("readers", -1), "-1 readers: "},
		{"single-decree", number("gets", 0), "0 gets: "},
		{"single-decree", number("retry", 2), "2 retry: "},
		{"ordered-link", catalog.Settings{Network: network.Ordered.String()}, "does not support the network"},
		{"dining-philosophers", catalog.Settings{Network: network.UnorderedDuplicating.String()}, "does not support the network"},
		{"three-phase-commit", catalog.Settings{Network: network.UnorderedDuplicating.String()}, "does not support the network"},
		{"three-phase-commit", number("phases", 4), "4 phases: "},
		{"token-ring", number("nodes", 1), "1 nodes: "},
		{"two-phase-commit", number("managers", 64), ""},
		{"two-phase-commit", number("managers", 65), "65 managers: "},
		{"two-phase-commit", catalog.Settings{Network: "ordered"}, "has no network"},
		{"two-phase-commit", catalog.Settings{Lossy: true}, "has no network"},
	} {
		e, err := shipped.Find(c.entry)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Build(c.settings)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s %+v: %v", c.entry, c.settings, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s %+v: %v; want %q", c.entry, c.settings, err, c.want)
		}
	}
	_, err := shipped.Find("paxos")
	var unknown *catalog.UnknownError
	if !errors.As(err, &unknown) || !slices.Equal(unknown.Known, shipped.All().Names()) {
		t.Errorf("Find: %v", err)
	}
}

// TestHandlersArePure makes sure that the handlers of an example can run anywhere: their files import only what a
// protocol may.
func TestHandlersArePure(t *testing.T) {
	allowed := []string{"cmp", "maps", "math", "slices", "time", "synod/actor", "synod/actor/link", "synod/register"}
	files := []string{
		"../abd/abd.go", "../singlecopy/singlecopy.go", "../durableabd/durableabd.go", "../atomiccommit/atomiccommit.go",
		"../lease/lease.go", "../orderedlink/orderedlink.go", "../philosophers/philosophers.go", "../pingpong/pingpong.go",
		"../tokenring/tokenring.go", "../../actor/link/link.go",
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil || !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", file, spec.Path.Value)
			}
		}
	}
}
