package model

import (
	"fmt"

	"synod/model/statespace"
)

// Eventually adds the property that every maximal path reaches a state that satisfies holds. A path is maximal if it
// is infinite, or ends where only transitions to the same state are possible; such transitions alone do not make a
// path infinite. No fairness is assumed: a path counts even if a message is never delivered although others are.
func (sys *system) Eventually(name string, holds func(View) bool) {
	sys.property(statespace.Property{Name: name, Expect: statespace.Eventually, Holds: through(holds)})
}

// LeadsTo adds the property that on every maximal path each state that satisfies when also satisfies then, or is
// followed by a state that does. Maximal paths are defined as for Eventually.
func (sys *system) LeadsTo(name string, when, then func(View) bool) {
	sys.property(statespace.Property{Name: name, Expect: statespace.LeadsTo, Holds: through(then), When: through(when)})
}

// Quiescent adds the property that every terminal state satisfies holds. In a terminal state only transitions to the
// same state are possible.
func (sys *system) Quiescent(name string, holds func(View) bool) {
	sys.property(statespace.Property{Name: name, Expect: statespace.Quiescent, Holds: through(holds)})
}

// Eventually adds the property that every maximal path reaches a state that satisfies holds, as for a System.
func (p *Plain[S, A]) Eventually(name string, holds func(S) bool) {
	p.property(statespace.Property{Name: name, Expect: statespace.Eventually, Holds: p.read(holds)})
}

// LeadsTo adds the property that on every maximal path each state that satisfies when also satisfies then, or is
// followed by a state that does, as for a System.
func (p *Plain[S, A]) LeadsTo(name string, when, then func(S) bool) {
	p.property(statespace.Property{Name: name, Expect: statespace.LeadsTo, Holds: p.read(then), When: p.read(when)})
}

// Quiescent adds the property that every terminal state satisfies holds, as for a System.
func (p *Plain[S, A]) Quiescent(name string, holds func(S) bool) {
	p.property(statespace.Property{Name: name, Expect: statespace.Quiescent, Holds: p.read(holds)})
}

// validatePaths rejects properties of paths that crashes would falsify trivially, or make meaningless.
func (sys *system) validatePaths() error {
	c := sys.config
	for _, p := range sys.properties {
		switch {
		case c.MaxDown == 0 || !p.Expect.OfPaths():
		case !c.Lossy:
			return fmt.Errorf("property %q, %s, with crashes: expected loss of messages too, "+
				"since one to an actor that is down would wait for it, which no network does", p.Name, p.Expect)
		case p.Expect != statespace.Quiescent && c.MaxCrashes == 0:
			return fmt.Errorf("property %q, %s, with crashes: expected a bound of crashes, "+
				"since an actor that crashes and recovers for ever keeps anything from happening", p.Name, p.Expect)
		}
	}
	return nil
}
