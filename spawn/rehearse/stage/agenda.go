package stage

import "time"

// kind describes what an event is.
type kind uint8

// The kinds of events, with the fields that count beside the time.
const (
	arrival kind = iota // packet: a message is there
	moment              // who: the number of the moment, at which faults begin or end
	rouse               // who, gen: a client has waited long enough
	wake                // who, gen: something of a server may be due
	synced              // who, gen: a save is done
	restart             // who, gen: a server that ended by itself is started again
	doomed              // who, gen: a server has to die now
)

// event is something that is going to happen.
type event struct {
	at     time.Duration // since the beginning of the run
	order  uint64        // of what is put on the agenda, so that no two events are equal
	kind   kind
	who    int32  // server, client or moment
	gen    uint32 // of what it belongs to: if that is gone, nothing happens
	packet *packet
}

// before is a total order.
func (e *event) before(f *event) bool {
	return e.at < f.at || e.at == f.at && e.order < f.order
}

// agenda is a heap of events. The zero value is empty.
type agenda struct {
	events []event
	order  uint64
}

// add puts an event on the agenda, behind those of the same time.
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

// first returns the first event, which stays.
func (a *agenda) first() (event, bool) {
	if len(a.events) == 0 {
		return event{}, false
	}
	return a.events[0], true
}

// next takes the first event.
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
