package catalog_test

import (
	"errors"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"synod/checker"
	"synod/examples/catalog"
	"synod/network"
)

// TestEntries makes sure that what the entries say of themselves is true.
func TestEntries(t *testing.T) {
	var names []string
	for _, e := range catalog.All() {
		if slices.Contains(names, e.Name) || e.Name == "" || e.Summary == "" || strings.HasSuffix(e.Summary, ".") {
			t.Errorf("entry %q, %q", e.Name, e.Summary)
		}
		names = append(names, e.Name)
		for _, p := range e.Parameters {
			if p.Min < 0 || p.Default < p.Min || p.Default > p.Max || p.Doc == "" {
				t.Errorf("%s: parameter %+v", e.Name, p)
			}
		}
		if found, err := catalog.Find(e.Name); err != nil || found.Name != e.Name {
			t.Errorf("Find(%q): %v, %v", e.Name, found.Name, err)
		}
		for _, s := range settings(e) {
			src, err := e.Build(s)
			if err != nil {
				t.Errorf("%s %+v: %v", e.Name, s, err)
				continue
			}
			r := checker.BFS(t.Context(), src, checker.Options{MaxStates: 500})
			if r.Err != nil {
				t.Errorf("%s %+v: %v", e.Name, s, r.Err)
			}
			r.Close()
		}
	}
	if !slices.Equal(names, catalog.Names()) || names[0] != catalog.Default().Name {
		t.Errorf("names %q, default %q", catalog.Names(), catalog.Default().Name)
	}
}

// settings gives the default settings, each network and mutant, and the least of every parameter.
func settings(e catalog.Entry) []catalog.Settings {
	all := []catalog.Settings{{}}
	for _, n := range e.NetworkNames() {
		all = append(all, catalog.Settings{Network: n}, catalog.Settings{Network: n, Lossy: true})
	}
	for _, m := range e.MutantNames() {
		all = append(all, catalog.Settings{Mutant: m})
	}
	for _, p := range e.Parameters {
		all = append(all, catalog.Settings{Values: map[string]int{p.Name: p.Min}})
	}
	return all
}

// TestMutants makes sure that every mutant breaks what its entry says, with the defaults.
func TestMutants(t *testing.T) {
	for _, e := range catalog.All() {
		for _, m := range e.Mutants {
			src, err := e.Build(catalog.Settings{Mutant: m.Name})
			if err != nil {
				t.Fatal(err)
			}
			r := checker.BFS(t.Context(), src, checker.Options{FinishWhen: checker.FirstViolation})
			at := slices.IndexFunc(r.Properties, func(p checker.PropertyResult) bool { return p.Name == m.Breaks })
			if at < 0 || r.Properties[at].Verdict != checker.Violated || r.ExitCode() != checker.ExitViolated {
				t.Errorf("%s, %s: %q is not violated, %v", e.Name, m.Name, m.Breaks, r.Err)
			}
			r.Close()
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
		{"abd", catalog.Settings{Network: network.UnorderedDuplicating.String()}, "is not meant for the network"},
		{"abd", catalog.Settings{Mutant: "x"}, "there is none"},
		{"single-decree", number("promises", 3), ""},
		{"single-decree", number("promises", 4), "4 promises: expected at most one from each of 3 servers"},
		{"single-decree", number("votes", 4), "4 votes: expected at most one from each of 3 servers"},
		{"single-decree", number("readers", -1), "-1 readers: "},
		{"single-decree", number("gets", 0), "0 gets: "},
		{"single-decree", number("retry", 2), "2 retry: "},
		{"ordered-link", catalog.Settings{Network: network.Ordered.String()}, "is not meant for the network"},
		{"dining-philosophers", catalog.Settings{Network: network.UnorderedDuplicating.String()}, "is not meant for the network"},
		{"three-phase-commit", catalog.Settings{Network: network.UnorderedDuplicating.String()}, "is not meant for the network"},
		{"three-phase-commit", number("phases", 4), "4 phases: "},
		{"token-ring", number("nodes", 1), "1 nodes: "},
		{"two-phase-commit", number("managers", 64), ""},
		{"two-phase-commit", number("managers", 65), "65 managers: "},
		{"two-phase-commit", catalog.Settings{Network: "ordered"}, "has no network"},
		{"two-phase-commit", catalog.Settings{Lossy: true}, "has no network"},
	} {
		e, err := catalog.Find(c.entry)
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
	_, err := catalog.Find("paxos")
	var unknown *catalog.UnknownError
	if !errors.As(err, &unknown) || !slices.Equal(unknown.Known, catalog.Names()) {
		t.Errorf("Find: %v", err)
	}
}

// TestHandlersArePure makes sure that the handlers of an example can run anywhere: their files import only what a
// protocol may.
func TestHandlersArePure(t *testing.T) {
	allowed := []string{"cmp", "maps", "math", "slices", "time", "synod/actor", "synod/actor/link", "synod/register"}
	for _, file := range []string{
		"../abd/abd.go", "../singlecopy/singlecopy.go", "../singledecree/internal/ownvalue/singledecree.go",
		"../singledecree/internal/promiseforgotten/singledecree.go", "../singledecree/internal/smallmajority/singledecree.go",
		"../durableabd/durableabd.go", "../atomiccommit/atomiccommit.go", "../lease/lease.go",
		"../orderedlink/orderedlink.go", "../philosophers/philosophers.go", "../pingpong/pingpong.go",
		"../tokenring/tokenring.go", "../../actor/link/link.go",
	} {
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
