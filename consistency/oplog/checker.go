package oplog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"synod/consistency"
)

// Config configures a check.
type Config struct {
	Spec    Spec
	Initial Value // the initial value of a register, or of each key of a kv
	// WholeSets must be set for histories with reads of whole sets: a set is then one part. Otherwise each element is a
	// part, and a read of a set is an error.
	WholeSets bool
	// Object is the specification of a custom object; nil for all others.
	Object Object
	// MaxWindow bounds the completed operations of one window; 0 means 20,000.
	MaxWindow int
	// MaxMemory bounds the search of one window, in bytes; 0 means 1 GiB.
	MaxMemory int64
}

// Validate returns an error if the configuration is invalid.
func (c Config) Validate() error {
	if _, err := ParseSpec(string(c.Spec)); err != nil {
		return err
	}
	if (c.Object != nil) != (c.Spec == Custom) {
		return errors.New("Object is required for a custom object, and only for it")
	}
	if c.Initial != None && c.Spec != Register && c.Spec != KV {
		return fmt.Errorf("an initial value of a %s: only a register or the keys of a kv can have one", c.Spec)
	}
	return nil
}

// part is a unit that is checked separately: an object with a key, or one element of a set.
type part struct{ key, element Value }

// Checker decides linearizability incrementally as events come in, part by part and window by window, and forgets
// what it has decided. A window of a part ends when no operation on it is in flight except those of unknown outcome.
// So a process that gives up an operation must report it as unknown, and windows are short only if there are moments
// at which no process is waiting.
//
// A Checker is not safe for concurrent use.
type Checker struct {
	config Config
	parts  map[part]*checked
	order  []part // in order of first occurrence
	busy   map[int64]*underway
	counts Counts
	found  []Finding
}

type checked struct {
	part    part
	windows *consistency.Windows[cell, input, output]
	places  []place // of the events that still matter
	before  int64   // the number of events before them
	found   bool    // a violation was found
}

// place is the line and the time of an event.
type place struct {
	line int
	at   int64 // ns
}

// underway is an outstanding operation.
type underway struct {
	invoked Event
	part    *checked
	in      input
}

// Counts counts what was checked.
type Counts struct {
	Operations   int // invoked operations
	Acknowledged int // acknowledged operations
	Failed       int // operations that never took effect
	Unknown      int // operations of unknown outcome
	Keys         int
	Windows      int // windows decided
	Longest      int // operations in the longest window
	Widest       int // the maximum number of possible states carried over to a window
}

// NewChecker returns a check of objects in their initial state, or an error if the configuration is invalid.
func NewChecker(c Config) (*Checker, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Checker{
		config: c, parts: make(map[part]*checked), busy: make(map[int64]*underway),
	}, nil
}

// Event takes the next event, in the order in which they happened. If it ends a window, the window is decided before
// Event returns; if ctx is done first, its part is undecided. It returns an error for an event that cannot have
// happened, and ignores the event.
func (c *Checker) Event(ctx context.Context, e Event) error {
	if err := e.validate(); err != nil {
		return err
	}
	if e.Type == Invoke {
		return c.invoke(e)
	}
	u := c.busy[e.Process]
	if u == nil {
		return fmt.Errorf("process %d: %v, but no operation is outstanding", e.Process, e.Type)
	}
	out, err := c.config.heard(u.invoked, e)
	if err != nil {
		return fmt.Errorf("process %d: %w", e.Process, err)
	}
	delete(c.busy, e.Process)
	p := u.part
	p.places = append(p.places, place{e.Line, int64(e.Time)})
	client := consistency.Client(e.Process)
	switch {
	case e.Type == Ok:
		c.counts.Acknowledged++
		err = p.windows.Return(ctx, client, out)
	case e.Type == Fail:
		c.counts.Failed++
		err = p.windows.Fail(ctx, client)
	case c.config.pure(u.in): // it changes nothing, and no one knows what it read
		c.counts.Unknown++
		err = p.windows.Fail(ctx, client)
	default:
		c.counts.Unknown++
		err = p.windows.Lose(ctx, client)
	}
	c.look(p)
	return err
}

func (c *Checker) invoke(e Event) error {
	if c.busy[e.Process] != nil {
		return fmt.Errorf("process %d: %v is invoked while its %v is outstanding", e.Process, e.Op, c.busy[e.Process].invoked.Op)
	}
	at, in, err := c.config.asked(e)
	if err != nil {
		return fmt.Errorf("process %d: %w", e.Process, err)
	}
	p := c.parts[at]
	if p == nil {
		p = &checked{part: at, windows: consistency.NewWindows(c.config.windows())}
		c.parts[at] = p
		c.order = append(c.order, at)
	}
	c.counts.Operations++
	c.busy[e.Process] = &underway{e, p, in}
	p.places = append(p.places, place{e.Line, int64(e.Time)})
	return p.windows.Invoke(consistency.Client(e.Process), in)
}

// object returns the sequential specification of a part.
func (c Config) object() consistency.Spec[cell, input, output] {
	if c.Spec == Custom {
		return custom(c.Object)
	}
	return c.Spec.object(c.Initial, c.WholeSets)
}

// pure reports whether an operation changes nothing.
func (c Config) pure(in input) bool {
	if c.Spec == Custom {
		return c.Object.Pure(in.value)
	}
	return in.op.pure()
}

// effect returns the effect of an operation, as required by consistency.WindowsConfig.
func (c Config) effect(in input, heard *output) consistency.Effect {
	if c.Spec == Custom && c.Object.Pure(in.value) {
		return consistency.Reads
	}
	return c.Spec.effect(in, heard)
}

// look records the violation of a window, and forgets the places of events that no longer matter.
func (c *Checker) look(p *checked) {
	if v := p.windows.Violation(); v != nil && !p.found {
		p.found = true
		c.found = append(c.found, c.config.finding(p, v))
	}
	if gone := p.windows.Oldest() - 1 - p.before; gone > int64(len(p.places)/2) {
		p.places = slices.Delete(p.places, 0, int(gone))
		p.before += gone
	}
}

// Finish ends the history and returns the result. Its findings are not explained yet: see [Result.Explain].
func (c *Checker) Finish(ctx context.Context) Result {
	r := Result{Config: c.config, Counts: c.counts}
	r.Counts.Unknown += len(c.busy)
	clear(c.busy)
	r.Outcome = consistency.Holds
	keys := make(map[Value]bool)
	for _, at := range c.order {
		p := c.parts[at]
		keys[at.key] = true
		p.windows.Conclude(ctx)
		c.look(p)
		s := p.windows.Stats()
		r.Counts.Windows += s.Windows
		r.Counts.Longest = max(r.Counts.Longest, s.Longest)
		r.Counts.Widest = max(r.Counts.Widest, s.Widest)
		if p.windows.Outcome() == consistency.Undecided && r.Reason == "" {
			r.Outcome = consistency.Undecided
			r.Reason = c.config.subject(at) + p.windows.Reason()
		}
	}
	r.Counts.Keys = len(keys)
	if r.Findings = c.found; len(r.Findings) > 0 {
		r.sort()
		r.Outcome, r.Reason = consistency.Violated, ""
	}
	return r
}

// Violated reports whether a violation has been found.
func (c *Checker) Violated() bool { return len(c.found) > 0 }

// asked returns the part and the input of an invocation.
func (c Config) asked(e Event) (part, input, error) {
	at, in := part{key: e.Key}, input{op: e.Op, value: e.Value, old: e.Old}
	if err := c.Spec.knows(e.Op); err != nil {
		return at, in, err
	}
	switch {
	case e.List != nil:
		return at, in, fmt.Errorf("%v of a list: must be one value", e.Op)
	case e.Op == Read || e.Op == Delete:
		in.value = None // some histories repeat the expected value
	case c.Spec == WriteOnce && e.Value == None:
		return at, in, errors.New("write of null: the value must not be null, which stands for a write-once register that was not written")
	}
	switch {
	case c.Spec == KV && e.Op == Append && (e.Value == None || e.Value[0] != '"'):
		return at, in, fmt.Errorf("append of %v to a key: must be a string", e.Value)
	case c.Spec == Custom:
		_, _, err := c.Object.Step(c.Object.Init(), e.Value)
		return at, in, err
	case c.Spec == KV && e.Key == None:
		return at, in, fmt.Errorf("%v without a key", e.Op)
	case c.Spec == Set && !c.WholeSets && e.Op == Read:
		return at, in, errors.New("a set has no read; use add, remove or contains")
	case c.Spec == Set && !c.WholeSets:
		at.element, in.value = e.Value, None
	}
	return at, in, nil
}

// heard returns the output recorded by the end of an operation.
func (c Config) heard(invoked, e Event) (output, error) {
	switch {
	case e.Op != 0 && e.Op != invoked.Op:
		return output{}, fmt.Errorf("%v ends, but %v was invoked", e.Op, invoked.Op)
	case e.Key != None && e.Key != invoked.Key:
		return output{}, fmt.Errorf("key %v, but %v was invoked with key %v", e.Key, invoked.Op, invoked.Key)
	case e.Type != Ok:
		return output{}, nil
	case e.Refused && (c.Spec != WriteOnce || invoked.Op != Write):
		return output{}, fmt.Errorf("%v of a %s is never refused", invoked.Op, c.Spec)
	}
	if c.Spec != Custom && e.Value.compound() {
		return output{}, fmt.Errorf("%v has the result %v: must not be an object", invoked.Op, e.Value)
	}
	out := output{told: e.Told, refused: e.Refused, value: e.Value}
	list := invoked.Op == Read && c.Spec.lists()
	switch {
	case invoked.Op == Cas:
		return c.compared(e)
	case (list || invoked.Op.pure() || invoked.Op == Call) && !e.Told:
		return out, fmt.Errorf("%v without a result: must be a value", invoked.Op)
	case list && e.Value != None:
		return out, fmt.Errorf("%v has the result %v: must be a list", invoked.Op, e.Value)
	case list:
		out.values = orEmpty(e.List)
		if c.Spec == Set {
			out.values = slices.Compact(slices.Sorted(slices.Values(out.values)))
			out.values = orEmpty(out.values)
		}
	case c.Spec == KV && invoked.Op == Append:
		return output{}, nil // some histories repeat the appended value
	case e.List != nil:
		return out, fmt.Errorf("%v has a list as its result: must be one value", invoked.Op)
	case invoked.Op == Write:
		out.told, out.value = false, None // some histories repeat the written value
	case invoked.Op == Append && e.Told && !positive(e.Value):
		return out, fmt.Errorf("append has the result %v: must be the position, counted from 1", e.Value)
	case c.Spec == Set && e.Told && e.Value != Truth(true) && e.Value != Truth(false):
		return out, fmt.Errorf("%v has the result %v: must be true or false", invoked.Op, e.Value)
	}
	return out, nil
}

// compared returns the output of a cas: it succeeded unless it says otherwise. Some histories repeat the request.
func (c Config) compared(e Event) (output, error) {
	out := output{told: true, value: Truth(true)}
	switch {
	case !e.Told || e.List != nil:
	case e.Value == Truth(true), e.Value == Truth(false):
		out.value = e.Value
	default:
		return out, fmt.Errorf("cas has the result %v: must be true or false", e.Value)
	}
	return out, nil
}

// positive reports whether a value is an integer of at least 1.
func positive(v Value) bool { return v != None && v[0] >= '1' && v[0] <= '9' }
