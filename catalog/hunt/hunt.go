// Package hunt measures specifications by the mutants of the catalogue: whether each is killed as it is declared, and which
// properties of a model kill which of its mutants. The idea is that of R. DeMillo, R. Lipton and F. Sayward, "Hints on Test
// Data Selection: Help for the Practicing Programmer" (1978), with properties in the place of test data.
package hunt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"synod/catalog"
	"synod/checker"
)

// Trophy is a mutant with what a search found out about it. There is none without a search.
type Trophy struct {
	Entry    catalog.Entry
	Mutant   catalog.Mutant
	Settings catalog.Settings // all of them
	Killer   string           // the property that the shortest path violates, or that has no example; empty for none
	Found    catalog.Found
	Sound    catalog.Found // counts of the sound model with these settings, only of a mutant that is declared safe
	Elapsed  time.Duration

	stopped string // the limit that cut a search, if one did
}

// Shoot searches a mutant with the settings that show it, breadth first: to the first violation, or all states of one that
// is declared safe, and those of the sound model. The options hold for each search, but for FinishWhen. The error is one
// of the search.
func Shoot(ctx context.Context, e catalog.Entry, m catalog.Mutant, o checker.Options) (Trophy, error) {
	t := Trophy{Entry: e, Mutant: m}
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

// search returns what kills a model with these settings, and the counts.
func (t *Trophy) search(ctx context.Context, s catalog.Settings, o checker.Options) (string, catalog.Found, error) {
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

// Stopped returns the limit that cut a search before anything was violated, or that was to see all states; empty if none did.
func (t Trophy) Stopped() string { return t.stopped }

// Wrong returns what is not as the mutant declares it, or nil.
func (t Trophy) Wrong() error {
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
	case m.Found != (catalog.Found{}) && t.Found != m.Found: // of one that nobody has written down nothing is expected
		return fmt.Errorf("expected %s, but found %s", m.Found, t.Found)
	}
	return nil
}

// All shoots every mutant of the entries, in their order, and calls report after each. If a search ends with an error, or
// ctx is done, it ends too.
func All(ctx context.Context, entries []catalog.Entry, o checker.Options, report func(Trophy)) error {
	for _, e := range entries {
		for _, m := range e.Mutants {
			t, err := Shoot(ctx, e, m, o)
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
