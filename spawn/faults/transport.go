package faults

import (
	"bytes"
	"cmp"
	"container/heap"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
)

// MaxWaiting is the maximum number of delayed messages of a transport; further ones are lost.
const MaxWaiting = 10_000

// Counts count the faults that occurred. They are safe for concurrent use.
type Counts struct {
	Dropped, Duplicated, Delayed, Reordered, Cut, Overflowed, SavesFailed atomic.Uint64
}

// network is an immutable snapshot of the settings.
type network struct {
	plan Plan
	cut  []actor.ID
	deaf []actor.ID
}

// Transport is a transport with faults. They affect every message that the server sends, and the requests that it
// receives from clients, which may be lost or duplicated but are not delayed. So in a cluster of such servers each
// message between servers is affected once. A cut link carries nothing in either direction. A Transport is as safe
// for concurrent use as the inner transport.
type Transport struct {
	Counts Counts

	inner   spawn.Transport
	servers []actor.ID
	now     atomic.Pointer[network]

	mu      sync.Mutex // guards random, waiting and order
	random  machine.Random
	waiting queue
	order   uint64
	wake    chan struct{}
	closed  chan struct{}
	once    sync.Once
	done    sync.WaitGroup

	again     []byte // a request to return a second time, or nil; only used by Receive
	againFrom actor.ID
}

// Wrap returns a Transport around the network of a server, with the faults of a plan. Servers are all servers of the
// cluster. The caller must close it.
func Wrap(inner spawn.Transport, servers []actor.ID, plan Plan, random machine.Random) *Transport {
	t := &Transport{
		inner: inner, servers: servers, random: random, wake: make(chan struct{}, 1), closed: make(chan struct{}),
	}
	t.now.Store(&network{plan: plan})
	t.done.Go(t.deliver)
	return t
}

// Plan returns the current plan.
func (t *Transport) Plan() Plan { return t.now.Load().plan }

// Change changes the plan. Messages already delayed are not affected. It may call f more than once.
func (t *Transport) Change(f func(*Plan)) { t.change(func(n *network) { f(&n.plan) }) }

// Cut cuts the links to servers.
func (t *Transport) Cut(servers ...actor.ID) {
	t.change(func(n *network) { n.cut = append(slices.Clone(n.cut), servers...) })
}

// Deafen drops messages from servers. Messages to them still arrive.
func (t *Transport) Deafen(servers ...actor.ID) {
	t.change(func(n *network) { n.deaf = append(slices.Clone(n.deaf), servers...) })
}

// Heal restores the links to the given servers in both directions, or all links if none is given.
func (t *Transport) Heal(servers ...actor.ID) {
	mended := func(id actor.ID) bool { return len(servers) == 0 || slices.Contains(servers, id) }
	t.change(func(n *network) {
		n.cut = slices.DeleteFunc(slices.Clone(n.cut), mended)
		n.deaf = slices.DeleteFunc(slices.Clone(n.deaf), mended)
	})
}

// Severed returns the servers whose link is cut, in ascending order.
func (t *Transport) Severed() []actor.ID { return sorted(t.now.Load().cut) }

// Unheard returns the servers whose messages are dropped, in ascending order.
func (t *Transport) Unheard() []actor.ID { return sorted(t.now.Load().deaf) }

func sorted(ids []actor.ID) []actor.ID {
	all := slices.Clone(ids)
	slices.Sort(all)
	return slices.Compact(all)
}

func (t *Transport) change(f func(*network)) {
	for {
		old := t.now.Load()
		next := *old
		f(&next)
		if t.now.CompareAndSwap(old, &next) {
			return
		}
	}
}

// Send sends a message, which the plan may delay, duplicate or drop.
func (t *Transport) Send(to actor.ID, data []byte) error {
	n := t.now.Load()
	beat := spawn.IsHeartbeat(data) // Heartbeats are not messages: message faults do not apply.
	if slices.Contains(n.cut, to) {
		if !beat {
			t.Counts.Cut.Add(1)
		}
		return nil
	}
	if n.plan == (Plan{}) || beat {
		return t.inner.Send(to, data)
	}
	fate := t.draw(n.plan)
	for _, delay := range fate.Copies[:fate.Count] {
		if delay > 0 {
			t.Counts.Delayed.Add(1)
			t.hold(to, data, delay)
		} else if err := t.inner.Send(to, data); err != nil {
			return err
		}
	}
	return nil
}

func (t *Transport) draw(p Plan) Fate {
	t.mu.Lock()
	defer t.mu.Unlock()
	fate := p.Draw(t.random)
	if fate.Count == 0 {
		t.Counts.Dropped.Add(1)
	}
	if fate.Duplicated {
		t.Counts.Duplicated.Add(1)
	}
	t.Counts.Reordered.Add(uint64(fate.Reordered))
	return fate
}

// Receive waits for a message that is not dropped.
func (t *Transport) Receive(wait time.Duration) (actor.ID, []byte, error) {
	if t.again != nil {
		data := t.again
		t.again = nil
		return t.againFrom, data, nil
	}
	began := time.Now()
	for left := wait; ; left = max(wait-time.Since(began), 0) {
		if wait < 0 {
			left = -1
		}
		from, data, err := t.inner.Receive(left)
		if err != nil || t.arrives(from, data) {
			return from, data, err
		}
		if wait >= 0 && time.Since(began) >= wait {
			return 0, nil, os.ErrDeadlineExceeded
		}
	}
}

// arrives reports whether a received message is not dropped.
func (t *Transport) arrives(from actor.ID, data []byte) bool {
	n := t.now.Load()
	if slices.Contains(n.cut, from) || slices.Contains(n.deaf, from) {
		if !spawn.IsHeartbeat(data) {
			t.Counts.Cut.Add(1)
		}
		return false
	}
	p := Plan{Drop: n.plan.Drop, Duplicate: n.plan.Duplicate}
	if p == (Plan{}) || slices.Contains(t.servers, from) {
		return true
	}
	fate := t.draw(p)
	if fate.Count == 2 {
		t.again, t.againFrom = bytes.Clone(data), from
	}
	return fate.Count > 0
}

// Close closes the inner transport and discards delayed messages.
func (t *Transport) Close() error {
	t.once.Do(func() { close(t.closed) })
	err := t.inner.Close()
	t.done.Wait()
	return err
}

// late is a delayed message.
type late struct {
	at    time.Time
	order uint64 // order of insertion, for equal times
	to    actor.ID
	data  []byte
}

// queue is a heap of messages, the earliest at its root.
type queue []late

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(late)) }

func (q queue) Less(i, j int) bool {
	return cmp.Or(q[i].at.Compare(q[j].at), cmp.Compare(q[i].order, q[j].order)) < 0
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = late{}
	*q = (*q)[:last]
	return x
}

// hold delays a message.
func (t *Transport) hold(to actor.ID, data []byte, delay time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) >= MaxWaiting {
		t.Counts.Overflowed.Add(1)
		return
	}
	t.order++
	heap.Push(&t.waiting, late{time.Now().Add(delay), t.order, to, bytes.Clone(data)})
	select {
	case t.wake <- struct{}{}:
	default: // A wake-up is already pending.
	}
}

// deliver sends delayed messages when they are due.
func (t *Transport) deliver() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next, wait := t.ripe()
		if wait > 0 {
			timer.Reset(wait)
			select {
			case <-t.closed:
				return
			case <-t.wake:
			case <-timer.C:
			}
			continue
		}
		select {
		case <-t.closed:
			return
		default:
		}
		// A link cut in the meantime loses its messages.
		if slices.Contains(t.now.Load().cut, next.to) {
			t.Counts.Cut.Add(1)
			continue
		}
		_ = t.inner.Send(next.to, next.data) // An error is a lost message.
	}
}

// ripe removes and returns the next message if it is due; otherwise it returns how long to wait.
func (t *Transport) ripe() (late, time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		return late{}, time.Hour
	}
	if wait := time.Until(t.waiting[0].at); wait > 0 {
		return late{}, wait
	}
	return heap.Pop(&t.waiting).(late), 0
}
