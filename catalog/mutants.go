package catalog

import (
	"fmt"
	"maps"
)

// Mutant is a broken variant of a model, used to test that the checker detects the fault.
type Mutant struct {
	Name    string
	Summary string            // a sentence without its full stop
	Breaks  string            // the property that it violates; empty if it is safe and only its state counts differ
	With    map[string]string // the settings that reveal it, named as in Options: the mutant's defaults
	Found   Found             // expected result of a breadth-first search, to the first violation if any
}

// Found is the result of a breadth-first search to the first violation or, for a safe mutant, of all states. The zero
// value means that it was not recorded.
type Found struct {
	Actions   int // length of the shortest path; 0 if there is none
	Unique    int // distinct states
	Generated int // states including repeats
}

// String returns the three numbers with their units.
func (f Found) String() string {
	return fmt.Sprintf("%d actions, %d unique, %d generated", f.Actions, f.Unique, f.Generated)
}

// Safe reports whether the mutant violates no property.
func (m Mutant) Safe() bool { return m.Breaks == "" }

// Shown returns the settings that reveal a mutant of the entry as command-line flags; see Flags.
func (e Entry) Shown(m Mutant) []string {
	s, err := e.Parse(m.With)
	if err != nil {
		return nil // Validate reports it.
	}
	return e.Flags(s)
}

// after overrides the settings that reveal a mutant with those that were asked for.
func (s Settings) after(shown, asked Settings) Settings {
	maps.Copy(s.Values, shown.Values)
	if asked.Network == "" {
		asked.Network = shown.Network
	}
	if !asked.Lossy {
		asked.Lossy, asked.Elide = shown.Lossy, shown.Elide
	}
	if asked.Fair == "" {
		asked.Fair = shown.Fair
	}
	budgets := maps.Clone(shown.Budgets)
	maps.Copy(budgets, asked.Budgets)
	asked.Budgets = budgets
	return asked
}
