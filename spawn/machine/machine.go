// Package machine runs one actor as a pure function: Step takes an event and the time, and gives what is to be done about
// it. Nothing here waits, reads a clock, draws a number of its own or depends on the order of a map, so that the same
// function runs on sockets and on virtual time.
package machine

import (
	"fmt"
	"reflect"
	"time"

	"synod/actor"
	"synod/internal/intern"
	"synod/storage"
)

// Wire is the form that messages have on a network.
type Wire[M any] interface {
	// Append appends a message to dst and gives the result.
	Append(dst []byte, msg M) ([]byte, error)
	// Decode reads what Append wrote, or an equivalent form. It keeps nothing of data.
	Decode(data []byte) (M, error)
	// Open reports whether anybody may send such a message, and not only the other servers.
	Open(msg M) bool
}

// JSON may be implemented by a Wire whose messages are JSON, so that who writes them down need not look at them again: what
// Append writes, and what Decode takes, is one value that a strictjson.Reader takes.
type JSON interface {
	// JSON reports whether it is so.
	JSON() bool
}

// Records is the form in which a store keeps what an actor keeps. Their order is that of their names, ascending, and a
// name is there once.
type Records interface {
	// Split returns the records of what Keep returned.
	Split(kept any) ([]storage.Record, error)
	// Join returns, for Recover, what was passed to Split, from all the records that were saved.
	Join(records []storage.Record) (any, error)
}

// Differ may be implemented by Records of a kept value that nothing changes: one that refers to nothing, but for tables
// (actor.Table). An actor that keeps a record for each of many clients needs it, or each step would look at all of them.
type Differ interface {
	// Changes returns what storage.Changes gives of what Split gives of both, in a time that depends on what changed
	// alone.
	Changes(before, after any) ([]storage.Record, error)
}

// Random is a source of random numbers, uniform over all of uint64.
type Random interface{ Uint64() uint64 }

// MaxMessage is the most bytes that a message may have on a wire, unless Config.MaxMessage says otherwise.
const MaxMessage = 16 << 10

// Kind describes what an event is.
type Kind uint8

// The kinds of events, with the fields of Event that count.
const (
	Start   Kind = iota + 1 // the actor never ran before
	Recover                 // Records: it did, and this is all that was saved
	Receive                 // From, Data
	Timeout                 // Timer
	Choice                  // Option
)

// String is a word for logs.
func (k Kind) String() string {
	return [...]string{"none", "start", "recover", "receive", "timeout", "choice"}[k]
}

// Event is something that happens to an actor.
type Event struct {
	Kind    Kind
	From    actor.ID
	Data    []byte // may be changed once Step has returned
	Timer   actor.Timer
	Option  actor.Option
	Records []storage.Record
}

// Message is one to send.
type Message struct {
	To   actor.ID
	Data []byte
}

// Alarm is a timer that was set, and when it is due.
type Alarm struct {
	Timer actor.Timer
	At    time.Duration
}

// Effects is what a step wants done, in this order: Save has to be durable before the first of Send leaves, and nothing
// may be sent if it cannot be saved. All of it is valid until the next step. Arm and Disarm tell what the machine noted
// for Next; there is nothing to do about them.
type Effects struct {
	Rejected *Rejection       // not nil: the event was refused, and nothing happened
	Request  string           // the kind of a message that is no server's: the name of its type; empty for other events
	Save     []storage.Record // what changed of the records; empty if nothing did
	Send     []Message
	Arm      []Alarm
	Disarm   []actor.Timer
	Drawn    []actor.Option // options that were chosen by chance, to come as events of their own
}

// Config is what a machine is made of.
type Config[S, M any] struct {
	Self    actor.ID
	Servers []actor.ID // whose messages are accepted beside open ones, perhaps with Self
	Actor   actor.Typed[S, M]
	Wire    Wire[M]
	Records Records // nil for an actor that is to forget everything, or keeps nothing
	Random  Random  // for the durations of timers, and for choices; see Draws
	// MaxMessage is the most bytes of a message that is taken; 0 for the constant MaxMessage.
	MaxMessage int
}

// Machine is an actor that runs. Make one with New. It is not safe for concurrent use.
type Machine[S, M any] struct {
	config  Config[S, M]
	durable bool
	draws   Draws // nil for chance
	state   S
	out     actor.Out[M]
	effects Effects
	bytes   []byte // of the messages of a step

	alarms  []Alarm        // that are set, in the order in which they were
	options []actor.Option // that were drawn and are still to come

	differ  Differ // nil if the records have none
	kept    any    // what was kept last; only read if it is flat or there is a Differ
	flat    bool
	records []storage.Record // of kept, all of them; nil before the first save, and with a Differ

	states *intern.Walker[S] // nil until somebody looks at the state
}

// New returns a machine, to which nothing has happened yet: its first event is Start or Recover.
func New[S, M any](c Config[S, M]) *Machine[S, M] {
	draws, _ := c.Random.(Draws)
	differ, _ := c.Records.(Differ)
	return &Machine[S, M]{config: c, durable: c.Records != nil && c.Actor.Keep != nil, draws: draws, differ: differ}
}

// Self is the actor's id.
func (m *Machine[S, M]) Self() actor.ID { return m.config.Self }

// Durable reports whether the actor keeps something, so that it needs a store.
func (m *Machine[S, M]) Durable() bool { return m.durable }

// State returns the actor's local state. It belongs to the machine.
func (m *Machine[S, M]) State() S { return m.state }

// Step takes an event at a time, which is counted from any moment and never goes back, and gives the effects. An error
// is a mistake in the actor or in its codecs, after which the machine must not go on.
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

// begin empties what belongs to a step.
func (m *Machine[S, M]) begin() {
	m.out.Reset()
	m.bytes = m.bytes[:0]
	e := &m.effects
	e.Rejected, e.Request, e.Save = nil, "", nil
	e.Send, e.Arm, e.Disarm, e.Drawn = e.Send[:0], e.Arm[:0], e.Disarm[:0], e.Drawn[:0]
}

// recover goes on with what was saved. An actor that keeps nothing starts anew.
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

// save finds out what changed of what the actor keeps.
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
	// The handlers own the state, and may change in place what a kept value refers to. One that can be compared, and
	// holds no pointer, is safe to remember.
	if m.kept == nil {
		m.flat = flat(reflect.TypeOf(kept))
	}
	m.kept = kept
	return nil
}

// changes returns what to save now that this is kept.
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

// flat reports whether values of a type can be compared and refer to nothing.
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
			// Should the buffer move, what lies in the old one stays as it is.
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

// between draws a duration from [shortest, longest]; no duration is less than 0.
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

// take takes a timer out of those that are set, and tells whether it was one.
func (m *Machine[S, M]) take(t actor.Timer) bool {
	for i, a := range m.alarms {
		if a.Timer == t {
			m.alarms = append(m.alarms[:i], m.alarms[i+1:]...)
			return true
		}
	}
	return false
}

// Next returns the event that is due at a time by itself, if there is one: a choice, or the timer that was due first.
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

// Due returns the time of the next event that Next will give, if there is any.
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

// earliest returns the place of the timer that is due first, the one that was set first among equals; −1 if none is
// set.
func (m *Machine[S, M]) earliest() int {
	at := -1
	for i, a := range m.alarms {
		if at < 0 || a.At < m.alarms[at].At {
			at = i
		}
	}
	return at
}
