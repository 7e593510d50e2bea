package oplog

import (
	"fmt"
	"strings"

	"synod/consistency"
	"synod/internal/noun"
)

// The kinds of consistency.
const (
	Linearizable = "linearizable"
	Sequential   = "sequential"
)

// The verdicts besides those of consistency.Outcome.
const (
	NoEvidence = "not enough evidence"
	Unreadable = "unreadable"
)

// Schema names the form of the document.
const Schema = "synod.verify/1"

// Document is what is known of a history, for programs. docs/histories.md tells its fields.
type Document struct {
	Schema      string            `json:"schema"`
	File        string            `json:"file"`
	Format      string            `json:"format,omitempty"` // ndjson or edn
	Spec        string            `json:"spec,omitempty"`
	Consistency string            `json:"consistency"`
	Verdict     string            `json:"verdict"`
	Reason      string            `json:"reason,omitempty"` // of undecided, unreadable and not enough evidence
	Line        int               `json:"line,omitempty"`   // that cannot be read, or did not happen
	TornBytes   int               `json:"torn_bytes,omitempty"`
	Operations  CountsDocument    `json:"operations"`
	Windows     *WindowsDocument  `json:"windows,omitempty"` // none for sequential consistency
	Findings    []FindingDocument `json:"findings,omitempty"`
	Runtime     struct {
		Seconds float64 `json:"seconds"`
	} `json:"runtime"`
}

// CountsDocument is how many operations a history has, by how they ended, and of how many keys.
type CountsDocument struct {
	Invoked      int `json:"invoked"`
	Acknowledged int `json:"acknowledged"`
	Unknown      int `json:"unknown"`
	Failed       int `json:"failed"`
	Keys         int `json:"keys"`
}

// WindowsDocument is in which pieces a history was judged.
type WindowsDocument struct {
	Count   int `json:"count"`
	Longest int `json:"longest"` // in operations
	Widest  int `json:"widest"`  // possible states carried on
}

// FindingDocument is one reason why a history is not what was asked for.
type FindingDocument struct {
	Key     string              `json:"key,omitempty"`
	Element string              `json:"element,omitempty"`
	Window  int                 `json:"window"`
	Culprit *OperationDocument  `json:"culprit,omitempty"` // the first that no order explains, if it was found
	Among   *AmongDocument      `json:"culprit_among,omitempty"`
	Held    []string            `json:"held,omitempty"` // what it may have held before the culprit's answer
	Before  []OperationDocument `json:"before,omitempty"`
	Open    []OperationDocument `json:"open,omitempty"`
}

// AmongDocument describes among which answers the first one is that no order explains, if it was not found in time.
type AmongDocument struct {
	Reason  string             `json:"reason"`
	Answers int                `json:"answers"`
	After   *OperationDocument `json:"after,omitempty"` // the last one that is known to be explained
	Until   OperationDocument  `json:"until"`           // the last of them
}

// OperationDocument is an operation, with the lines of its history.
type OperationDocument struct {
	Process   int64  `json:"process"`
	Operation string `json:"operation"`
	Invoked   int    `json:"invoked_line"`
	Returned  int    `json:"returned_line,omitempty"`
}

// Fill fills in what was found in a history, and of the line that cannot be read, nil for none. A Document that is to
// be filled has its Schema, File and Consistency.
func (d *Document) Fill(h History, r Result, line *LineError) {
	d.Format, d.Spec, d.TornBytes = h.Format, string(h.Header.Spec), h.Torn
	if line != nil {
		d.Verdict, d.Reason, d.Line = Unreadable, line.Err.Error(), line.Line
		return
	}
	c := r.Counts
	d.Operations = CountsDocument{c.Operations, c.Acknowledged, c.Unknown, c.Failed, c.Keys}
	if d.Consistency == Linearizable {
		d.Windows = &WindowsDocument{c.Windows, c.Longest, c.Widest}
	}
	d.Verdict, d.Reason = r.Outcome.String(), r.Reason
	if r.Outcome == consistency.Holds && !r.Enough() {
		d.Verdict, d.Reason = NoEvidence, "no operation was answered"
	}
}

// Documents returns the findings of a check as they are in a document.
func (r *Result) Documents() []FindingDocument {
	var all []FindingDocument
	for _, f := range r.Findings {
		found := FindingDocument{Window: f.Window, Held: f.States}
		if f.Key != None {
			found.Key = f.Key.String()
		}
		if f.Element != None {
			found.Element = f.Element.String()
		}
		last := documentOf(f.Last)
		if !f.Found {
			found.Among = &AmongDocument{Reason: "the time was up", Answers: len(f.Before) + 1 - f.Explained, Until: last}
			if f.Explained > 0 {
				after := documentOf(f.Before[f.Explained-1])
				found.Among.After = &after
			}
			all = append(all, found)
			continue
		}
		found.Culprit = &last
		for _, o := range f.Before {
			found.Before = append(found.Before, documentOf(o))
		}
		for _, o := range f.Open {
			found.Open = append(found.Open, documentOf(o))
		}
		all = append(all, found)
	}
	return all
}

func documentOf(o Operation) OperationDocument {
	return OperationDocument{o.Process, o.Text, o.Invoked, o.Returned}
}

// VerdictText returns what is known without an explanation, for people.
func (d *Document) VerdictText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Checked %s, a history of a %s.\n", d.File, d.Spec)
	if d.TornBytes > 0 {
		fmt.Fprintf(&b, "The last line is unfinished after %s; it was left out.\n", noun.Count(d.TornBytes, "byte"))
	}
	if d.Verdict == Unreadable {
		fmt.Fprintf(&b, "unreadable  line %d: %s\n", d.Line, d.Reason)
		return b.String()
	}
	o := d.Operations
	fmt.Fprintf(&b, "%s on %s: %d acknowledged, %d unknown, %d failed.\n", noun.Count(o.Invoked, "operation"),
		noun.Count(o.Keys, "key"), o.Acknowledged, o.Unknown, o.Failed)
	fmt.Fprintf(&b, "%-11s %s", d.Verdict, d.Consistency)
	if d.Reason != "" {
		fmt.Fprintf(&b, ": %s", d.Reason)
	}
	b.WriteByte('\n')
	return b.String()
}

// ExplanationText returns the rest of it, once the result is explained.
func (d *Document) ExplanationText(r Result) string {
	var b strings.Builder
	for i, f := range r.Findings {
		if i == maxFindings {
			fmt.Fprintf(&b, "… and %d more.\n", len(r.Findings)-i)
			break
		}
		fmt.Fprintf(&b, "In %s", f)
	}
	fmt.Fprint(&b, "Done.")
	if w := d.Windows; w != nil {
		fmt.Fprintf(&b, " windows=%d, longest=%d, widest=%d,", w.Count, w.Longest, w.Widest)
	}
	fmt.Fprintf(&b, " sec=%.2f\n", d.Runtime.Seconds)
	return b.String()
}

// maxFindings is how many of them are shown to people.
const maxFindings = 5
