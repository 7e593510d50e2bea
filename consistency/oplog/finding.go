package oplog

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"synod/consistency"
)

// Finding is an answer that no order of the operations explains.
type Finding struct {
	Key     Value // of the object; None if there are no keys
	Element Value // of a set that is checked element by element
	Window  int   // its number among those of the part, from 1
	Culprit Operation
	// Before are the operations of the window that had been answered before, in the order of their answers.
	Before []Operation
	// Open are those of the window that may have taken effect or not, when the culprit was answered.
	Open []Operation
	// States are what the part may have held after all of Before; nil if that could not be found out.
	States []string

	part part
	page func(context.Context, io.Writer) error
}

// Operation is one of a finding.
type Operation struct {
	Process            int64
	Text               string // "write A", or "read -> A" with its answer
	Invoked, Returned  int    // the lines; Returned is 0 if it is open
	InvokedAt, EndedAt time.Duration
}

// String says where and when it was.
func (o Operation) String() string {
	text := fmt.Sprintf("process %d: %s", o.Process, o.Text)
	switch {
	case o.Invoked > 0 && o.Returned > 0:
		text += fmt.Sprintf(" (lines %d and %d)", o.Invoked, o.Returned)
	case o.Invoked > 0:
		text += fmt.Sprintf(" (line %d)", o.Invoked)
	}
	return text
}

// subject begins a sentence about a part, unless there is only one.
func (c Config) subject(at part) string {
	var words []string
	if at.key != None {
		words = append(words, fmt.Sprintf("key %v", at.key))
	}
	if c.Spec == Set && !c.WholeSets {
		words = append(words, fmt.Sprintf("element %v", at.element))
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, ", ") + ": "
}

// finding describes the violation of a part with the places of its events.
func (c Config) finding(p *checked, v *consistency.Violation[cell, input, output]) Finding {
	f := Finding{
		Key: p.part.key, Element: p.part.element, Window: v.Window, part: p.part, page: v.Visualize,
	}
	at := func(event int64) place {
		if i := event - p.before - 1; i >= 0 && i < int64(len(p.places)) {
			return p.places[i]
		}
		return place{}
	}
	describe := func(o consistency.WindowOperation[input, output]) Operation {
		call, end := at(o.Invoked), at(o.Returned)
		in := o.In
		if p.part.element != None {
			in.value = p.part.element
		}
		text := in.String()
		if o.Returned > 0 {
			text += " -> " + o.Out.String()
		}
		return Operation{
			Process: int64(o.Client), Text: text, Invoked: call.line, Returned: end.line,
			InvokedAt: time.Duration(call.at), EndedAt: time.Duration(end.at),
		}
	}
	for _, o := range v.Operations {
		f.Before = append(f.Before, describe(o))
	}
	f.Culprit = f.Before[len(f.Before)-1]
	f.Before = f.Before[:len(f.Before)-1]
	for _, o := range v.Open {
		f.Open = append(f.Open, describe(o))
	}
	for _, s := range v.States {
		f.States = append(f.States, s.String())
	}
	return f
}

// String explains the finding in a few lines.
func (f Finding) String() string {
	var b strings.Builder
	if f.Key != None {
		fmt.Fprintf(&b, "key %v, ", f.Key)
	}
	if f.Element != None {
		fmt.Fprintf(&b, "element %v, ", f.Element)
	}
	fmt.Fprintf(&b, "window %d, %v to %v: no order explains\n  %v\n", f.Window, f.Culprit.InvokedAt, f.Culprit.EndedAt, f.Culprit)
	if len(f.States) > 0 {
		fmt.Fprintf(&b, "after all that had been answered before, it held %s\n", strings.Join(f.States, " or "))
	}
	list := func(title string, ops []Operation) {
		const most = 6
		if len(ops) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s\n", title)
		if len(ops) > most {
			fmt.Fprintf(&b, "  … %d more\n", len(ops)-most)
			ops = ops[len(ops)-most:]
		}
		for _, o := range ops {
			fmt.Fprintf(&b, "  %v\n", o)
		}
	}
	list("answered before, in this window:", f.Before)
	list("may have taken effect or not:", f.Open)
	return b.String()
}

// Page writes porcupine's page for the part of the window up to the answer that nothing explains.
func (f Finding) Page(ctx context.Context, out io.Writer) error { return f.page(ctx, out) }
