package model

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
	"synod/internal/words"
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

// outcomes remembers every handler call of an actor, by local state and action. A call has one winner; others wait.
type outcomes struct {
	numbers *words.Map
	all     atomic.Pointer[[]*outcome]
	keys    []outcomeKey // of all, read when nothing is added any more
}

type outcomeKey struct {
	local  uint32
	action ActionID
}

func newOutcomes(arena *offheap.Arena) *outcomes {
	o := &outcomes{numbers: words.NewMap(arena)}
	o.all.Store(&[]*outcome{})
	return o
}

// get gives the place of an outcome; it is filled under its once.
func (o *outcomes) get(k outcomeKey) *outcome {
	key := uint64(k.local)<<32 | uint64(k.action)
	n, ok := o.numbers.Get(key)
	if !ok {
		n, _ = o.numbers.Put(key, func() uint32 {
			// Appending in place is safe: readers know only the numbers that were published to them.
			all := append(*o.all.Load(), &outcome{})
			o.all.Store(&all)
			o.keys = append(o.keys, k)
			return uint32(len(all) - 1)
		})
	}
	return (*o.all.Load())[n]
}

// coverage counts the calls by type of message; the empty type is no message.
func (o *outcomes) coverage(actor string, messageType func(ActionID) string) (calls int, all []Coverage) {
	types := make(map[ActionID]string)
	counts := make(map[string]*Coverage)
	for i, found := range *o.all.Load() {
		calls++
		action := o.keys[i].action
		name, known := types[action]
		if !known {
			name = messageType(action)
			types[action] = name
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
	for _, c := range counts {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b Coverage) int { return cmp.Compare(a.Message, b.Message) })
	return calls, all
}
