package machine

import (
	"fmt"
	"slices"
	"time"

	"synod/actor"
	"synod/internal/intern"
	"synod/storage"
)

// Draws makes the random decisions of a machine. If a machine's Random implements Draws, it is asked for decisions
// instead of random numbers.
type Draws interface {
	// Between returns the duration of a timer, from [shortest, longest], both non-negative.
	Between(timer actor.Timer, shortest, longest time.Duration) time.Duration
	// Pick returns the index of one of the options, of which there is at least one.
	Pick(options []actor.Option) int
}

// StateHash returns a hash of the local state, see intern.Walker.Hash: equal states have equal hashes, in every
// process of the same build. It returns an error for a state type that cannot be hashed, for example because it has a
// channel.
func (m *Machine[S, M]) StateHash() (uint64, error) {
	if err := m.walkStates(); err != nil {
		return 0, err
	}
	return m.states.Hash(m.state), nil
}

// Local returns a copy of the local state, of the actor's state type.
func (m *Machine[S, M]) Local() (any, error) {
	if err := m.walkStates(); err != nil {
		return nil, err
	}
	return m.states.Copy(m.state), nil
}

// Peek returns the local state itself, of the actor's state type. It must not be changed, nor used after the next
// step.
func (m *Machine[S, M]) Peek() any { return m.state }

// StateText returns the local state in human-readable form, see intern.Walker.Text.
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

// JSON reports whether all messages that the actor sends and accepts are known to be JSON, see [JSON].
func (m *Machine[S, M]) JSON() bool {
	j, ok := m.config.Wire.(JSON)
	return ok && j.JSON()
}

// Message decodes a message from its wire form. The result is of the actor's message type.
func (m *Machine[S, M]) Message(data []byte) (any, error) { return m.config.Wire.Decode(data) }

// Kept returns the durable state for all records of an actor, of the type that its Keep returns; nil if it persists
// nothing.
func (m *Machine[S, M]) Kept(records []storage.Record) (any, error) {
	if !m.durable {
		return nil, nil
	}
	return m.config.Records.Join(records)
}

// Alarms returns the timers that are set, in the order of setting. The caller owns the result.
func (m *Machine[S, M]) Alarms() []Alarm { return slices.Clone(m.alarms) }

// Options returns the chosen options that are still to be delivered, the next one first. The caller owns the result.
func (m *Machine[S, M]) Options() []actor.Option { return slices.Clone(m.options) }

// pick returns one of the options at random.
func (m *Machine[S, M]) pick(options []actor.Option) actor.Option {
	if m.draws != nil {
		return options[m.draws.Pick(options)]
	}
	return options[m.config.Random.Uint64()%uint64(len(options))]
}
