package service

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/internal/strictjson"
	"synod/spawn/jsonwire"
)

// custom is the object of a service in the values of histories, and the form of its operations there.
type custom[S any, I comparable, O any] struct {
	object consistency.Spec[S, I, O]
	same   func(a, b S) bool
	key    func(in I) string
	names  []string // of operations
	reads  []bool   // by their places
	ins    *jsonwire.Form[I]
	outs   *jsonwire.Form[O]
	known  sync.Map // from values to inputs
}

func newCustom[S any, I comparable, O, M any](c Config[S, I, O, M]) (*custom[S, I, O], error) {
	ins, err := jsonwire.NewForm[I](c.Unions...)
	if err != nil {
		return nil, err
	}
	outs, err := jsonwire.NewForm[O](c.Unions...)
	if err != nil {
		return nil, err
	}
	own := &custom[S, I, O]{object: c.Object, same: c.Object.Equal(), key: c.Key, ins: ins, outs: outs}
	for _, o := range c.Operations {
		own.names, own.reads = append(own.names, o.Name), append(own.reads, o.Reads)
	}
	return own, nil
}

// Spec names the object.
func (*custom[S, I, O]) Spec() oplog.Spec { return oplog.Custom }

// Invoked is an input in a history: an object with one field, the name of the operation.
func (c *custom[S, I, O]) Invoked(operation int, in I) oplog.Event {
	data, err := c.ins.Append(fmt.Appendf(nil, "{%q:", c.names[operation]), in)
	if err != nil {
		panic(fmt.Sprintf("service: the input %+v of %s: %v", in, c.names[operation], err)) // It could not be sent either.
	}
	e := oplog.Event{Op: oplog.Call, Value: oplog.Compound(append(data, '}'))}
	if c.key != nil {
		e.Key = oplog.Text(c.key(in))
	}
	return e
}

// Told is an output in a history.
func (c *custom[S, I, O]) Told(_ int, _ I, out O) oplog.Event {
	return oplog.Event{Told: true, Value: value(c.outs, out)}
}

// value is a value of a history for an output.
func value[T any](f *jsonwire.Form[T], v T) oplog.Value {
	data, err := f.Append(nil, v)
	if err != nil {
		data = fmt.Appendf(nil, "%q", fmt.Sprintf("%+v: %v", v, err)) // It is nothing that the object answers.
	}
	switch {
	case data[0] == '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			panic(err) // We wrote it.
		}
		return oplog.Text(text)
	case data[0] == '[':
		return oplog.Compound(append(append([]byte(`{"list":`), data...), '}'))
	case string(data) == "null":
		return oplog.None
	}
	return oplog.Value(data)
}

// asked is an operation that was read.
type asked[I any] struct {
	in    I
	reads bool
}

// input is the operation of a value.
func (c *custom[S, I, O]) input(v oplog.Value) (asked[I], error) {
	if known, ok := c.known.Load(v); ok {
		return known.(asked[I]), nil
	}
	var a asked[I]
	r := strictjson.NewReader([]byte(v))
	var inner error
	r.Tagged(func(tag []byte) {
		at := slices.Index(c.names, string(tag))
		if at < 0 {
			r.Fail("one of " + strings.Join(c.names, ", "))
			return
		}
		a.reads = c.reads[at]
		a.in, inner = c.ins.Decode(r.Raw())
	})
	if err := cmp.Or(r.End(), inner); err != nil {
		return a, fmt.Errorf("the call %v: %w", v, err)
	}
	c.known.Store(v, a)
	return a, nil
}

// Init returns the state at first.
func (c *custom[S, I, O]) Init() any { return c.object.Init }

// Step applies a call.
func (c *custom[S, I, O]) Step(state any, v oplog.Value) (any, oplog.Value, error) {
	a, err := c.input(v)
	if err != nil {
		return nil, oplog.None, err
	}
	next, out := c.object.Step(state.(S), a.in)
	return next, value(c.outs, out), nil
}

// Same reports whether two states are equal.
func (c *custom[S, I, O]) Same(a, b any) bool { return c.same(a.(S), b.(S)) }

// Pure reports whether a call changes nothing.
func (c *custom[S, I, O]) Pure(v oplog.Value) bool {
	a, err := c.input(v)
	return err == nil && a.reads
}
