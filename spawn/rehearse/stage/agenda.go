package stage

import "time"

// kind is the kind of an event.
type kind uint8

// The kinds of events, with the fields that each uses besides the time.
const (
	arrival kind = iota // packet: a message arrives
	moment              // who: the number of the moment, at which faults begin or end
	rouse               // who, gen: a client's wait is over
	wake                // who, gen: something of a server may be due
	synced              // who, gen: a save is complete
	restart             // who, gen: a server that ended by itself is restarted
	doomed              // who, gen: a server must die now
)

// event is a scheduled event.
type event struct {
	at     time.Duration // since the start of the run
	order  uint64        // order of insertion, so that no two events are equal
	kind   kind
	who    int32  // index of a server, client or moment
	gen    uint32 // generation of its owner; an event of an earlier generation is ignored
	packet *packet
}

// before is a total order on events.
func (e *event) before(f *event) bool {
	return e.at < f.at || e.at == f.at && e.order < f.order
}

// agenda is a heap of events. The zero value is empty.
type agenda struct {
	events []event
	order  uint64
}

// add inserts an event, after those with the same time.
func (a *agenda) add(e event) {
	a.order++
	e.order = a.order
	a.events = append(a.events, e)
	i := len(a.events) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(&a.events[parent]) {
			break
		}
		a.events[i] = a.events[parent]
		i = parent
	}
	a.events[i] = e
}

// first returns the first event without removing it.
func (a *agenda) first() (event, bool) {
	if len(a.events) == 0 {
		return event{}, false
	}
	return a.events[0], true
}

// next removes and returns the first event.
func (a *agenda) next() (event, bool) {
	last := len(a.events) - 1
	if last < 0 {
		return event{}, false
	}
	first, e := a.events[0], a.events[last]
	a.events[last] = event{}
	a.events = a.events[:last]
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if right := child + 1; right < last && a.events[right].before(&a.events[child]) {
			child = right
		}
		if !a.events[child].before(&e) {
			break
		}
		a.events[i] = a.events[child]
		i = child
	}
	if last > 0 {
		a.events[i] = e
	}
	return first, true
}
