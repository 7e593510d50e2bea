package streams

import (
	"net"
	"os"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn/machine"
)

// Packet is a message that came.
type Packet struct {
	From actor.ID
	Data []byte
}

// Inbox is what waits to be received by a transport. Make one with NewInbox. It is safe for concurrent use. What is urgent has
// room of its own, so that what is not cannot hold it up, and is received first.
type Inbox struct {
	packets chan Packet
	urgent  chan Packet
	closed  chan struct{}
	once    sync.Once
}

// NewInbox returns an empty inbox of MaxQueue messages.
func NewInbox() *Inbox { return NewInboxOf(MaxQueue) }

// NewInboxOf returns an empty inbox with room for this many messages, and for as many urgent ones.
func NewInboxOf(size int) *Inbox {
	return &Inbox{packets: make(chan Packet, size), urgent: make(chan Packet, size), closed: make(chan struct{})}
}

// Oversized stands for a message that is too large to be read: the machine refuses it, and counts that. Nobody looks into it.
var Oversized = make([]byte, machine.MaxMessage+1)

// Put waits until there is room for a message, and reports whether anybody will receive it.
func (b *Inbox) Put(from actor.ID, data []byte) bool { return b.put(b.packets, from, data) }

// PutUrgent is Put of an urgent message.
func (b *Inbox) PutUrgent(from actor.ID, data []byte) bool { return b.put(b.urgent, from, data) }

func (b *Inbox) put(to chan Packet, from actor.ID, data []byte) bool {
	select {
	case to <- Packet{from, data}:
		return true
	case <-b.closed:
		return false
	}
}

// Offer returns ErrFull instead of waiting.
func (b *Inbox) Offer(from actor.ID, data []byte) error { return offer(b.packets, from, data) }

// OfferUrgent is Offer of an urgent message.
func (b *Inbox) OfferUrgent(from actor.ID, data []byte) error { return offer(b.urgent, from, data) }

func offer(to chan Packet, from actor.ID, data []byte) error {
	select {
	case to <- Packet{from, data}:
		return nil
	default:
		return ErrFull
	}
}

// Receive waits for a message, not longer than wait unless that is negative, as that of a transport does.
func (b *Inbox) Receive(wait time.Duration) (actor.ID, []byte, error) {
	select {
	case p := <-b.urgent:
		return p.From, p.Data, nil
	default:
	}
	if wait == 0 {
		select {
		case p := <-b.packets:
			return p.From, p.Data, nil
		default:
		}
	}
	var over <-chan time.Time
	if wait >= 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case p := <-b.urgent:
		return p.From, p.Data, nil
	case p := <-b.packets:
		return p.From, p.Data, nil
	case <-over:
		return 0, nil, os.ErrDeadlineExceeded
	case <-b.closed:
		return 0, nil, net.ErrClosed
	}
}

// Close unblocks all waiters.
func (b *Inbox) Close() { b.once.Do(func() { close(b.closed) }) }
