package replica

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/streams"
)

// inboxSize is the number of messages queued for the server before senders block.
const inboxSize = 256

// front combines the transports to clients and to the other servers. Messages of the server to itself are delivered
// directly and as urgent, because otherwise a vote could be lost for a while.
type front struct {
	self  actor.ID
	parts []part
	inbox *streams.Inbox
	once  sync.Once
	done  sync.WaitGroup
}

// part is a transport to the actors for which to returns true.
type part struct {
	spawn.Transport
	to func(id actor.ID) bool
}

func newFront(self actor.ID) *front { return &front{self: self, inbox: streams.NewInboxOf(inboxSize)} }

// add adds a transport to the actors for which to returns true, unless an earlier one covers them. It must not be
// called after messages can arrive.
func (f *front) add(t spawn.Transport, to func(id actor.ID) bool) {
	f.parts = append(f.parts, part{t, to})
	f.done.Go(func() {
		for {
			from, data, err := t.Receive(-1)
			if err != nil {
				return
			}
			if !f.inbox.Put(from, slices.Clone(data)) {
				return
			}
		}
	})
}

// Receive waits for a message, at most for wait unless that is negative.
func (f *front) Receive(wait time.Duration) (actor.ID, []byte, error) { return f.inbox.Receive(wait) }

// Send sends a message.
func (f *front) Send(to actor.ID, data []byte) error {
	if to == f.self {
		return f.inbox.OfferUrgent(to, slices.Clone(data))
	}
	for _, p := range f.parts {
		if p.to(to) {
			return p.Transport.Send(to, data)
		}
	}
	return fmt.Errorf("%v: no connection", to)
}

// Close closes the transports and waits for their receivers.
func (f *front) Close() (err error) {
	f.once.Do(func() {
		f.inbox.Close()
		for _, p := range f.parts {
			err = errors.Join(err, p.Transport.Close())
		}
		f.done.Wait()
	})
	return err
}
