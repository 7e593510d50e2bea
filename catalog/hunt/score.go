package hunt

import (
	"context"
	"fmt"
	"slices"

	"synod/catalog"
	"synod/checker"
	"synod/model/statespace"
)

// Effect is what a property says of a mutant.
type Effect uint8

// The effects. A property may be missing where the settings that show the mutant give it no meaning.
const (
	Spares  Effect = iota // it holds
	Kills                 // it is violated, or its example never occurs
	Unknown               // a limit cut the search
	Missing
)

// Row is a mutant with the effect of each property of the score.
type Row struct {
	Mutant   catalog.Mutant
	Settings catalog.Settings // all of them
	Effects  []Effect
	States   int // distinct ones that were visited
}

// Killed reports whether some property kills the mutant.
func (r Row) Killed() bool { return slices.Contains(r.Effects, Kills) }

// Score is what the properties of a model are worth against its mutants.
type Score struct {
	Entry      catalog.Entry
	Properties []string
	Rows       []Row // in the order of the entry's mutants
}

// Measure judges every property on every mutant of an entry, with the settings that show the mutant, in all states unless
// all properties are decided before. The options hold for each search, but for FinishWhen, and a limit of states is raised
// to those in which the mutant is declared to be found. It calls report after each,
// with the properties that were met so far, in the order of the effects. If ctx is done, the score has only the mutants until then.
func Measure(
	ctx context.Context, e catalog.Entry, o checker.Options, report func(properties []string, r Row),
) (Score, error) {
	s := Score{Entry: e}
	o.FinishWhen = checker.Decided
	for _, m := range e.Mutants {
		if err := s.measure(ctx, m, o); err != nil {
			return s, fmt.Errorf("mutant %s of %s: %w", m.Name, e.Name, err)
		}
		report(s.Properties, s.Rows[len(s.Rows)-1])
		if ctx.Err() != nil {
			break
		}
	}
	for i := range s.Rows { // Later mutants may have brought more properties.
		for len(s.Rows[i].Effects) < len(s.Properties) {
			s.Rows[i].Effects = append(s.Rows[i].Effects, Missing)
		}
	}
	return s, nil
}

func (s *Score) measure(ctx context.Context, m catalog.Mutant, o checker.Options) error {
	settings, err := s.Entry.Resolve(catalog.Settings{Mutant: m.Name})
	if err != nil {
		return err
	}
	source, err := s.Entry.Build(settings)
	if err != nil {
		return err
	}
	if o.MaxStates > 0 {
		o.MaxStates = max(o.MaxStates, m.Found.Unique)
	}
	r := checker.BFS(ctx, source, o)
	defer r.Close()
	if r.Err != nil {
		return r.Err
	}
	row := Row{Mutant: m, Settings: settings, States: r.Unique}
	for range s.Properties {
		row.Effects = append(row.Effects, Missing)
	}
	for _, p := range r.Properties {
		at := slices.Index(s.Properties, p.Name)
		if at < 0 {
			at = len(s.Properties)
			s.Properties = append(s.Properties, p.Name)
			row.Effects = append(row.Effects, Missing)
		}
		row.Effects[at] = effect(p)
	}
	s.Rows = append(s.Rows, row)
	return nil
}

func effect(p checker.PropertyResult) Effect {
	switch {
	case p.Verdict == checker.Violated, p.Expect == statespace.Sometimes && p.Verdict == checker.Never:
		return Kills
	case p.Verdict == checker.Undecided:
		return Unknown
	}
	return Spares
}

// Worth is what a property does.
type Worth struct {
	Property string
	Judged   int      // how many mutants have the property
	Decided  int      // of how many of them it is known whether the property kills them
	Kills    []string // mutants
	Alone    []string // those of them that no other property kills
	Open     []string // those that no other property is known to kill, of which a limit left some property open
}

// Worths returns what each property is worth, in their order.
func (s Score) Worths() []Worth {
	all := make([]Worth, len(s.Properties))
	for i, name := range s.Properties {
		all[i].Property = name
		for _, row := range s.Rows {
			own := row.Effects[i]
			if own != Missing {
				all[i].Judged++
			}
			if own == Kills || own == Spares {
				all[i].Decided++
			}
			if own == Kills {
				all[i].Kills = append(all[i].Kills, row.Mutant.Name)
			}
			others := slices.Delete(slices.Clone(row.Effects), i, i+1)
			switch {
			case slices.Contains(others, Kills):
			case own == Unknown, own == Kills && slices.Contains(others, Unknown):
				all[i].Open = append(all[i].Open, row.Mutant.Name)
			case own == Kills:
				all[i].Alone = append(all[i].Alone, row.Mutant.Name)
			}
		}
	}
	return all
}

// Tally counts the mutants that were killed, those that live although they are not declared safe, and those of which it
// is not known. The sum is that of all that are not declared safe.
func (s Score) Tally() (killed, alive, undecided int) {
	for _, row := range s.Rows {
		switch {
		case row.Mutant.Safe():
		case row.Killed():
			killed++
		case slices.Contains(row.Effects, Unknown):
			undecided++
		default:
			alive++
		}
	}
	return killed, alive, undecided
}
