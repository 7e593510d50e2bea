package spawn

import (
	"synod/spawn/machine"
	"synod/storage"
)

// MaxBatch is the maximum number of steps that share a save. More would gain little, and delay the first of them.
const MaxBatch = 256

// batch holds the effects of steps that are not saved yet. It begins with a step that changes durable state; all
// later effects wait with it, as they may depend on that change.
type batch struct {
	steps   int
	changes []storage.Record // each record once, with its last value
	places  map[string]int   // by record name: the index in changes
	send    []machine.Message
	bytes   []byte // the data of changes and messages
}

// add adds the effects of a step, which are valid only until the next step.
func (b *batch) add(e machine.Effects) {
	if b.places == nil {
		b.places, b.bytes = make(map[string]int), make([]byte, 0, 4<<10)
	}
	b.steps++
	for _, r := range e.Save {
		if r.Data != nil {
			r.Data = b.copy(r.Data)
		}
		if at, ok := b.places[r.Name]; ok {
			b.changes[at] = r
			continue
		}
		b.places[r.Name] = len(b.changes)
		b.changes = append(b.changes, r)
	}
	for _, m := range e.Send {
		m.Data = b.copy(m.Data)
		b.send = append(b.send, m)
	}
}

// copy returns a copy of data, never nil. If the buffer grows, earlier copies stay valid in the old one.
func (b *batch) copy(data []byte) []byte {
	start := len(b.bytes)
	b.bytes = append(b.bytes, data...)
	return b.bytes[start:len(b.bytes):len(b.bytes)]
}

// reset empties the batch.
func (b *batch) reset() {
	b.steps, b.changes, b.send, b.bytes = 0, b.changes[:0], b.send[:0], b.bytes[:0]
	clear(b.places)
}
