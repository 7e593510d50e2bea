package replay

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"

	"synod/actor"
)

// link is a way from one server to another, or to itself.
type link struct{ from, to actor.ID }

// digest gives a hash of a message on the link.
func (k link) digest(data []byte) uint64 {
	h := fnv.New64a()
	var ends [16]byte
	binary.BigEndian.PutUint64(ends[:8], uint64(k.from))
	binary.BigEndian.PutUint64(ends[8:], uint64(k.to))
	h.Write(ends[:])
	h.Write(data)
	return h.Sum64()
}

// flow is what was sent over a link. Over an ordered one messages come at most once, and in order, but some may get
// lost, as with a connection that breaks; over another one they may be repeated and overtake one another as well.
type flow struct {
	ordered bool
	queue   []letter           // of an ordered one: what was sent since the last one that came
	letters map[string]*letter // of another one, by content
	skipped int                // of an ordered one: messages that never came, though later ones did
	repeats int                // of another one: messages that came more often than they were sent
}

// letter is a message that was sent, once or several times.
type letter struct {
	data   []byte
	events []int // that sent it and of which it did not come yet, in order
	last   int   // the last event that sent it
}

func newFlow(ordered bool) *flow {
	return &flow{ordered: ordered, letters: make(map[string]*letter)}
}

// send notes a message that an event sends. It keeps data.
func (f *flow) send(data []byte, event int) {
	if f.ordered {
		f.queue = append(f.queue, letter{data, []int{event}, event})
		return
	}
	l := f.letters[string(data)]
	if l == nil {
		l = &letter{data: data}
		f.letters[string(data)] = l
	}
	l.events, l.last = append(l.events, event), event
}

// has tells whether a message may come now.
func (f *flow) has(data []byte) bool {
	if f.ordered {
		return f.find(data) >= 0
	}
	return f.letters[string(data)] != nil
}

func (f *flow) find(data []byte) int {
	return slices.IndexFunc(f.queue, func(l letter) bool { return string(l.data) == string(data) })
}

// receive notes that a message comes, which it has. It gives the event that sent it, and what is not under way any more:
// the message, unless it came as often before, and those of an ordered link that it overtook, which are lost.
func (f *flow) receive(data []byte) (event int, repeated bool, gone [][]byte) {
	if f.ordered {
		at := f.find(data)
		event = f.queue[at].last
		for _, l := range f.queue[:at+1] {
			gone = append(gone, l.data)
		}
		f.skipped += at
		f.queue = slices.Delete(f.queue, 0, at+1)
		return event, false, gone
	}
	l := f.letters[string(data)]
	if len(l.events) == 0 {
		f.repeats++
		return l.last, true, nil
	}
	event = l.events[0]
	l.events = l.events[1:]
	return event, false, [][]byte{data}
}

// flying gives the messages that were sent and did not come, in the order of sending.
func (f *flow) flying() []letter {
	if f.ordered {
		return f.queue
	}
	var all []letter
	for _, l := range f.letters {
		if len(l.events) > 0 {
			all = append(all, *l)
		}
	}
	slices.SortFunc(all, func(a, b letter) int {
		return cmp.Or(cmp.Compare(a.events[0], b.events[0]), cmp.Compare(string(a.data), string(b.data)))
	})
	return all
}
