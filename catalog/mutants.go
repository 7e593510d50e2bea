package catalog

import (
	"fmt"
	"maps"
)

// Mutant is a broken variant of a model, on which a checker can show what it is worth.
type Mutant struct {
	Name    string
	Summary string            // a sentence without its full stop
	Breaks  string            // the property that shows it; empty if it is safe, and only has other counts than the sound model
	With    map[string]string // the settings that show it, by the names of Options: these are its defaults
	Found   Found             // by a breadth-first search of that, to the first violation; of a safe one, of all states
}

// Found is what a breadth-first search to the first violation finds, or of a safe mutant a search of all states. Its zero
// value is that of a mutant for which nobody has recorded it.
type Found struct {
	Actions   int // on the shortest path; 0 if there is none
	Unique    int // distinct states
	Generated int // states with repeats
}

// String returns the three numbers in words.
func (f Found) String() string {
	return fmt.Sprintf("%d actions, %d unique, %d generated", f.Actions, f.Unique, f.Generated)
}

// Safe reports whether no property breaks.
func (m Mutant) Safe() bool { return m.Breaks == "" }

// Shown returns the settings that show a mutant of the entry as flags of the command, see Flags.
func (e Entry) Shown(m Mutant) []string {
	s, err := e.Parse(m.With)
	if err != nil {
		return nil // Validate tells of it.
	}
	return e.Flags(s)
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
	if asked.Fair == "" {
		asked.Fair = shown.Fair
	}
	budgets := maps.Clone(shown.Budgets)
	maps.Copy(budgets, asked.Budgets)
	asked.Budgets = budgets
	return asked
}
