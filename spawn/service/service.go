// Package service says what clients can ask the servers of a protocol, and what that means: how an operation becomes a
// message, how a message answers it, and the object that all of it looks like. Clients, rehearsals, torture and the checks of
// their histories are made of it, whatever the messages are.
package service

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/spawn/jsonwire"
	"synod/spawn/machine"
)

// Operation is one kind of what clients ask, with inputs I of the object.
type Operation[I any] struct {
	Name      string   // a word in lower case, such as put
	Doc       string   // one line
	Arguments []string // what people give, such as CHARACTER
	// Parse returns the input for arguments, of which there are as many as Arguments; nil for the zero input.
	Parse func(args []string) (I, error)
	// Draw returns an input for clients that ask at random; nil for the zero input.
	Draw func(d Draw) I
	// Reads is set if it changes nothing, whatever the state: it may be asked again at another server, and one that was not
	// answered does not matter.
	Reads bool
}

// Draw is what chance gives an operation.
type Draw struct {
	Client int    // its place, from 0
	Count  int    // the operations that it drew before
	Value  rune   // of an operation that writes: one that no other operation has for long
	Random uint64 // any number
}

// Config is a service: an object with states S, inputs I and outputs O, and messages M. All but the last fields are required.
type Config[S any, I comparable, O, M any] struct {
	// Object is what clients see. Outputs are compared by their form in JSON, so that SameOutput is left out.
	Object     consistency.Spec[S, I, O]
	Operations []Operation[I]
	Wire       machine.Wire[M] // of requests and answers; it need not know other messages
	// Request returns the message that asks for an operation. A client never uses a number twice, and a later one is greater.
	Request func(number uint64, in I) M
	// Answer returns the number of the request that a message answers, and the output. It reports whether it answers any.
	Answer func(m M) (number uint64, out O, ok bool)

	// Asked returns the number and the input of a request, as Request made it. It reports whether the message is one. It is what
	// lets package around judge what clients of a recorded run saw; nil if nobody needs to.
	Asked func(m M) (number uint64, in I, ok bool)
	// Fits reports whether an output is of the kind that an input has: an answer of another one, whatever its number, is none.
	// Nil if outputs of all operations are alike.
	Fits func(in I, out O) bool
	// Expired returns the number of a request that a server has forgotten too much for to answer it, and the greatest number
	// that it refuses so. It reports whether a message says so; nil if none ever does.
	Expired func(m M) (number, floor uint64, ok bool)
	// Print returns a line for people on an answer, by a server; nil for the output alone.
	Print func(server string, in I, out O) string
	// Key returns the key of an independent object, each of which is checked separately; nil for a single one.
	Key func(in I) string
	// History is the form of operations in histories; nil for that of a custom object, in JSON.
	History History[I, O]
	// Unions say what interfaces in I and O may hold.
	Unions []jsonwire.Union
}

// History is the form that operations have in a history of one of the objects that package oplog knows.
type History[I, O any] interface {
	Spec() oplog.Spec
	// Invoked returns the operation, the key and the value of an invocation.
	Invoked(operation int, in I) oplog.Event
	// Told returns what stands in the end of an operation that was answered so.
	Told(operation int, in I, out O) oplog.Event
}

// Call is an operation to ask for, of the service that made it.
type Call struct {
	Operation int // its place
	Reads     bool
	in        any
}

// Answer is what a server answers to a request.
type Answer struct {
	Number uint64 // of the request
	Out    any    // the output; nil if the request expired
	// Expired is set if the server knows no more whether the request was done, and does not do it now: as it says of all
	// numbers up to Floor.
	Expired bool
	Floor   uint64
}

// Info is what is known of an operation without its types.
type Info struct {
	Name, Doc string
	Arguments []string
	Reads     bool
}

// Service is a Config without its types. It is safe for concurrent use.
type Service interface {
	// Operations lists what can be asked.
	Operations() []Info
	// Parse returns the call of an operation with the arguments that people give. The error says what was expected.
	Parse(operation string, args []string) (Call, error)
	// Draw returns a call that reads or writes, if there is such an operation, and any other call if not.
	Draw(reads bool, d Draw) Call
	// Append appends the request for a call to dst.
	Append(dst []byte, number uint64, c Call) ([]byte, error)
	// Answer reads a message. It reports whether it answers any request.
	Answer(data []byte) (Answer, bool)
	// Fits reports whether an answer with the number of the request for a call is of the kind that the call has.
	Fits(c Call, a Answer) bool
	// Print returns a line for people on an answer of a server.
	Print(server string, c Call, out any) string
	// Check returns the configuration of a check of histories.
	Check() oplog.Config
	// Invoked returns the operation, the key and the value of a call in a history.
	Invoked(c Call) oplog.Event
	// Told returns what stands in the end of a call that was answered so.
	Told(c Call, out any) oplog.Event
	// Untyped returns the configuration without its types, for models of what clients do.
	Untyped() Untyped
}

// New returns the service of a configuration, or an error that says what is wrong with it.
func New[S any, I comparable, O, M any](c Config[S, I, O, M]) (Service, error) {
	switch {
	case c.Object.Step == nil:
		return nil, errors.New("a service without an Object")
	case len(c.Operations) == 0:
		return nil, errors.New("a service without Operations")
	case c.Wire == nil || c.Request == nil || c.Answer == nil:
		return nil, errors.New("a service requires Wire, Request and Answer")
	}
	var names []string
	for _, o := range c.Operations {
		switch {
		case o.Name == "" || strings.ToLower(o.Name) != o.Name || slices.Contains(names, o.Name):
			return nil, fmt.Errorf("operation name %q: must be lower case and unique", o.Name)
		case o.Parse == nil && len(o.Arguments) > 0:
			return nil, fmt.Errorf("the operation %s has arguments, but no Parse", o.Name)
		}
		names = append(names, o.Name)
	}
	s := &typed[S, I, O, M]{Config: c}
	if c.History != nil {
		return s, nil
	}
	custom, err := newCustom(c)
	if err != nil {
		return nil, fmt.Errorf("the history of a service: %w", err)
	}
	s.History, s.object = custom, custom
	return s, nil
}

// Must is New for a configuration that is known to be right. It panics if it is not.
func Must[S any, I comparable, O, M any](c Config[S, I, O, M]) Service {
	s, err := New(c)
	if err != nil {
		panic(err)
	}
	return s
}

// typed is a Service.
type typed[S any, I comparable, O, M any] struct {
	Config[S, I, O, M]
	object oplog.Object // nil unless it is a custom one
}

func (s *typed[S, I, O, M]) Operations() []Info {
	all := make([]Info, len(s.Config.Operations))
	for i, o := range s.Config.Operations {
		all[i] = Info{o.Name, o.Doc, o.Arguments, o.Reads}
	}
	return all
}

func (s *typed[S, I, O, M]) Parse(operation string, args []string) (Call, error) {
	at := slices.IndexFunc(s.Config.Operations, func(o Operation[I]) bool { return o.Name == operation })
	if at < 0 {
		var names []string
		for _, o := range s.Config.Operations {
			names = append(names, o.Name)
		}
		return Call{}, fmt.Errorf("operation %q: expected %s", operation, strings.Join(names, ", "))
	}
	o := s.Config.Operations[at]
	if len(args) != len(o.Arguments) {
		return Call{}, fmt.Errorf("%s: expected %s", o.Name, expected(o.Arguments))
	}
	var in I
	if o.Parse != nil {
		var err error
		if in, err = o.Parse(args); err != nil {
			return Call{}, fmt.Errorf("%s: %w", o.Name, err)
		}
	}
	return Call{at, o.Reads, in}, nil
}

func expected(arguments []string) string {
	if len(arguments) == 0 {
		return "no argument"
	}
	return strings.Join(arguments, " ")
}

func (s *typed[S, I, O, M]) Draw(reads bool, d Draw) Call {
	var places []int
	for i, o := range s.Config.Operations {
		if o.Reads == reads {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		for i := range s.Config.Operations {
			places = append(places, i)
		}
	}
	at := places[d.Random%uint64(len(places))]
	d.Random /= uint64(len(places)) // The rest is as random as before, and says nothing of the operation.
	o := s.Config.Operations[at]
	var in I
	if o.Draw != nil {
		in = o.Draw(d)
	}
	return Call{at, o.Reads, in}
}

func (s *typed[S, I, O, M]) Append(dst []byte, number uint64, c Call) ([]byte, error) {
	return s.Wire.Append(dst, s.Request(number, c.in.(I)))
}

func (s *typed[S, I, O, M]) Answer(data []byte) (Answer, bool) {
	m, err := s.Wire.Decode(data)
	if err != nil {
		return Answer{}, false
	}
	if number, out, ok := s.Config.Answer(m); ok {
		return Answer{Number: number, Out: out}, true
	}
	if s.Config.Expired == nil {
		return Answer{}, false
	}
	number, floor, ok := s.Config.Expired(m)
	return Answer{Number: number, Expired: true, Floor: floor}, ok
}

func (s *typed[S, I, O, M]) Fits(c Call, a Answer) bool {
	return a.Expired || s.Config.Fits == nil || s.Config.Fits(c.in.(I), a.Out.(O))
}

func (s *typed[S, I, O, M]) Print(server string, c Call, out any) string {
	if s.Config.Print == nil {
		return fmt.Sprint(out)
	}
	return s.Config.Print(server, c.in.(I), out.(O))
}

func (s *typed[S, I, O, M]) Check() oplog.Config {
	return oplog.Config{Spec: s.History.Spec(), Object: s.object}
}

func (s *typed[S, I, O, M]) Invoked(c Call) oplog.Event {
	e := s.History.Invoked(c.Operation, c.in.(I))
	e.Type = oplog.Invoke
	return e
}

func (s *typed[S, I, O, M]) Told(c Call, out any) oplog.Event {
	e := s.History.Told(c.Operation, c.in.(I), out.(O))
	e.Type = oplog.Ok
	return e
}
