package model

import (
	"fmt"
	"maps"
	"slices"

	"synod/actor"
	"synod/model/statespace"
)

// Beginning is an initial state other than the usual one, such as a state of a real run.
type Beginning[M any] struct {
	// Actors are already started; all others start in the initial state.
	Actors map[actor.ID]Begun
	// Flights are the messages in flight, in sending order. Observers have already seen them.
	Flights []actor.Envelope[M]
}

// Begun is the state of an actor in a Beginning.
type Begun struct {
	State   any              // local state, of the actor's type; ignored if Down
	Down    bool             // crashed; counts as one of the crashes of every path
	Kept    any              // what Keep returned, of its type; nil for an actor without Keep
	Timers  []actor.Timer    // the timers that are set
	Choices [][]actor.Option // the pending choices
}

// beginning is a Beginning without its message type; the zero value if there is none.
type beginning struct {
	actors  map[actor.ID]Begun
	flights []actor.Envelope[any]
}

// Begin sets an initial state other than the one in which all actors have just started. It is copied when the system
// is checked. See Remember for observers.
func (sys *System[M]) Begin(b Beginning[M]) {
	sys.begin = beginning{actors: maps.Clone(b.Actors)}
	for _, e := range b.Flights {
		sys.begin.flights = append(sys.begin.flights, actor.Envelope[any]{From: e.From, To: e.To, Message: e.Message})
	}
}

// Remember sets the initial memory of an observer, for a system with a Beginning.
func Remember[M, H any](sys *System[M], ref History[H], h H) {
	if sys.owns(ref.of, "Remember: a History", "Record") {
		sys.observers[ref.observer].start = h
	}
}

// validateBeginning returns an error if the initial state is invalid.
func (sys *system) validateBeginning() error {
	down := 0
	for _, id := range slices.Sorted(maps.Keys(sys.begin.actors)) {
		b := sys.begin.actors[id]
		if _, known := sys.ids[id]; !known {
			return fmt.Errorf("Begin: the system has no actor %v", id)
		}
		if b.Down {
			down++
			if !slices.Contains(sys.crashable, id) {
				return fmt.Errorf("Begin: actor %v is down, but may not crash", id)
			}
		}
	}
	switch {
	case down > sys.config.MaxDown:
		return fmt.Errorf("%d actors are down at the beginning: expected at most %d", down, sys.config.MaxDown)
	case sys.config.MaxCrashes > 0 && down > sys.config.MaxCrashes:
		return fmt.Errorf("%d actors have crashed at the beginning: expected at most %d", down, sys.config.MaxCrashes)
	}
	return nil
}

// begun returns the effects of the messages that are in flight in the initial state.
func (sp *space) begun() ([]statespace.SlotEffect, error) {
	var effects []statespace.SlotEffect
	for _, e := range sp.sys.begin.flights {
		if err := sp.walker.Check(e.Message); err != nil {
			return nil, fmt.Errorf("the message from %v to %v at the beginning: %w", e.From, e.To, err)
		}
		to := sp.ends.number(e.To)
		slot := sp.nobody
		if int(to) < len(sp.sys.actors) {
			slot = int(to)
		}
		envelope := sp.envelope(sp.ends.number(e.From), to, internCopy(sp.messages, e.Message))
		effects = append(effects, statespace.SlotEffect{Slot: int32(slot), Effect: statespace.EffectID(envelope)})
	}
	for _, b := range sp.sys.begin.actors {
		if b.Down {
			effects = append(effects, sp.crashEffects()...)
		}
	}
	return effects, nil
}

// resume returns the cell of an actor that is already started.
func (c *cells) resume(b Begun) (statespace.PartID, error) {
	if b.Down {
		if err := anyWalker.Check(b.Kept); err != nil {
			return 0, c.unfit("what it kept", err)
		}
		return c.tuple([tupleLength]uint32{internCopy(c.kept, b.Kept), c.mailbox.empty(), isDown, c.none}), nil
	}
	if err := c.actor.fits(b.State); err != nil {
		return 0, c.unfit("its state", err)
	}
	if err := c.walker.Check(b.State); err != nil {
		return 0, c.unfit("its state", err)
	}
	local := internCopy(c.states, b.State)
	c.resumed = append(c.resumed, local)
	t := [tupleLength]uint32{c.norm(local), c.mailbox.empty(), c.none, c.none}
	var timers []timerCommand
	for _, timer := range b.Timers {
		if err := anyWalker.Check(timer); err != nil {
			return 0, c.unfit("a timer", err)
		}
		timers = append(timers, timerCommand{internCopy(c.timers, any(timer)), true})
	}
	var choices []uint32
	for _, options := range b.Choices {
		for _, option := range options {
			if err := anyWalker.Check(option); err != nil {
				return 0, c.unfit("an option", err)
			}
			internCopy(c.options, any(option))
		}
		choices = append(choices, c.optionList(options))
	}
	t[tupleTimers], t[tupleChoices] = c.arm(c.none, timers), c.pend(c.none, choices)
	return c.tuple(t), nil
}

func (c *cells) unfit(what string, err error) error {
	return fmt.Errorf("%s at the beginning, %s: %w", c.who(), what, err)
}
