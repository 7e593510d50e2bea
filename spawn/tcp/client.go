package tcp

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/streams"
)

// ErrBroken reports that the connection to a server broke since the last message to it. The next message goes over a
// new one, on which the server takes the client for another one.
var ErrBroken = errors.New("the connection broke")

// Client is a transport for clients: it has a connection to each server that it ever sent to. It is safe for concurrent
// use.
type Client struct {
	// MaxMessage is the most bytes of an answer; 0 for machine.MaxMessage. It must not change once something was sent.
	MaxMessage int

	inbox  *streams.Inbox
	closed chan struct{}
	once   sync.Once
	done   sync.WaitGroup

	mu     sync.Mutex
	conns  map[actor.ID]net.Conn
	broken map[actor.ID]bool
}

// NewClient returns a client without connections.
func NewClient() *Client {
	return &Client{
		inbox: streams.NewInbox(), closed: make(chan struct{}),
		conns: make(map[actor.ID]net.Conn), broken: make(map[actor.ID]bool),
	}
}

// Send sends a message to a server, to which it connects first if need be.
func (c *Client) Send(to actor.ID, data []byte) error {
	conn, err := c.connect(to)
	if err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return errors.Join(ErrBroken, err)
	}
	if err := WriteFrame(conn, data); err != nil {
		conn.Close() // The reader notices.
		return errors.Join(ErrBroken, err)
	}
	return nil
}

func (c *Client) connect(to actor.ID) (net.Conn, error) {
	c.mu.Lock()
	conn, broken := c.conns[to], c.broken[to]
	delete(c.broken, to)
	c.mu.Unlock()
	switch {
	case conn != nil:
		return conn, nil
	case broken:
		return nil, ErrBroken
	}
	addr, ok := spawn.AddressOf(to)
	if !ok {
		return nil, fmt.Errorf("id %v is not an address", to)
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialPatience)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp4", addr.String())
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.closed:
		conn.Close()
		return nil, net.ErrClosed
	default:
	}
	if other := c.conns[to]; other != nil {
		conn.Close()
		return other, nil
	}
	c.conns[to] = conn
	c.done.Go(func() { c.read(conn, to) })
	return conn, nil
}

// read takes the answers of a server until the connection ends.
func (c *Client) read(conn net.Conn, from actor.ID) {
	r := bufio.NewReader(conn)
	for {
		data, err := readFrame(r, cmp.Or(c.MaxMessage, machine.MaxMessage))
		if err != nil {
			break
		}
		if !c.inbox.Put(from, data) {
			break
		}
	}
	conn.Close()
	c.mu.Lock()
	delete(c.conns, from)
	c.broken[from] = true
	c.mu.Unlock()
}

// Receive waits for a message of any server, not longer than wait unless that is negative.
func (c *Client) Receive(wait time.Duration) (actor.ID, []byte, error) {
	return c.inbox.Receive(wait)
}

// Close closes all connections.
func (c *Client) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.inbox.Close()
	c.mu.Lock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.mu.Unlock()
	c.done.Wait()
	return nil
}
