package catalog

import (
	"fmt"
	"maps"
	"sync"

	"synod/examples/zoo"
)

// Mutant is a broken variant of a model, on which a checker can show what it is worth.
type Mutant struct {
	Name    string
	Summary string    // a sentence without its full stop
	Breaks  string    // the property that shows it; empty if it is safe, and only has other counts than the sound model
	Shown   Settings  // what it has to be given so that it shows: these are its defaults; no mutant is named
	Found   zoo.Found // by a breadth-first search of that, to the first violation; of a safe one, of all states
}

// Safe tells whether no property breaks.
func (m Mutant) Safe() bool { return m.Breaks == "" }

// Mutants gives the broken variants of a model. They are shared, and must not be changed.
func (e Entry) Mutants() []Mutant {
	mutants.once.Do(readMutants)
	return mutants.of[e.Name]
}

// mutants are read when somebody asks, as most do not.
var mutants struct {
	once sync.Once
	of   map[string][]Mutant // by the name of the entry
}

func readMutants() {
	mutants.of = make(map[string][]Mutant)
	for _, e := range entries {
		for _, m := range zoo.Mutants(e.Name) {
			shown, err := e.Parse(m.With)
			if err != nil {
				panic(fmt.Sprintf("catalog: mutant %s of %s: %v", m.Name, e.Name, err)) // A mistake of ours.
			}
			mutants.of[e.Name] = append(mutants.of[e.Name], Mutant{m.Name, m.Summary, m.Breaks, shown, m.Found})
		}
	}
}

// after puts settings that were asked for on top of those that show a mutant.
func (s Settings) after(shown, asked Settings) Settings {
	maps.Copy(s.Values, shown.Values)
	if asked.Network == "" {
		asked.Network = shown.Network
	}
	if !asked.Lossy {
		asked.Lossy, asked.Elide = shown.Lossy, shown.Elide
	}
	budgets := maps.Clone(shown.Budgets)
	maps.Copy(budgets, asked.Budgets)
	asked.Budgets = budgets
	return asked
}
