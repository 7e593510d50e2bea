package streams

import (
	"net"
	"os"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn/machine"
)

// Packet is a received message.
type Packet struct {
	From actor.ID
	Data []byte
}

// Inbox is the receive queue of a transport. Use NewInbox to create one. It is safe for concurrent use. Urgent
// messages have a queue of their own, so that others cannot block them, and are received first.
type Inbox struct {
	packets chan Packet
	urgent  chan Packet
	closed  chan struct{}
	once    sync.Once
}

// NewInbox returns an empty inbox of MaxQueue messages.
func NewInbox() *Inbox { return NewInboxOf(MaxQueue) }

// NewInboxOf returns an empty inbox with room for the given number of messages, and as many urgent ones.
func NewInboxOf(size int) *Inbox {
	return &Inbox{packets: make(chan Packet, size), urgent: make(chan Packet, size), closed: make(chan struct{})}
}

// Oversized represents a message that is too large to be read. The machine rejects and counts it without reading it.
var Oversized = make([]byte, machine.MaxMessage+1)

// Put waits until there is room for a message. It reports false if the inbox was closed.
func (b *Inbox) Put(from actor.ID, data []byte) bool { return b.put(b.packets, from, data) }

// PutUrgent is like Put for an urgent message.
func (b *Inbox) PutUrgent(from actor.ID, data []byte) bool { return b.put(b.urgent, from, data) }

func (b *Inbox) put(to chan Packet, from actor.ID, data []byte) bool {
	select {
	case to <- Packet{from, data}:
		return true
	case <-b.closed:
		return false
	}
}

// Offer is like Put but returns ErrFull instead of waiting.
func (b *Inbox) Offer(from actor.ID, data []byte) error { return offer(b.packets, from, data) }

// OfferUrgent is like Offer for an urgent message.
func (b *Inbox) OfferUrgent(from actor.ID, data []byte) error { return offer(b.urgent, from, data) }

func offer(to chan Packet, from actor.ID, data []byte) error {
	select {
	case to <- Packet{from, data}:
		return nil
	default:
		return ErrFull
	}
}

// Receive waits for a message, at most for wait unless that is negative, as a transport does.
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
