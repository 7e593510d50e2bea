package oplog

import (
	"fmt"
	"strings"

	"synod/consistency"
	"synod/internal/noun"
)

// The consistency models.
const (
	Linearizable = "linearizable"
	Sequential   = "sequential"
)

// The verdicts besides those of consistency.Outcome.
const (
	NoEvidence = "not enough evidence"
	Unreadable = "unreadable"
)

// Schema names the version of the document's format.
const Schema = "synod.verify/1"

// Document is the machine-readable result for a history. docs/histories.md describes its fields.
type Document struct {
	Schema      string            `json:"schema"`
	File        string            `json:"file"`
	Format      string            `json:"format,omitempty"` // ndjson or edn
	Spec        string            `json:"spec,omitempty"`
	Consistency string            `json:"consistency"`
	Verdict     string            `json:"verdict"`
	Reason      string            `json:"reason,omitempty"` // for undecided, unreadable and not enough evidence
	Line        int               `json:"line,omitempty"`   // the line that cannot be read, or whose event is impossible
	TornBytes   int               `json:"torn_bytes,omitempty"`
	Operations  CountsDocument    `json:"operations"`
	Windows     *WindowsDocument  `json:"windows,omitempty"` // absent for sequential consistency
	Findings    []FindingDocument `json:"findings,omitempty"`
	Runtime     struct {
		Seconds float64 `json:"seconds"`
	} `json:"runtime"`
}

// CountsDocument counts a history's operations by outcome, and its keys.
type CountsDocument struct {
	Invoked      int `json:"invoked"`
	Acknowledged int `json:"acknowledged"`
	Unknown      int `json:"unknown"`
	Failed       int `json:"failed"`
	Keys         int `json:"keys"`
}

// WindowsDocument describes the windows in which a history was checked.
type WindowsDocument struct {
	Count   int `json:"count"`
	Longest int `json:"longest"` // in operations
	Widest  int `json:"widest"`  // states carried over to a window
}

// FindingDocument is a violation.
type FindingDocument struct {
	Key     string              `json:"key,omitempty"`
	Element string              `json:"element,omitempty"`
	Window  int                 `json:"window"`
	Culprit *OperationDocument  `json:"culprit,omitempty"` // the first answer that no order explains, if found
	Among   *AmongDocument      `json:"culprit_among,omitempty"`
	Held    []string            `json:"held,omitempty"` // possible contents before the culprit's answer
	Before  []OperationDocument `json:"before,omitempty"`
	Open    []OperationDocument `json:"open,omitempty"`
}

// AmongDocument describes the range of answers that contains the first inexplicable one, if it was not found in time.
type AmongDocument struct {
	Reason  string             `json:"reason"`
	Answers int                `json:"answers"`
	After   *OperationDocument `json:"after,omitempty"` // the last answer known to be explained
	Until   OperationDocument  `json:"until"`           // the last answer of the range
}

// OperationDocument is an operation, with the lines of its history.
type OperationDocument struct {
	Process   int64  `json:"process"`
	Operation string `json:"operation"`
	Invoked   int    `json:"invoked_line"`
	Returned  int    `json:"returned_line,omitempty"`
}

// Fill sets the fields from a history, its result, and the error of an unreadable line, nil if there is none. Schema,
// File and Consistency must already be set.
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

// Documents returns the findings of a check in document form.
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

// VerdictText returns a human-readable verdict without explanations.
func (d *Document) VerdictText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Checked %s, a history of a %s.\n", d.File, d.Spec)
	if d.TornBytes > 0 {
		fmt.Fprintf(&b, "The last line is incomplete after %s; it was ignored.\n", noun.Count(d.TornBytes, "byte"))
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

// ExplanationText returns the explanations, once the result is explained.
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

// maxFindings bounds the findings in texts.
const maxFindings = 5
