package oplog

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"synod/consistency"
)

// Finding is a part of a history without a valid order.
type Finding struct {
	Key     Value // the object's key; None if there are no keys
	Element Value // the element of a set checked by element
	Window  int   // the number of the window in its part, from 1
	// Last is the last operation of the shortest prefix of the window known to have no order. If Found, no prefix is
	// shorter, and the answer to Last is the first that no order explains.
	Last  Operation
	Found bool
	// Before are the operations of the window answered before Last, in order of their answers. The first Explained of
	// them are known to have an order, so the first inexplicable answer comes after these.
	Before    []Operation
	Explained int
	// Open are the operations of the window that may or may not have taken effect when Last was answered.
	Open []Operation
	// States are the possible contents of the part after all of Before; nil if unknown.
	States []string

	part  part
	page  func(context.Context, io.Writer) error
	again func(context.Context) Finding // returns the finding with what can be explained
}

// Operation is an operation of a finding.
type Operation struct {
	Process            int64
	Text               string // "write A", or "read -> A" with its answer
	Invoked, Returned  int    // the lines; Returned is 0 if the operation is open
	InvokedAt, EndedAt time.Duration
}

// String returns the operation with its lines and times.
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

// subject returns the subject of a sentence about a part, empty if there is only one part.
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

// finding describes the violation of a part, with the lines of its events.
func (c Config) finding(p *checked, v *consistency.Violation[cell, input, output]) Finding {
	t := teller{part: p.part, places: slices.Clone(p.places), before: p.before, violation: v}
	return t.finding()
}

// teller maps the events of a violation to lines.
type teller struct {
	part      part
	places    []place
	before    int64
	violation *consistency.Violation[cell, input, output]
}

func (t teller) finding() Finding {
	v := t.violation
	f := Finding{
		Key: t.part.key, Element: t.part.element, Window: v.Window, Found: v.Found, Explained: v.Explained,
		part: t.part, page: v.Visualize,
	}
	for _, o := range v.Operations {
		f.Before = append(f.Before, t.describe(o))
	}
	last := len(f.Before) - 1
	f.Before, f.Last = f.Before[:last], f.Before[last]
	for _, o := range v.Open {
		f.Open = append(f.Open, t.describe(o))
	}
	for _, s := range v.States {
		f.States = append(f.States, s.String())
	}
	f.again = func(ctx context.Context) Finding {
		v.Explain(ctx)
		return t.finding()
	}
	return f
}

func (t teller) at(event int64) place {
	if i := event - t.before - 1; i >= 0 && i < int64(len(t.places)) {
		return t.places[i]
	}
	return place{}
}

func (t teller) describe(o consistency.WindowOperation[input, output]) Operation {
	call, end := t.at(o.Invoked), t.at(o.Returned)
	in := o.In
	if t.part.element != None {
		in.value = t.part.element
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

// String explains the finding in a few lines.
func (f Finding) String() string {
	var b strings.Builder
	if f.Key != None {
		fmt.Fprintf(&b, "key %v, ", f.Key)
	}
	if f.Element != None {
		fmt.Fprintf(&b, "element %v, ", f.Element)
	}
	if f.Found {
		fmt.Fprintf(&b, "window %d, %v to %v: no order explains\n  %v\n", f.Window, f.Last.InvokedAt, f.Last.EndedAt, f.Last)
	} else {
		f.suspects(&b)
	}
	if len(f.States) > 0 {
		fmt.Fprintf(&b, "after all earlier answers, it held %s\n", strings.Join(f.States, " or "))
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
	if f.Found {
		list("answered before, in this window:", f.Before)
		list("may have taken effect or not:", f.Open)
	}
	return b.String()
}

// suspects writes the range of answers that contains the first inconsistent one, if it was not found.
func (f Finding) suspects(b *strings.Builder) {
	fmt.Fprintf(b, "window %d, up to %v: no order explains all answers; the first inconsistent one was not found in time\n",
		f.Window, f.Last.EndedAt)
	if f.Explained > 0 {
		fmt.Fprintf(b, "it came after\n  %v\n", f.Before[f.Explained-1])
	}
	fmt.Fprintf(b, "and is one of %d, the last of them\n  %v\n", len(f.Before)+1-f.Explained, f.Last)
}

// Page writes porcupine's page for the prefix of the window up to the inexplicable answer.
func (f Finding) Page(ctx context.Context, out io.Writer) error { return f.page(ctx, out) }
