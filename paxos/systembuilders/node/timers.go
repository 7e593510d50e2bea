package node

import (
	"cmp"
	"container/heap"

	"synod/actor"
)

// timers are the timers that are set. Timers that are due together fire in the order in which they were set.
type timers struct {
	of    map[actor.Timer]*alarm
	queue alarms
	count uint64 // number of timers ever set
}

// alarm is a timer that is set.
type alarm struct {
	timer  actor.Timer
	due    int64
	number uint64 // in the order of being set
	at     int    // index in the queue
}

// set sets a timer, and replaces it if it is already set.
func (t *timers) set(timer actor.Timer, due int64) {
	t.cancel(timer)
	if t.of == nil {
		t.of = make(map[actor.Timer]*alarm)
	}
	t.count++
	a := &alarm{timer: timer, due: due, number: t.count}
	t.of[timer] = a
	heap.Push(&t.queue, a)
}

// cancel removes a timer, if it is set.
func (t *timers) cancel(timer actor.Timer) {
	if a, ok := t.of[timer]; ok {
		delete(t.of, timer)
		heap.Remove(&t.queue, a.at)
	}
}

// fire removes and returns the next timer that is due, if there is one.
func (t *timers) fire(now int64) (timer actor.Timer, ok bool) {
	if len(t.queue) == 0 || t.queue[0].due > now {
		return nil, false
	}
	timer = t.queue[0].timer
	t.cancel(timer)
	return timer, true
}

// alarms is a heap, the next alarm first.
type alarms []*alarm

func (q alarms) Len() int { return len(q) }

func (q alarms) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].due, q[j].due), cmp.Compare(q[i].number, q[j].number)) < 0
}

func (q alarms) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

func (q *alarms) Push(a any) {
	one := a.(*alarm)
	one.at = len(*q)
	*q = append(*q, one)
}

func (q *alarms) Pop() any {
	last := len(*q) - 1
	a := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return a
}
