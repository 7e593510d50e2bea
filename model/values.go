package model

import (
	"bytes"
	"slices"
	"sync/atomic"

	"synod/actor"
	"synod/internal/intern"
	"synod/internal/words"
	"synod/model/statespace"
)

// reader holds the values that the projections and selections of a system compute from local states and messages. The
// values have any type, and each has a number. The functions are called at least twice for each distinct argument.
type reader struct {
	space  *space
	values *intern.Table[any]
	sets   *words.Table // of numbers of values, ascending; the empty set is 0
	asked  sampler
	picked []*words.Array[uint32] // per selection: envelope -> number of the value plus two, or 1 for none
}

// unreadable is the value of a function that is not pure. Reading it panics with the error, which the evaluation of a
// property then reports.
type unreadable struct{ err error }

func newReader(sp *space) *reader {
	r := &reader{space: sp, values: intern.NewTableOf(anyWalker), sets: words.NewTable(sp.arena)}
	r.sets.Intern(nil)
	for range sp.sys.picks {
		r.picked = append(r.picked, words.NewArray[uint32](sp.arena))
	}
	return r
}

// number evaluates a question and returns the number of its value, or of the error.
func (r *reader) number(q question) (number uint32, ok bool) {
	var value any
	var err error
	r.space.turns.run(func() { value, ok, err = q.repeatedly(max(2, r.asked.times(ofReaders))) })
	if err != nil {
		value, ok = unreadable{err}, true
	}
	if !ok {
		return 0, false
	}
	number, _ = r.values.Intern(value)
	return number, true
}

// question is a call of a function that reads a state or a message.
type question struct {
	who   string
	event func() string
	// ask calls the function on a private copy, whose maps are built in the given order, and returns how the call
	// changed it.
	ask func(order int) (value any, ok bool, changes []intern.Change)
	// orders reports whether the argument contains a map with several entries.
	orders func() bool
}

func (q question) once(order int) (value any, ok bool, err error) {
	defer statespace.Caught(&err, q.who, q.event)
	value, ok, changes := q.ask(order)
	if len(changes) > 0 {
		return nil, false, q.impure("it changed what it reads: " + first(changes, " became "))
	}
	if err := anyWalker.CheckShared(value); err != nil {
		return nil, false, q.impure(err.Error())
	}
	return value, ok, nil
}

// repeatedly requires equal results from several calls.
func (q question) repeatedly(times int) (value any, ok bool, err error) {
	if value, ok, err = q.once(0); err != nil {
		return nil, false, err
	}
	for order := range times - 1 {
		again, okAgain, err := q.once(order + 1)
		switch {
		case err != nil:
			return nil, false, err
		case ok != okAgain:
			return nil, false, q.impure("only one of two calls gave a value" + statespace.MapOrder(q.orders()))
		case !anyWalker.Equal(value, again):
			return nil, false, q.impure("two calls gave different values: " +
				first(anyWalker.Diff(value, again), " and ") + statespace.MapOrder(q.orders()))
		}
	}
	return value, ok, nil
}

func (q question) impure(what string) error {
	return &statespace.ImpureError{Actor: q.who, Event: q.event(), What: what}
}

// of returns the value of a number. It panics if the value is unreadable.
func (r *reader) of(number uint32) any {
	value := r.values.Value(number)
	if bad, is := value.(unreadable); is {
		panic(bad.err)
	}
	return value
}

// pick returns the number of the value that a selection picks from an envelope, if it picks one.
func (r *reader) pick(selection int, envelope uint32) (number uint32, ok bool) {
	of := r.picked[selection]
	of.Ensure(envelope)
	place := of.At(envelope)
	if known := atomic.LoadUint32(place); known != 0 {
		return known - 2, known > 1
	}
	sp := r.space
	number, ok = r.number(question{
		who: "a selection", event: func() string { return "reading " + sp.describe(envelope) },
		orders: func() bool { return sp.walker.Orders(sp.open(envelope).Message) },
		ask: func(order int) (any, bool, []intern.Change) {
			e := sp.opened(envelope, order)
			value, ok := sp.sys.picks[selection](e)
			return value, ok, sp.walker.Diff(sp.open(envelope).Message, e.Message)
		},
	})
	known := uint32(1)
	if ok {
		known = number + 2
	}
	atomic.StoreUint32(place, known)
	return number, ok
}

// set returns the number of a set of values. It sorts numbers.
func (r *reader) set(numbers []uint32) uint32 {
	slices.Sort(numbers)
	id, _ := r.sets.Intern(slices.Compact(numbers))
	return id
}

// union returns the values of some sets, in the order of their content.
func (r *reader) union(sets []uint32) []any {
	var numbers []uint32
	for _, set := range sets {
		numbers = append(numbers, r.sets.At(set)...)
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	all := make([]any, len(numbers))
	for i, n := range numbers {
		all[i] = r.of(n)
	}
	if len(all) > 1 {
		slices.SortFunc(all, func(a, b any) int {
			return bytes.Compare(anyWalker.Encode(nil, a), anyWalker.Encode(nil, b))
		})
	}
	return all
}

// audit looks for a value that was changed by a property that read it.
func (r *reader) audit() error {
	if id, ok := r.values.Verify(); !ok {
		return &statespace.ImpureError{
			Actor: "a projection or selection", Event: "later",
			What: "a value was changed after it was given; it now reads " + textAny(r.values.Value(id)),
		}
	}
	return nil
}

// project returns the number of the value of a projection of a local state, which it computes at the first call.
func (c *cells) project(local uint32, projection int) uint32 {
	of := c.projected[projection]
	of.Ensure(local)
	place := of.At(local)
	if number := atomic.LoadUint32(place); number != 0 {
		return number - 1
	}
	given := c.states.Value(local)
	number, _ := c.space.reader.number(question{
		who: "a projection of " + c.who(), event: func() string { return "reading " + c.walker.Text(given) },
		orders: func() bool { return c.walker.Orders(given) },
		ask: func(order int) (any, bool, []intern.Change) {
			st := c.walker.Rebuild(given, order)
			value := c.space.sys.projections[projection].of(st)
			return value, true, c.walker.Diff(given, st)
		},
	})
	atomic.StoreUint32(place, number+1)
	return number
}

// opened returns an envelope with a private copy of its message.
func (sp *space) opened(envelope uint32, order int) actor.Envelope[any] {
	e := sp.open(envelope)
	e.Message = sp.walker.Rebuild(e.Message, order)
	return e
}
