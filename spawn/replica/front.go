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

// inboxSize is how many messages wait for the server before their senders have to.
const inboxSize = 256

// front joins the transports to clients and to the other servers to one. What the server sends itself never leaves it: it is
// urgent, or a vote would be lost for a while.
type front struct {
	self  actor.ID
	parts []part
	inbox *streams.Inbox
	once  sync.Once
	done  sync.WaitGroup
}

// part is a transport to some actors.
type part struct {
	spawn.Transport
	to func(id actor.ID) bool
}

func newFront(self actor.ID) *front { return &front{self: self, inbox: streams.NewInboxOf(inboxSize)} }

// add adds a transport to the actors for which to holds, unless one before has them. It must not be called once there is
// something to receive.
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

// Receive waits for a message, not longer than wait unless that is negative.
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
	return fmt.Errorf("%v: there is no way to it", to)
}

// Close closes the transports, and waits for what was received last.
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
