package hunt

import (
	"fmt"
	"io"
	"strings"

	"synod/catalog"
	"synod/consistency"
)

// ScoreSchema is the name of a ScoreDocument's format.
const ScoreSchema = "synod.mutate/1"

// ScoreDocument is a machine-readable score.
type ScoreDocument struct {
	Schema     string             `json:"schema"`
	Model      string             `json:"model"`
	Mutants    []MutantDocument   `json:"mutants"`
	Properties []PropertyDocument `json:"properties"`
	Killed     int                `json:"killed"` // without those declared safe
	Alive      int                `json:"alive"`
	Undecided  int                `json:"undecided"` // including those that were not searched
	Seconds    float64            `json:"seconds"`   // varies between runs
}

// MutantDocument has the effects of properties on a mutant.
type MutantDocument struct {
	Mutant   string            `json:"mutant"`
	Settings map[string]string `json:"settings"` // complete, by name
	Safe     bool              `json:"safe"`     // declared safe
	Effects  map[string]string `json:"effects"`  // kills, spares or undecided, by property; without missing ones
	States   int               `json:"states"`
}

// PropertyDocument is the mutation score of a property.
type PropertyDocument struct {
	Property string   `json:"property"`
	Decided  int      `json:"decided"` // number of mutants for which it is known whether the property kills them
	Kills    []string `json:"kills"`
	Alone    []string `json:"alone"` // mutants that no other property kills
	Open     []string `json:"open"`  // mutants that it may kill alone: a limit left open whether it or another does
}

var effectWords = map[Effect]string{Spares: "spares", Kills: "kills", Unknown: "undecided"}

// ScoreTable writes the effects of properties on the mutants of an entry, line by line.
type ScoreTable struct{ mutant, shown int }

// NewScoreTable returns the table of an entry.
func NewScoreTable(e catalog.Entry) ScoreTable {
	w := ScoreTable{len("mutant"), len("shown with")}
	for _, m := range e.Mutants {
		w.mutant, w.shown = max(w.mutant, len(m.Name)), max(w.shown, len(strings.Join(e.Shown(m), " ")))
	}
	return w
}

// Header writes the names of the columns.
func (w ScoreTable) Header(out io.Writer) {
	fmt.Fprintf(out, "%-*s  %-*s  %9s  killed by\n", w.mutant, "mutant", w.shown, "shown with", "states")
}

// Line writes the measurement of a mutant.
func (w ScoreTable) Line(out io.Writer, e catalog.Entry, properties []string, r Row) {
	fmt.Fprintf(out, "%-*s  %-*s  %9d  %s\n", w.mutant, r.Mutant.Name, w.shown, strings.Join(e.Shown(r.Mutant), " "), r.States,
		killers(properties, r))
}

// killers returns the effects of the properties on a mutant.
func killers(properties []string, r Row) string {
	var kill, open []string
	for i, e := range r.Effects {
		switch e {
		case Kills:
			kill = append(kill, fmt.Sprintf("%q", properties[i]))
		case Unknown:
			open = append(open, fmt.Sprintf("%q", properties[i]))
		case Spares, Missing:
		}
	}
	text := strings.Join(kill, ", ")
	if len(kill) == 0 {
		text = "nothing"
		if r.Mutant.Safe() {
			text = "nothing, as declared"
		}
	}
	if len(open) > 0 {
		text += "; a limit leaves open " + strings.Join(open, ", ")
	}
	return text
}

// fewOpen is the maximum number of undecided mutants that are named.
const fewOpen = 3

// WriteText writes the mutation score of each property, and the total score.
func (s *Score) WriteText(b io.Writer) {
	for _, w := range s.Worths() {
		of := "" // the number of decided mutants, unless it is all
		if w.Decided < w.Judged {
			of = fmt.Sprintf(" of the %d that are decided", w.Decided)
		}
		switch {
		case len(w.Kills) == 0:
			fmt.Fprintf(b, "%q kills nothing%s", w.Property, of)
		case len(w.Alone) > 0:
			fmt.Fprintf(b, "%q kills %d%s; it alone kills %s", w.Property, len(w.Kills), of, strings.Join(w.Alone, ", "))
		case len(w.Open) > 0:
			fmt.Fprintf(b, "%q kills %d%s", w.Property, len(w.Kills), of)
		default:
			fmt.Fprintf(b, "%q kills %d%s, and nothing that no other property kills", w.Property, len(w.Kills), of)
		}
		if len(w.Open) > 0 {
			which := strings.Join(w.Open, ", ")
			if len(w.Open) > fewOpen {
				which = fmt.Sprintf("any of %d others", len(w.Open))
			}
			fmt.Fprintf(b, "; a limit leaves open whether it alone kills %s", which)
		}
		fmt.Fprintln(b, ".")
	}
	killed, alive, undecided := s.Totals()
	fmt.Fprintf(b, "Mutation score of %s: %d of %d killed, %d alive, %d undecided; %d more are safe by declaration.\n",
		s.Entry.Name, killed, killed+alive+undecided, alive, undecided, len(s.Entry.Mutants)-killed-alive-undecided)
}

// Totals counts the mutants that are not declared safe. Those that were not searched are undecided.
func (s *Score) Totals() (killed, alive, undecided int) {
	killed, alive, undecided = s.Tally()
	for _, m := range s.Entry.Mutants[len(s.Rows):] {
		if !m.Safe() {
			undecided++
		}
	}
	return killed, alive, undecided
}

// Outcome returns Holds if every mutant that is not declared safe was killed, Violated if one is alive, and Undecided
// if a limit or an interrupt left that open.
func (s *Score) Outcome() consistency.Outcome {
	switch _, alive, undecided := s.Totals(); {
	case alive > 0:
		return consistency.Violated
	case undecided > 0:
		return consistency.Undecided
	}
	return consistency.Holds
}

// Document returns the machine-readable score, without the time it took.
func (s *Score) Document() ScoreDocument {
	d := ScoreDocument{Schema: ScoreSchema, Model: s.Entry.Name, Mutants: []MutantDocument{}, Properties: []PropertyDocument{}}
	d.Killed, d.Alive, d.Undecided = s.Totals()
	for _, r := range s.Rows {
		m := MutantDocument{
			Mutant: r.Mutant.Name, Settings: r.Settings.Words(), Safe: r.Mutant.Safe(), Effects: make(map[string]string), States: r.States,
		}
		for i, e := range r.Effects {
			if e != Missing {
				m.Effects[s.Properties[i]] = effectWords[e]
			}
		}
		d.Mutants = append(d.Mutants, m)
	}
	for _, w := range s.Worths() {
		d.Properties = append(d.Properties, PropertyDocument{
			w.Property, w.Decided, append([]string{}, w.Kills...), append([]string{}, w.Alone...), append([]string{}, w.Open...),
		})
	}
	return d
}
