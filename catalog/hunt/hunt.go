// Package hunt measures specifications by mutation testing with the mutants of the catalogue: whether each is killed
// as declared, and which properties of a model kill which of its mutants. The idea is from R. DeMillo, R. Lipton and
// F. Sayward, "Hints on Test Data Selection: Help for the Practicing Programmer" (1978), with properties in place of
// test data.
package hunt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"synod/catalog"
	"synod/checker"
)

// Result is the result of a search of a mutant.
type Result struct {
	Entry    catalog.Entry
	Mutant   catalog.Mutant
	Settings catalog.Settings // complete settings
	Killer   string           // the property that the shortest path violates, or that has no example; may be empty
	Found    catalog.Found
	Sound    catalog.Found // counts of the sound model with these settings, only for a mutant declared safe
	Elapsed  time.Duration

	stopped string // the limit that stopped a search, if any
}

// Search searches a mutant with the settings that show it, breadth first, until the first violation. For a mutant
// declared safe it searches all states, and those of the sound model. The options apply to each search, except
// FinishWhen. The error is from the search.
func Search(ctx context.Context, e catalog.Entry, m catalog.Mutant, o checker.Options) (Result, error) {
	t := Result{Entry: e, Mutant: m}
	var err error
	if t.Settings, err = e.Resolve(catalog.Settings{Mutant: m.Name}); err != nil {
		return t, err
	}
	o.FinishWhen = checker.FirstViolation
	if m.Safe() {
		o.FinishWhen = checker.Exhausted
	}
	begin := time.Now()
	t.Killer, t.Found, err = t.search(ctx, t.Settings, o)
	if err == nil && m.Safe() {
		sound := t.Settings
		sound.Mutant = ""
		_, t.Sound, err = t.search(ctx, sound, o)
	}
	t.Elapsed = time.Since(begin)
	return t, err
}

// search returns the property that kills a model with these settings, and the counts.
func (t *Result) search(ctx context.Context, s catalog.Settings, o checker.Options) (string, catalog.Found, error) {
	source, err := t.Entry.Build(s)
	if err != nil {
		return "", catalog.Found{}, err
	}
	r := checker.BFS(ctx, source, o)
	defer r.Close()
	if r.Err != nil {
		return "", catalog.Found{}, fmt.Errorf("mutant %s of %s: %w", t.Mutant.Name, t.Entry.Name, r.Err)
	}
	found := catalog.Found{Unique: r.Unique, Generated: r.Generated}
	killer := ""
	for _, p := range r.Properties {
		switch n := 0; {
		case p.Verdict == checker.Violated:
			n = len(p.Path.Steps)
			if killer == "" || n < found.Actions || n == found.Actions && p.Name == t.Mutant.Breaks {
				killer, found.Actions = p.Name, n
			}
		case p.Verdict == checker.Never && killer == "":
			killer = p.Name
		}
	}
	if !r.Exhausted && killer == "" {
		t.stopped = r.Stopped
	}
	return killer, found, nil
}

// Stopped returns the limit that stopped a search before a violation, or before all states were visited if that was
// required; empty if none did.
func (t Result) Stopped() string { return t.stopped }

// Wrong returns how the result differs from the mutant's declaration, or nil.
func (t Result) Wrong() error {
	m := t.Mutant
	switch {
	case t.stopped != "":
		return fmt.Errorf("%s ended the search, after %d states", t.stopped, t.Found.Unique)
	case m.Safe() && t.Killer != "":
		return fmt.Errorf("declared safe, but %q is violated", t.Killer)
	case m.Safe() && t.Sound == t.Found:
		return errors.New("declared to change the counts, but they equal those of the sound model")
	case !m.Safe() && t.Killer == "":
		return fmt.Errorf("declared to violate %q, but it survives %d states", m.Breaks, t.Found.Unique)
	case t.Killer != m.Breaks:
		return fmt.Errorf("declared to violate %q first, but it violates %q", m.Breaks, t.Killer)
	case m.Found != (catalog.Found{}) && t.Found != m.Found: // without declared counts, any are accepted
		return fmt.Errorf("expected %s, but found %s", m.Found, t.Found)
	}
	return nil
}

// All runs Search for every mutant of the entries, in order, and calls report after each. It stops if a search returns
// an error, or ctx is done.
func All(ctx context.Context, entries []catalog.Entry, o checker.Options, report func(Result)) error {
	for _, e := range entries {
		for _, m := range e.Mutants {
			t, err := Search(ctx, e, m, o)
			if err != nil {
				return err
			}
			report(t)
			if ctx.Err() != nil {
				return nil
			}
		}
	}
	return nil
}
