// Package machine runs one actor as a pure function: Step takes an event and the time, and returns the effects to
// execute. Nothing in this package blocks, reads a clock, draws random numbers of its own or depends on map order, so
// that the same code runs on sockets and in simulation.
package machine

import (
	"fmt"
	"reflect"
	"time"

	"synod/actor"
	"synod/internal/intern"
	"synod/storage"
)

// Wire is the encoding of messages on a network.
type Wire[M any] interface {
	// Append appends an encoded message to dst and returns it.
	Append(dst []byte, msg M) ([]byte, error)
	// Decode decodes what Append wrote, or an equivalent form. It does not retain data.
	Decode(data []byte) (M, error)
	// Open reports whether anyone may send such a message, rather than only the other servers.
	Open(msg M) bool
}

// JSON may be implemented by a Wire whose messages are JSON, so that recorders need not check them: what Append
// writes, and what Decode accepts, is one value that a strictjson.Reader accepts.
type JSON interface {
	// JSON reports whether all messages are.
	JSON() bool
}

// Records is the encoding of an actor's durable state as records, which are in ascending order of unique names.
type Records interface {
	// Split returns the records of a value that Keep returned.
	Split(kept any) ([]storage.Record, error)
	// Join returns, for Recover, the value that was passed to Split, from all of its records.
	Join(records []storage.Record) (any, error)
}

// Differ may be implemented by Records of an immutable durable state: one without references, except tables
// (actor.Table). An actor with a record for each of many clients needs it; otherwise each step would visit all of
// them.
type Differ interface {
	// Changes returns the result of storage.Changes for the two values' records, in time that depends only on what
	// changed.
	Changes(before, after any) ([]storage.Record, error)
}

// Random is a source of random numbers, uniform over all of uint64.
type Random interface{ Uint64() uint64 }

// MaxMessage is the default maximum size of a message on a wire, in bytes; see Config.MaxMessage.
const MaxMessage = 16 << 10

// Kind is the kind of an event.
type Kind uint8

// The kinds of events, with the fields of Event that each uses.
const (
	Start   Kind = iota + 1 // the actor has never run
	Recover                 // Records: the actor has run, and this is its durable state
	Receive                 // From, Data
	Timeout                 // Timer
	Choice                  // Option
)

// String returns a word for logs.
func (k Kind) String() string {
	return [...]string{"none", "start", "recover", "receive", "timeout", "choice"}[k]
}

// Event is an event of an actor.
type Event struct {
	Kind    Kind
	From    actor.ID
	Data    []byte // may be modified after Step returns
	Timer   actor.Timer
	Option  actor.Option
	Records []storage.Record
}

// Message is a message to send.
type Message struct {
	To   actor.ID
	Data []byte
}

// Alarm is a timer that is set, with the time when it fires.
type Alarm struct {
	Timer actor.Timer
	At    time.Duration
}

// Effects are the effects of a step, to be executed in this order: Save must be durable before the first message of
// Send is sent, and nothing may be sent if saving fails. They are valid until the next step. Arm and Disarm report
// the timers that the machine itself keeps for Next; they need no action.
type Effects struct {
	Rejected *Rejection       // if not nil, the event was refused, and nothing happened
	Request  string           // the type name of a message from a client; empty for other events
	Save     []storage.Record // the changed records; may be empty
	Send     []Message
	Arm      []Alarm
	Disarm   []actor.Timer
	Drawn    []actor.Option // options chosen at random, which become events of their own
}

// Config configures a machine.
type Config[S, M any] struct {
	Self    actor.ID
	Servers []actor.ID // the only senders of messages that are not open; may include Self
	Actor   actor.Typed[S, M]
	Wire    Wire[M]
	Records Records // nil if the actor is not to persist anything, or has nothing to persist
	Random  Random  // for durations of timers and for choices; see Draws
	// MaxMessage is the maximum size of a message, in bytes; 0 means the constant MaxMessage.
	MaxMessage int
}

// Machine is a running actor. Make one with New. It is not safe for concurrent use.
type Machine[S, M any] struct {
	config  Config[S, M]
	durable bool
	draws   Draws // nil to use random numbers
	state   S
	out     actor.Out[M]
	effects Effects
	bytes   []byte // the messages of a step

	alarms  []Alarm        // the timers that are set, in the order of setting
	options []actor.Option // chosen options still to be delivered

	differ  Differ // may be nil
	kept    any    // the last durable state; only read if it is flat or there is a Differ
	flat    bool
	records []storage.Record // all records of kept; nil before the first save, and with a Differ

	states *intern.Walker[S] // nil until the state is first inspected
}

// New returns a machine that has taken no event. Its first event must be Start or Recover.
func New[S, M any](c Config[S, M]) *Machine[S, M] {
	draws, _ := c.Random.(Draws)
	differ, _ := c.Records.(Differ)
	return &Machine[S, M]{config: c, durable: c.Records != nil && c.Actor.Keep != nil, draws: draws, differ: differ}
}

// Self returns the actor's id.
func (m *Machine[S, M]) Self() actor.ID { return m.config.Self }

// Durable reports whether the actor persists state, so that it needs a store.
func (m *Machine[S, M]) Durable() bool { return m.durable }

// State returns the actor's local state. The machine owns it.
func (m *Machine[S, M]) State() S { return m.state }

// Step takes an event at a time of a monotonic clock, and returns the effects. An error is a bug in the actor or its
// codecs; the machine must not be used afterwards.
func (m *Machine[S, M]) Step(e Event, now time.Duration) (Effects, error) {
	m.begin()
	a, self := &m.config.Actor, m.config.Self
	switch e.Kind {
	case Start:
		m.state = a.Start(self, &m.out)
	case Recover:
		if err := m.recover(e.Records); err != nil {
			return Effects{}, err
		}
	case Receive:
		msg, rejected := m.decode(e)
		if rejected != nil {
			m.effects.Rejected = rejected
			return m.effects, nil
		}
		if !m.server(e.From) {
			m.effects.Request = reflect.TypeOf(any(msg)).Name()
		}
		m.state = a.Receive(self, m.state, e.From, msg, &m.out)
	case Timeout:
		m.take(e.Timer)
		m.state = a.Timeout(self, m.state, e.Timer, &m.out)
	case Choice:
		m.state = a.Chosen(self, m.state, e.Option, &m.out)
	}
	if err := m.save(); err != nil {
		return Effects{}, err
	}
	if err := m.command(now); err != nil {
		return Effects{}, err
	}
	return m.effects, nil
}

// begin resets the data of a step.
func (m *Machine[S, M]) begin() {
	m.out.Reset()
	m.bytes = m.bytes[:0]
	e := &m.effects
	e.Rejected, e.Request, e.Save = nil, "", nil
	e.Send, e.Arm, e.Disarm, e.Drawn = e.Send[:0], e.Arm[:0], e.Disarm[:0], e.Drawn[:0]
}

// recover restores the state from saved records. An actor without durable state starts anew.
func (m *Machine[S, M]) recover(records []storage.Record) error {
	if !m.durable || m.config.Actor.Recover == nil {
		m.state = m.config.Actor.Start(m.config.Self, &m.out)
		return nil
	}
	kept, err := m.config.Records.Join(records)
	if err != nil {
		return fmt.Errorf("the records of %v: %w", m.config.Self, err)
	}
	if m.differ != nil {
		m.kept = kept
	} else {
		m.records = records
	}
	m.state = m.config.Actor.Recover(m.config.Self, kept, &m.out)
	return nil
}

// save computes the changes of the durable state.
func (m *Machine[S, M]) save() error {
	if !m.durable {
		return nil
	}
	kept := m.config.Actor.Keep(m.state)
	if m.flat && kept == m.kept {
		return nil
	}
	changes, err := m.changes(kept)
	if err != nil {
		return fmt.Errorf("what %v keeps: %w", m.config.Self, err)
	}
	m.effects.Save = changes
	// The handlers own the state, and may modify in place what a kept value refers to. A comparable value without
	// references is safe to keep.
	if m.kept == nil {
		m.flat = flat(reflect.TypeOf(kept))
	}
	m.kept = kept
	return nil
}

// changes returns the records to save for a new durable state.
func (m *Machine[S, M]) changes(kept any) ([]storage.Record, error) {
	if m.differ != nil && m.kept != nil {
		return m.differ.Changes(m.kept, kept)
	}
	records, err := m.config.Records.Split(kept)
	if err != nil {
		return nil, err
	}
	changes := storage.Changes(m.records, records)
	if m.differ == nil {
		m.records = records
	}
	return changes, nil
}

// flat reports whether values of a type are comparable and refer to nothing.
func flat(t reflect.Type) bool {
	if t == nil {
		return false
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if !flat(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Array:
		return flat(t.Elem())
	case reflect.Pointer, reflect.UnsafePointer, reflect.Interface, reflect.Chan, reflect.Func, reflect.Map, reflect.Slice:
		return false
	default:
		return true
	}
}

// command turns the commands of the handler into effects.
func (m *Machine[S, M]) command(now time.Duration) error {
	for _, c := range m.out.Commands() {
		switch c.Kind {
		case actor.Send:
			start := len(m.bytes)
			var err error
			if m.bytes, err = m.config.Wire.Append(m.bytes, c.Message); err != nil {
				return fmt.Errorf("message %T: %w", c.Message, err)
			}
			// If the buffer grows, earlier messages stay valid in the old one.
			m.effects.Send = append(m.effects.Send, Message{c.To, m.bytes[start:len(m.bytes):len(m.bytes)]})
		case actor.SetTimer:
			m.take(c.Timer)
			alarm := Alarm{c.Timer, now + m.between(c.Timer, c.Min, c.Max)}
			m.alarms = append(m.alarms, alarm)
			m.effects.Arm = append(m.effects.Arm, alarm)
		case actor.CancelTimer:
			if m.take(c.Timer) {
				m.effects.Disarm = append(m.effects.Disarm, c.Timer)
			}
		case actor.Choose:
			option := m.pick(c.Options)
			m.options = append(m.options, option)
			m.effects.Drawn = append(m.effects.Drawn, option)
		}
	}
	return nil
}

// between draws a duration from [shortest, longest]; it is never negative.
func (m *Machine[S, M]) between(t actor.Timer, shortest, longest time.Duration) time.Duration {
	shortest = max(shortest, 0)
	longest = max(shortest, longest)
	if m.draws != nil {
		return m.draws.Between(t, shortest, longest)
	}
	if longest == shortest {
		return shortest
	}
	return shortest + time.Duration(m.config.Random.Uint64()%uint64(longest-shortest+1))
}

// take removes a timer from those that are set, and reports whether it was set.
func (m *Machine[S, M]) take(t actor.Timer) bool {
	for i, a := range m.alarms {
		if a.Timer == t {
			m.alarms = append(m.alarms[:i], m.alarms[i+1:]...)
			return true
		}
	}
	return false
}

// Next returns the internal event that is due, if any: a choice, or the timer that is due first.
func (m *Machine[S, M]) Next(now time.Duration) (Event, bool) {
	if len(m.options) > 0 {
		option := m.options[0]
		m.options = m.options[1:]
		return Event{Kind: Choice, Option: option}, true
	}
	if at := m.earliest(); at >= 0 && m.alarms[at].At <= now {
		return Event{Kind: Timeout, Timer: m.alarms[at].Timer}, true
	}
	return Event{}, false
}

// Due returns the time of the next event from Next, if any.
func (m *Machine[S, M]) Due() (time.Duration, bool) {
	if len(m.options) > 0 {
		return 0, true
	}
	at := m.earliest()
	if at < 0 {
		return 0, false
	}
	return m.alarms[at].At, true
}

// earliest returns the index of the timer that is due first, of equal ones the one set first; −1 if none is set.
func (m *Machine[S, M]) earliest() int {
	at := -1
	for i, a := range m.alarms {
		if at < 0 || a.At < m.alarms[at].At {
			at = i
		}
	}
	return at
}
