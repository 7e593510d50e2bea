package tcp

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
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

	calls *streams.Calls
}

// NewClient returns a client without connections.
func NewClient() *Client {
	c := &Client{}
	c.calls = streams.NewCalls(c.dial, ErrBroken)
	return c
}

// Send sends a message to a server, to which it connects first if need be.
func (c *Client) Send(to actor.ID, data []byte) error { return c.calls.Send(to, data) }

// Receive waits for a message of any server, not longer than wait unless that is negative.
func (c *Client) Receive(wait time.Duration) (actor.ID, []byte, error) { return c.calls.Receive(wait) }

// Close closes all connections.
func (c *Client) Close() error { return c.calls.Close() }

func (c *Client) dial(ctx context.Context, to actor.ID) (streams.Connection, error) {
	addr, ok := spawn.AddressOf(to)
	if !ok {
		return nil, fmt.Errorf("id %v is not an address", to)
	}
	dialer := net.Dialer{Timeout: dialPatience}
	conn, err := dialer.DialContext(ctx, "tcp4", addr.String())
	if err != nil {
		return nil, err
	}
	return &call{Conn: conn, r: bufio.NewReader(conn), most: cmp.Or(c.MaxMessage, machine.MaxMessage)}, nil
}

// call is a connection of a client.
type call struct {
	net.Conn
	r    *bufio.Reader
	most int // bytes of an answer
}

// Send implements streams.Connection.
func (c *call) Send(data []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return err
	}
	return WriteFrame(c, data)
}

// Receive implements streams.Connection.
func (c *call) Receive() ([]byte, error) { return readFrame(c.r, c.most) }
