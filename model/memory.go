package model

import (
	"unsafe"

	"synod/internal/intern"
	"synod/model/statespace"
)

// describedBytes is what an action takes in the table of those that were described, without its texts.
const describedBytes = 200 + int64(unsafe.Sizeof(statespace.Action{}))

// OnHeap estimates what the values of the space take on the heap.
func (sp *space) OnHeap() int64 {
	n := sp.texts.Load() + sp.messages.Bytes() + sp.reader.values.Bytes()
	for _, s := range sp.slots {
		if h, ok := s.(interface{ onHeap() int64 }); ok {
			n += h.onHeap()
		}
	}
	return n
}

func (c *cells) onHeap() int64 {
	n := c.outcomes.onHeap()
	for _, t := range []*intern.Table[any]{c.states, c.timers, c.options, c.kept} {
		n += t.Bytes()
	}
	return n
}

// effectsOfOutcome is how many effects an outcome is taken to have.
const effectsOfOutcome = 2

func (o *outcomes) onHeap() int64 {
	const each = int64(unsafe.Sizeof(outcome{}) + unsafe.Sizeof(outcomeKey{}) + effectsOfOutcome*unsafe.Sizeof(statespace.SlotEffect{}))
	return int64(len(*o.all.Load())) * outcomeRun * each
}

func (h *histories) onHeap() int64 { return h.values.Bytes() }

// OnHeap estimates what the values of the space take on the heap.
func (sp *plainSpace[S, A]) OnHeap() int64 { return sp.states.Bytes() + sp.actions.Bytes() }
