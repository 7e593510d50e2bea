package spawn

import (
	"synod/spawn/machine"
	"synod/storage"
)

// MaxBatch is how many steps share a save at most. More would gain little, and let the first of them wait.
const MaxBatch = 256

// batch is what steps want done that is not saved yet. It begins with a step that changes what is kept, and all that
// follows waits with it, as it may depend on that.
type batch struct {
	steps   int
	changes []storage.Record // each record once, as the last step wants it
	places  map[string]int   // of records in changes
	send    []machine.Message
	bytes   []byte // of changes and messages
}

// add adds what a step wants done, which is valid for that step only.
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

// copy returns a copy of data, which is not nil. Should the buffer move, what lies in the old one stays as it is.
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
