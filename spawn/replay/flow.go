package replay

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"maps"
	"slices"

	"synod/actor"
	"synod/spawn/machine"
	"synod/spawn/record"
)

// link is a directed link between two servers, or from a server to itself.
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

// flow records the messages sent over a link. On an ordered link messages arrive at most once and in order, but some
// may be lost, as with a connection that breaks. On other links they may also be repeated and reordered.
type flow struct {
	ordered bool
	queue   []letter            // ordered link: sent since the last message that was received
	waiting map[string]*sending // other link: sent more often than received, by content
	came    map[content]int     // other link: the last event that sent a message no longer waiting
	large   map[int][]byte      // the last sent message of each size that exceeds the limit
	skipped int                 // ordered link: messages never received, though later ones were
	repeats int                 // other link: messages received more often than sent
}

// letter is a sent message.
type letter struct {
	data []byte
	sending
}

// sending describes the events that sent a message.
type sending struct {
	events []int // events whose copy was not received yet, in order
	last   int   // the last event that sent it
}

// content identifies a received message, which can only be repeated, compactly, because long runs have many. It is
// half of its SHA-256.
type content [16]byte

func contentOf(data []byte) content {
	sum := sha256.Sum256(data)
	return content(sum[:16])
}

func newFlow(ordered bool) *flow {
	return &flow{ordered: ordered, waiting: make(map[string]*sending), came: make(map[content]int)}
}

// send records a message sent by an event. It retains data.
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

// content returns the message of a line. For a message too large to be accepted only the size is recorded.
func (f *flow) content(l *record.Line) []byte {
	if l.Size > 0 {
		return f.tooLarge(l.Size)
	}
	return l.Data
}

// tooLarge returns a sent message of at least a size, preferably one in flight, or nil if none was sent. A receiver that
// refuses a message need not have read all of it, so the message may be larger than recorded.
func (f *flow) tooLarge(size int) []byte {
	for _, l := range f.flying() {
		if len(l.data) >= size {
			return l.data
		}
	}
	for _, sent := range slices.Sorted(maps.Keys(f.large)) {
		if sent >= size {
			return f.large[sent]
		}
	}
	return nil
}

// has reports whether a message can be received now.
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

// receive records the receipt of a message, for which has must be true. It returns the event that sent it, and the
// messages no longer in flight: the message itself, unless repeated, and on an ordered link those it overtook, which
// are lost.
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

// flying returns the messages in flight, in order of sending.
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
