package hunt

import (
	"context"
	"fmt"
	"slices"

	"synod/catalog"
	"synod/checker"
	"synod/model/statespace"
)

// Effect is the effect of a property on a mutant.
type Effect uint8

// The effects. A property may be missing if it has no meaning with the settings that show the mutant.
const (
	Spares  Effect = iota // it holds
	Kills                 // it is violated, or its example never occurs
	Unknown               // a limit stopped the search
	Missing
)

// Row is a mutant with the effect of each property of the score.
type Row struct {
	Mutant   catalog.Mutant
	Settings catalog.Settings // complete settings
	Effects  []Effect
	States   int // number of distinct states visited
}

// Killed reports whether some property kills the mutant.
func (r Row) Killed() bool { return slices.Contains(r.Effects, Kills) }

// Score is the mutation score of the properties of a model.
type Score struct {
	Entry      catalog.Entry
	Properties []string
	Rows       []Row // in the order of the entry's mutants
}

// Measure evaluates every property on every mutant of an entry, with the settings that show the mutant, in all states
// or until all properties are decided. The options apply to each search, except FinishWhen; a limit of states is
// raised to the number of states in which the mutant is declared to be found. It calls report after each mutant, with
// the properties so far, in the order of the effects. If ctx is done, the score has only the mutants measured until
// then.
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
	for i := range s.Rows { // Later mutants may have added properties.
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

// Worth is the mutation score of a property.
type Worth struct {
	Property string
	Judged   int      // number of mutants that have the property
	Decided  int      // number of mutants for which it is known whether the property kills them
	Kills    []string // mutants
	Alone    []string // those mutants that no other property kills
	Open     []string // mutants that no other property is known to kill, where a limit left some property open
}

// Worths returns the mutation score of each property, in order.
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

// Tally counts the mutants that were killed, those that are alive, and those for which it is unknown. Mutants
// declared safe are not counted.
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
