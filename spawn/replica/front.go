package replica

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn"
)

// inboxSize is how many messages wait for the server before their senders have to.
const inboxSize = 256

// packet is a message that came.
type packet struct {
	from actor.ID
	data []byte
}

// front joins the transports to clients and to the other servers to one. What the server sends itself never leaves it.
type front struct {
	self   actor.ID
	parts  []part
	inbox  chan packet
	own    chan packet // what the server sends itself; it is never full, or a vote would be lost for a while
	closed chan struct{}
	once   sync.Once
	done   sync.WaitGroup
}

// part is a transport to some actors.
type part struct {
	spawn.Transport
	to func(id actor.ID) bool
}

func newFront(self actor.ID) *front {
	return &front{
		self: self, inbox: make(chan packet, inboxSize), own: make(chan packet, inboxSize), closed: make(chan struct{}),
	}
}

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
			select {
			case f.inbox <- packet{from, slices.Clone(data)}:
			case <-f.closed:
				return
			}
		}
	})
}

// Receive waits for a message, not longer than wait unless that is negative.
func (f *front) Receive(wait time.Duration) (actor.ID, []byte, error) {
	select {
	case p := <-f.own:
		return p.from, p.data, nil
	case p := <-f.inbox:
		return p.from, p.data, nil
	default:
	}
	if wait == 0 {
		return 0, nil, os.ErrDeadlineExceeded
	}
	var over <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case p := <-f.own:
		return p.from, p.data, nil
	case p := <-f.inbox:
		return p.from, p.data, nil
	case <-over:
		return 0, nil, os.ErrDeadlineExceeded
	case <-f.closed:
		return 0, nil, net.ErrClosed
	}
}

// Send sends a message.
func (f *front) Send(to actor.ID, data []byte) error {
	if to == f.self {
		select {
		case f.own <- packet{to, slices.Clone(data)}:
			return nil
		default:
			return errors.New("too many messages of the server to itself wait")
		}
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
		close(f.closed)
		for _, p := range f.parts {
			err = errors.Join(err, p.Transport.Close())
		}
		f.done.Wait()
	})
	return err
}
