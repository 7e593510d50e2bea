package hunt

import (
	"fmt"
	"io"
	"strings"

	"synod/catalog"
	"synod/consistency"
)

// Schema is the name of a Document's format.
const Schema = "synod.zoo/1"

// Document reports, in machine-readable form, whether mutants are detected as declared. Add fills it.
type Document struct {
	Schema  string         `json:"schema"`
	Mutants []KillDocument `json:"mutants"`
	Missed  int            `json:"missed"` // mutants that were not searched because of an interrupt

	wrong, open, safe int
}

// KillDocument is the search of a mutant in a Document.
type KillDocument struct {
	Model     string            `json:"model"`
	Mutant    string            `json:"mutant"`
	Summary   string            `json:"summary"`
	Settings  map[string]string `json:"settings"`          // complete, by name
	Property  string            `json:"property"`          // the property that kills it; may be empty
	Safe      bool              `json:"safe"`              // declared safe, and has other counts than the sound model
	Actions   int               `json:"actions,omitempty"` // on the shortest path
	Unique    int               `json:"unique"`
	Generated int               `json:"generated"`
	Wrong     string            `json:"wrong,omitempty"` // how the result differs from the declaration
	Seconds   float64           `json:"seconds"`         // varies between runs
}

// NewDocument returns an empty document for the mutants of entries.
func NewDocument(entries []catalog.Entry) *Document {
	d := &Document{Schema: Schema, Mutants: []KillDocument{}}
	for _, e := range entries {
		d.Missed += len(e.Mutants)
	}
	return d
}

// Add adds the result of a search.
func (d *Document) Add(t Result) {
	e := documentOf(t)
	d.Mutants = append(d.Mutants, e)
	d.Missed--
	switch {
	case t.Stopped() != "":
		d.open++
	case e.Wrong != "":
		d.wrong++
	case e.Safe:
		d.safe++
	}
}

// Outcome returns Holds if each mutant is as declared, Violated if one is not, and Undecided if a limit or an
// interrupt left that open.
func (d *Document) Outcome() consistency.Outcome {
	switch {
	case d.wrong > 0:
		return consistency.Violated
	case d.open+d.Missed > 0:
		return consistency.Undecided
	}
	return consistency.Holds
}

// Totals returns a line with the number of mutants of each kind.
func (d *Document) Totals() string {
	killed := len(d.Mutants) - d.wrong - d.open - d.safe
	return fmt.Sprintf("%d mutants: %d killed and %d safe as declared, %d not as declared, %d undecided.\n",
		len(d.Mutants)+d.Missed, killed, d.safe, d.wrong, d.open+d.Missed)
}

func documentOf(t Result) KillDocument {
	e := KillDocument{
		Model: t.Entry.Name, Mutant: t.Mutant.Name, Summary: t.Mutant.Summary, Settings: t.Settings.Words(),
		Property: t.Killer, Safe: t.Mutant.Safe(), Actions: t.Found.Actions, Unique: t.Found.Unique,
		Generated: t.Found.Generated, Seconds: t.Elapsed.Seconds(),
	}
	if err := t.Wrong(); err != nil {
		e.Wrong = err.Error()
	}
	return e
}

// Table writes the results of mutants, line by line. The column widths are computed from the declarations.
type Table struct{ model, mutant, shown, property int }

// NewTable returns the table for the mutants of entries.
func NewTable(entries []catalog.Entry) Table {
	w := Table{len("model"), len("mutant"), len("shown with"), len(safeWord)}
	for _, e := range entries {
		for _, m := range e.Mutants {
			w.model, w.mutant = max(w.model, len(e.Name)), max(w.mutant, len(m.Name))
			w.shown = max(w.shown, len(strings.Join(e.Shown(m), " ")))
			w.property = max(w.property, len(m.Breaks))
		}
	}
	return w
}

const safeWord = "(safe, counts differ)"

// Header writes the names of the columns.
func (w Table) Header(out io.Writer) {
	fmt.Fprintf(out, "%-*s  %-*s  %-*s  %-*s  %7s  %9s  %7s\n", w.model, "model", w.mutant, "mutant", w.shown, "shown with",
		w.property, "killed by", "actions", "states", "sec")
}

// Line writes the result of a mutant.
func (w Table) Line(out io.Writer, t Result) {
	property, actions, remark := t.Killer, "never", "wrong"
	switch {
	case t.Stopped() != "":
		property, actions, remark = "(undecided)", "-", "undecided"
	case t.Killer == "" && t.Mutant.Safe():
		property, actions = safeWord, "-"
	case t.Killer == "":
		property, actions = "(survived)", "-"
	case t.Found.Actions > 0:
		actions = fmt.Sprint(t.Found.Actions)
	}
	fmt.Fprintf(out, "%-*s  %-*s  %-*s  %-*s  %7s  %9d  %7.2f\n", w.model, t.Entry.Name, w.mutant, t.Mutant.Name,
		w.shown, strings.Join(t.Entry.Shown(t.Mutant), " "), w.property, property, actions, t.Found.Unique,
		t.Elapsed.Seconds())
	if err := t.Wrong(); err != nil {
		fmt.Fprintf(out, "  %s: %v\n", remark, err)
	}
}
