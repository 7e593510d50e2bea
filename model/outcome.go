package model

import (
	"cmp"
	"slices"
	"sync"
)

// outcome is what a handler made of a local state and an event, in the numbers of the space.
type outcome struct {
	once    sync.Once
	err     error
	local   uint32
	effects []SlotEffect
	timers  []timerCommand
	choices []uint32 // each a list of options
	ignored Reason
}

// timerCommand sets or cancels a timer.
type timerCommand struct {
	timer uint32
	set   bool
}

// outcomes remembers every handler call of an actor. A call has one winner; others wait for it.
type outcomes struct {
	shards [16]struct {
		mu sync.Mutex
		of map[outcomeKey]*outcome
	}
}

type outcomeKey struct {
	local  uint32
	action ActionID
}

func (o *outcomes) init() {
	for i := range o.shards {
		o.shards[i].of = make(map[outcomeKey]*outcome)
	}
}

// get gives the place of an outcome; it is filled under its once.
func (o *outcomes) get(k outcomeKey) *outcome {
	s := &o.shards[(k.local*31+uint32(k.action))%16]
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.of[k]
	if !ok {
		found = &outcome{}
		s.of[k] = found
	}
	return found
}

// coverage counts the calls by type of message; the empty type is no message.
func (o *outcomes) coverage(actor string, messageType func(ActionID) string) (calls int, all []Coverage) {
	types := make(map[ActionID]string)
	counts := make(map[string]*Coverage)
	for i := range o.shards {
		s := &o.shards[i]
		s.mu.Lock()
		for k, found := range s.of {
			calls++
			name, known := types[k.action]
			if !known {
				name = messageType(k.action)
				types[k.action] = name
			}
			if name == "" {
				continue
			}
			c, ok := counts[name]
			if !ok {
				c = &Coverage{Actor: actor, Message: name}
				counts[name] = c
			}
			if found.ignored == Counts {
				c.Delivered++
			} else {
				c.Ignored++
			}
		}
		s.mu.Unlock()
	}
	for _, c := range counts {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b Coverage) int { return cmp.Compare(a.Message, b.Message) })
	return calls, all
}
