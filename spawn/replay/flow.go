package replay

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"slices"

	"synod/actor"
	"synod/spawn/machine"
	"synod/spawn/record"
)

// link is a way from one server to another, or to itself.
type link struct{ from, to actor.ID }

// digest returns a hash of a message on the link.
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
	queue   []letter            // of an ordered one: what was sent since the last one that came
	waiting map[string]*sending // of another one, by content: what was sent more often than it came
	came    map[content]int     // of another one: the last event that sent what waits no more
	large   map[int][]byte      // the last message of each size that is more than is taken
	skipped int                 // of an ordered one: messages that never came, though later ones did
	repeats int                 // of another one: messages that came more often than they were sent
}

// letter is a message that was sent.
type letter struct {
	data []byte
	sending
}

// sending describes who sent a message, once or several times.
type sending struct {
	events []int // those of which it did not come yet, in order
	last   int   // the last one
}

// content stands for a message of the past, which can only be repeated: long runs have many. It is half of its SHA-256.
type content [16]byte

func contentOf(data []byte) content {
	sum := sha256.Sum256(data)
	return content(sum[:16])
}

func newFlow(ordered bool) *flow {
	return &flow{ordered: ordered, waiting: make(map[string]*sending), came: make(map[content]int)}
}

// send notes a message that an event sends. It keeps data.
func (f *flow) send(data []byte, event int) {
	if len(data) > machine.MaxMessage {
		if f.large == nil {
			f.large = make(map[int][]byte)
		}
		f.large[len(data)] = data
	}
	if f.ordered {
		f.queue = append(f.queue, letter{data, sending{[]int{event}, event}})
		return
	}
	s := f.waiting[string(data)]
	if s == nil {
		s = new(sending)
		f.waiting[string(data)] = s
	}
	s.events, s.last = append(s.events, event), event
}

// content returns the message of a line: of one that was too large to be taken, only the size is written down.
func (f *flow) content(l *record.Line) []byte {
	if l.Size > 0 {
		return f.tooLarge(l.Size)
	}
	return l.Data
}

// tooLarge returns a message of a size: one that is in flight, if there is any, and nil if none was sent.
func (f *flow) tooLarge(size int) []byte {
	for _, l := range f.flying() {
		if len(l.data) == size {
			return l.data
		}
	}
	return f.large[size]
}

// has reports whether a message may come now.
func (f *flow) has(data []byte) bool {
	if f.ordered {
		return f.find(data) >= 0
	}
	if f.waiting[string(data)] != nil {
		return true
	}
	_, came := f.came[contentOf(data)]
	return came
}

func (f *flow) find(data []byte) int {
	return slices.IndexFunc(f.queue, func(l letter) bool { return string(l.data) == string(data) })
}

// receive notes that a message comes, which it has. It gives the event that sent it, and what is not in flight any more:
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
	s := f.waiting[string(data)]
	if s == nil {
		f.repeats++
		return f.came[contentOf(data)], true, nil
	}
	event = s.events[0]
	if s.events = s.events[1:]; len(s.events) == 0 {
		delete(f.waiting, string(data))
		f.came[contentOf(data)] = s.last
	}
	return event, false, [][]byte{data}
}

// flying returns the messages that were sent and did not come, in the order of sending.
func (f *flow) flying() []letter {
	if f.ordered {
		return f.queue
	}
	var all []letter
	for data, s := range f.waiting {
		all = append(all, letter{[]byte(data), *s})
	}
	slices.SortFunc(all, func(a, b letter) int {
		return cmp.Or(cmp.Compare(a.events[0], b.events[0]), cmp.Compare(string(a.data), string(b.data)))
	})
	return all
}
