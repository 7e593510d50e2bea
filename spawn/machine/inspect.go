package machine

import (
	"fmt"
	"slices"
	"time"

	"synod/actor"
	"synod/internal/intern"
	"synod/storage"
)

// Draws decides what is otherwise left to chance. A Random that is a Draws is asked, instead of for numbers, for what
// becomes of them.
type Draws interface {
	// Between returns how long a timer takes, from [shortest, longest], neither less than 0.
	Between(timer actor.Timer, shortest, longest time.Duration) time.Duration
	// Pick returns the place of one of the options, of which there is at least one.
	Pick(options []actor.Option) int
}

// StateHash returns a hash of the local state, see intern.Walker.Hash: equal states have equal ones, in every
// process of a build. An error is a state that has none, as its type holds a channel.
func (m *Machine[S, M]) StateHash() (uint64, error) {
	if err := m.walkStates(); err != nil {
		return 0, err
	}
	return m.states.Hash(m.state), nil
}

// Local returns a copy of the local state, a value of the actor's type of states.
func (m *Machine[S, M]) Local() (any, error) {
	if err := m.walkStates(); err != nil {
		return nil, err
	}
	return m.states.Copy(m.state), nil
}

// Peek returns the local state itself, a value of the actor's type of states, which is not to be changed, nor kept beyond the
// next step.
func (m *Machine[S, M]) Peek() any { return m.state }

// StateText returns the local state for people, see intern.Walker.Text.
func (m *Machine[S, M]) StateText() (string, error) {
	if err := m.walkStates(); err != nil {
		return "", err
	}
	return m.states.Text(m.state), nil
}

func (m *Machine[S, M]) walkStates() error {
	if m.states != nil {
		return nil
	}
	w, err := intern.For[S]()
	if err != nil {
		return fmt.Errorf("the state of %v: %w", m.config.Self, err)
	}
	m.states = w
	return nil
}

// JSON reports whether the messages that the actor sends and accepts are known to be JSON, see [JSON].
func (m *Machine[S, M]) JSON() bool {
	j, ok := m.config.Wire.(JSON)
	return ok && j.JSON()
}

// Message reads a message from its form on the wire, a value of the actor's type of messages.
func (m *Machine[S, M]) Message(data []byte) (any, error) { return m.config.Wire.Decode(data) }

// Kept returns what an actor kept that has all these records, a value of the type that its Keep returns; nil if it
// keeps nothing.
func (m *Machine[S, M]) Kept(records []storage.Record) (any, error) {
	if !m.durable {
		return nil, nil
	}
	return m.config.Records.Join(records)
}

// Alarms returns the timers that are set, in the order in which they were. The caller owns the result.
func (m *Machine[S, M]) Alarms() []Alarm { return slices.Clone(m.alarms) }

// Options returns the options that were drawn and are still to come, the next one first. The caller owns the result.
func (m *Machine[S, M]) Options() []actor.Option { return slices.Clone(m.options) }

// pick returns one of the options.
func (m *Machine[S, M]) pick(options []actor.Option) actor.Option {
	if m.draws != nil {
		return options[m.draws.Pick(options)]
	}
	return options[m.config.Random.Uint64()%uint64(len(options))]
}
