package model

import (
	"unsafe"

	"synod/internal/intern"
	"synod/model/statespace"
)

// describedBytes is the estimated size of a described action, without its texts.
const describedBytes = 200 + int64(unsafe.Sizeof(statespace.Action{}))

// OnHeap estimates the heap size of the values of the space.
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

// effectsOfOutcome is the assumed number of effects of an outcome.
const effectsOfOutcome = 2

func (o *outcomes) onHeap() int64 {
	const each = int64(unsafe.Sizeof(outcome{}) + unsafe.Sizeof(outcomeKey{}) + effectsOfOutcome*unsafe.Sizeof(statespace.SlotEffect{}))
	return int64(len(*o.all.Load())) * outcomeRun * each
}

func (h *histories) onHeap() int64 { return h.values.Bytes() }

// OnHeap estimates the heap size of the values of the space.
func (sp *plainSpace[S, A]) OnHeap() int64 { return sp.states.Bytes() + sp.actions.Bytes() }
