// Package service describes what clients can request from the servers of a protocol: how an operation becomes a
// message, which message answers it, and the object that the servers implement. Clients, simulations, fault injection
// and the checks of their histories are built on it, for any message type.
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

// Operation is a kind of client operation, with inputs I of the object.
type Operation[I any] struct {
	Name      string   // a word in lower case, such as put
	Doc       string   // one line
	Arguments []string // placeholders for arguments, such as CHARACTER
	// Parse returns the input for arguments, as many as Arguments has; nil means the zero input.
	Parse func(args []string) (I, error)
	// Draw returns a random input; nil means the zero input.
	Draw func(d Draw) I
	// Reads reports that the operation never changes the state: it may be retried at another server, and does not matter
	// if it was not answered.
	Reads bool
	// Administers reports that the operation is for operators: it is never drawn, and what clients see does not depend on
	// it.
	Administers bool
}

// Draw has the random data for an operation.
type Draw struct {
	Client int    // the client's index, from 0
	Count  int    // the number of operations that the client drew before
	Value  rune   // for a write: a value that no other operation uses for a long time
	Random uint64 // a random number
}

// Config is a service: an object with states S, inputs I and outputs O, and messages M. Fields documented with a
// meaning of nil are optional.
type Config[S any, I comparable, O, M any] struct {
	// Object is the object that clients see. Its SameOutput is ignored: outputs are compared by their JSON form.
	Object     consistency.Spec[S, I, O]
	Operations []Operation[I]
	Wire       machine.Wire[M] // for requests and answers; it need not support other messages
	// Request returns the message that requests an operation. A client uses increasing numbers.
	Request func(number uint64, in I) M
	// Answer returns the number of the request that a message answers, and the output. It returns false if the message
	// is not an answer.
	Answer func(m M) (number uint64, out O, ok bool)

	// Asked returns the number and the input of a message made by Request, or false for other messages. Package around
	// uses it to check what clients of a recorded run saw; nil if that is not needed.
	Asked func(m M) (number uint64, in I, ok bool)
	// Fits reports whether an output is of the kind that the input requires; an answer that does not fit is ignored,
	// whatever its number. Nil if all operations have the same kind of output.
	Fits func(in I, out O) bool
	// Expired returns the number of a request that a server no longer has the information to answer, and the greatest
	// number that it refuses for that reason. It returns false for other messages; nil if there are no such messages.
	Expired func(m M) (number, floor uint64, ok bool)
	// Print returns a human-readable line about a server's answer; nil means the output alone.
	Print func(server string, in I, out O) string
	// Key returns the key of an independent object, which is checked separately; nil if there is only one object.
	Key func(in I) string
	// History is the form of operations in histories; nil means that of a custom object, in JSON.
	History History[I, O]
	// Unions list the types that interfaces in I and O may hold.
	Unions []jsonwire.Union
}

// History is the form of operations in histories of an object that package oplog supports.
type History[I, O any] interface {
	Spec() oplog.Spec
	// Invoked returns the operation, the key and the value of an invocation.
	Invoked(operation int, in I) oplog.Event
	// Told returns the event that ends an operation with this output.
	Told(operation int, in I, out O) oplog.Event
}

// Call is an operation to request, made by a Service.
type Call struct {
	Operation int // its place
	Reads     bool
	in        any
}

// Answer is a server's answer to a request.
type Answer struct {
	Number uint64 // the number of the request
	Out    any    // the output; nil if the request expired
	// Expired is set if the server no longer knows whether the request was executed, and does not execute it now. The
	// same is true of all numbers up to Floor.
	Expired bool
	Floor   uint64
}

// Info describes an operation, without its types.
type Info struct {
	Name, Doc string
	Arguments []string
	Reads     bool

	Administers bool
}

// Service is a Config with its types erased. It is safe for concurrent use.
type Service interface {
	// Operations returns the operations.
	Operations() []Info
	// Parse returns the call of an operation with arguments given as text, or an error if they are invalid.
	Parse(operation string, args []string) (Call, error)
	// Draw returns a random call that reads, or one that writes; if there is no such operation, any call.
	Draw(reads bool, d Draw) Call
	// Append appends the request for a call to dst.
	Append(dst []byte, number uint64, c Call) ([]byte, error)
	// Answer decodes a message. It returns false if the message is not an answer.
	Answer(data []byte) (Answer, bool)
	// Fits reports whether an answer, with the number of the call's request, is of the kind that the call requires.
	Fits(c Call, a Answer) bool
	// Print returns a human-readable line about a server's answer.
	Print(server string, c Call, out any) string
	// Check returns the configuration of checks of histories.
	Check() oplog.Config
	// Invoked returns the operation, the key and the value of a call in a history.
	Invoked(c Call) oplog.Event
	// Told returns the event that ends a call with this output.
	Told(c Call, out any) oplog.Event
	// Untyped returns the configuration with its types erased, for models of clients.
	Untyped() Untyped
}

// New returns the service of a configuration, or an error if it is invalid.
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

// Must is like New, but panics if the configuration is invalid.
func Must[S any, I comparable, O, M any](c Config[S, I, O, M]) Service {
	s, err := New(c)
	if err != nil {
		panic(err)
	}
	return s
}

// typed implements Service.
type typed[S any, I comparable, O, M any] struct {
	Config[S, I, O, M]
	object oplog.Object // nil unless it is a custom one
}

func (s *typed[S, I, O, M]) Operations() []Info {
	all := make([]Info, len(s.Config.Operations))
	for i, o := range s.Config.Operations {
		all[i] = Info{o.Name, o.Doc, o.Arguments, o.Reads, o.Administers}
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

// Varies reports whether the calls that a service draws depend on Draw.Random: an object of it has a key, or it has several
// operations that read, or that write. A custom object may have such of either kind.
func Varies(s Service) bool {
	reads, writes := 0, 0
	for _, o := range s.Operations() {
		if o.Reads {
			reads++
		} else {
			writes++
		}
	}
	return reads > 1 || writes > 1 || s.Untyped().Key != nil || s.Check().Spec == oplog.Custom
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
		if o.Reads == reads && !o.Administers {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		for i, o := range s.Config.Operations {
			if !o.Administers {
				places = append(places, i)
			}
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
