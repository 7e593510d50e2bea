package streams

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"synod/actor"
)

// Connection is a connection of a client to a server.
type Connection interface {
	// Send sends a message. After an error the connection is closed.
	Send(data []byte) error
	// Receive waits for an answer, which the caller owns. It returns an error once the connection is closed.
	Receive() ([]byte, error)
	// Close may be called several times.
	Close() error
}

// Calls is the transport of a client, with a connection to each server it has sent to. Use NewCalls to create one. It
// is safe for concurrent use.
type Calls struct {
	dial   func(ctx context.Context, to actor.ID) (Connection, error)
	broke  error
	inbox  *Inbox
	ctx    context.Context // of all connections
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	conns  map[actor.ID]Connection
	broken map[actor.ID]bool // since the last message to that server
}

// NewCalls returns a transport without connections. It dials at the first message to a server; a connection must not outlive
// the context. After a connection broke, the next Send to that server fails with broke, and the one after it dials again, so
// that the client knows that the server takes it for another one.
func NewCalls(dial func(ctx context.Context, to actor.ID) (Connection, error), broke error) *Calls {
	ctx, cancel := context.WithCancel(context.Background())
	return &Calls{
		dial: dial, broke: broke, inbox: NewInbox(), ctx: ctx, cancel: cancel,
		conns: make(map[actor.ID]Connection), broken: make(map[actor.ID]bool),
	}
}

// Send sends a message to a server. It connects first if necessary.
func (c *Calls) Send(to actor.ID, data []byte) error {
	conn, err := c.connect(to)
	if err != nil {
		return err
	}
	if err := conn.Send(data); err != nil {
		_ = conn.Close() // The reader notices.
		return errors.Join(c.broke, err)
	}
	return nil
}

// connect returns the connection to a server.
func (c *Calls) connect(to actor.ID) (Connection, error) {
	c.mu.Lock()
	conn, broken := c.conns[to], c.broken[to]
	delete(c.broken, to)
	c.mu.Unlock()
	switch {
	case conn != nil:
		return conn, nil
	case broken:
		return nil, c.broke
	}
	conn, err := c.dial(c.ctx, to)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	if other := c.conns[to]; other != nil {
		_ = conn.Close() // A concurrent call was faster.
		return other, nil
	}
	c.conns[to] = conn
	c.done.Go(func() { c.read(conn, to) })
	return conn, nil
}

// read receives the answers of a server until the connection ends.
func (c *Calls) read(conn Connection, from actor.ID) {
	for {
		data, err := conn.Receive()
		if err != nil || !c.inbox.Put(from, data) {
			break
		}
	}
	_ = conn.Close() // It has ended.
	c.mu.Lock()
	delete(c.conns, from)
	c.broken[from] = true
	c.mu.Unlock()
}

// Receive waits for a message of any server, not longer than wait unless that is negative.
func (c *Calls) Receive(wait time.Duration) (actor.ID, []byte, error) { return c.inbox.Receive(wait) }

// Close closes all connections.
func (c *Calls) Close() error {
	c.cancel()
	c.inbox.Close()
	c.mu.Lock()
	for _, conn := range c.conns {
		_ = conn.Close() // The reader notices.
	}
	c.mu.Unlock()
	c.done.Wait()
	return nil
}
