package checker_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/checker"
	"synod/internal/reference"
	"synod/model"
)

// labelOf reads the label of an edge out of its key.
func labelOf(tr *trail) (label int) {
	fields := strings.FieldsFunc(tr.key, func(r rune) bool { return r < '0' || r > '9' })
	if _, err := fmt.Sscan(fields[0], &label); err != nil {
		panic(err)
	}
	return label
}

// fairLabels are sets of labels, by name.
type fairLabels struct {
	name   string
	strong bool
	labels []int
}

func (f fairLabels) has(label int) bool { return slices.Contains(f.labels, label) }

// makeFair makes a graph fair, and says so to the plain search.
func makeFair(p *model.Plain[int, edge], all ...fairLabels) *reference.Fairness[*trail] {
	for _, f := range all {
		is := func(e edge) bool { return f.has(e.Label) }
		if f.strong {
			p.StrongFair(f.name, is)
		} else {
			p.WeakFair(f.name, is)
		}
	}
	of := func(strong bool) func(*trail) []string {
		return func(tr *trail) []string {
			var sets []string
			for _, f := range all {
				if f.strong == strong && f.has(labelOf(tr)) {
					sets = append(sets, f.name)
				}
			}
			return sets
		}
	}
	return &reference.Fairness[*trail]{Weak: of(false), Strong: of(true)}
}

// drawRing draws a graph in which every state has a successor, and which has many cycles.
func drawRing(t *rapid.T) digraph {
	n := rapid.IntRange(2, 9).Draw(t, "states")
	g := digraph{initial: []int{rapid.IntRange(1, n).Draw(t, "initial")}, edges: make(map[int][]edge)}
	add := func(from, to int) {
		label := rapid.IntRange(0, 5).Draw(t, "label")
		if e := (edge{label, to}); !slices.Contains(g.edges[from], e) {
			g.edges[from] = append(g.edges[from], e)
		}
	}
	for i := 1; i <= n; i++ {
		add(i, i%n+1)
	}
	for range rapid.IntRange(0, 2*n).Draw(t, "edges") {
		add(rapid.IntRange(1, n).Draw(t, "from"), rapid.IntRange(1, n).Draw(t, "to"))
	}
	if rapid.IntRange(0, 5).Draw(t, "bounded") == 0 {
		g.limit = max(g.initial[0]+1, n)
	}
	return g
}

// TestRandomFairPaths compares properties of random graphs that are fair to random sets of their labels, and of all, of some and of
// none of whose states the transitions are kept.
func TestRandomFairPaths(t *testing.T) {
	for _, bytes := range []int64{1 << 28, 300, 0} {
		t.Run(fmt.Sprint(bytes), func(t *testing.T) {
			defer checker.LimitEdges(bytes)()
			randomFairPaths(t)
		})
	}
}

func randomFairPaths(t *testing.T) {
	found := make(map[string]int)
	rapid.Check(t, func(t *rapid.T) {
		p := drawRing(t).plain()
		var all []fairLabels
		for i := range rapid.IntRange(1, 4).Draw(t, "sets") {
			f := fairLabels{name: fmt.Sprint("set ", i), strong: rapid.Bool().Draw(t, "strong")}
			for label := range 6 {
				if rapid.IntRange(0, 3).Draw(t, "in") == 0 {
					f.labels = append(f.labels, label)
				}
			}
			all = append(all, f)
		}
		fair := makeFair(p, all...)
		p.Eventually("eventually", drawSet(t, "eventually", 15))
		p.LeadsTo("leads to", drawSet(t, "when", 3), drawSet(t, "then", 9))
		p.Quiescent("quiescent", drawSet(t, "quiescent", 2))
		compareFair(t, p, fair)
		r := checker.BFS(t.Context(), p, checker.Options{})
		defer r.Close()
		countVerdicts(found, r)
	})
	t.Logf("%v", found)
}

// fairKinds are families of sets of actions of a system, by the word with which their names begin in the plain search.
type fairKinds struct{ weak, strong []string }

// drawFairKinds assumes something of the paths of a system, or nothing.
func drawFairKinds(t *rapid.T, sys *randomSystem, c model.Config) (k fairKinds) {
	families := map[string]model.Fair{
		"deliver": model.Deliveries(), "timeout": model.Timeouts(), "recover": model.Recoveries(), "choose": model.Choices(),
	}
	for _, word := range slices.Sorted(maps.Keys(families)) {
		how := rapid.IntRange(0, 3).Draw(t, "fair "+word)
		if how > 2 || word == "recover" && c.MaxDown == 0 || !sys.rich && (word == "timeout" || word == "choose") {
			continue
		}
		if how == 0 {
			k.strong = append(k.strong, word)
			sys.sys.StrongFair(families[word])
		} else {
			k.weak = append(k.weak, word)
			sys.sys.WeakFair(families[word])
		}
		sys.ref.Consumes = sys.ref.Consumes || word == "deliver"
	}
	return k
}

func (k fairKinds) of(words []string, name string) []string {
	if kind, _, _ := strings.Cut(name, " "); !slices.Contains(words, kind) {
		return nil
	}
	return []string{name}
}

// setOf names the set of an action by its key: the options of a choice are one.
func setOf(key string) string {
	if kind, rest, _ := strings.Cut(key, " "); kind == "choose" {
		actor, _, _ := strings.Cut(rest, " ")
		return kind + " " + actor + key[strings.LastIndex(key, " of "):]
	}
	return key
}

func (k fairKinds) ofTrails() *reference.Fairness[*trail] {
	return &reference.Fairness[*trail]{
		Weak:   func(tr *trail) []string { return k.of(k.weak, setOf(tr.key)) },
		Strong: func(tr *trail) []string { return k.of(k.strong, setOf(tr.key)) },
	}
}

func (k fairKinds) ofStates() *reference.Fairness[*reference.State[gossip]] {
	return &reference.Fairness[*reference.State[gossip]]{
		Weak:   func(s *reference.State[gossip]) []string { return k.of(k.weak, s.By()) },
		Strong: func(s *reference.State[gossip]) []string { return k.of(k.strong, s.By()) },
	}
}
