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

// ErrBroken is returned if the connection to a server broke after the last message to it. The next message uses a new
// connection, on which the server treats the client as a new one.
var ErrBroken = errors.New("the connection broke")

// Client is a transport for clients, with a connection to each server it has sent to. It is safe for concurrent use.
type Client struct {
	// MaxMessage is the maximum size of an answer in bytes; 0 means machine.MaxMessage. It must not change after the
	// first message.
	MaxMessage int

	calls *streams.Calls
}

// NewClient returns a client without connections.
func NewClient() *Client {
	c := &Client{}
	c.calls = streams.NewCalls(c.dial, ErrBroken)
	return c
}

// Send sends a message to a server. It connects first if necessary.
func (c *Client) Send(to actor.ID, data []byte) error { return c.calls.Send(to, data) }

// Receive waits for a message from any server, at most for wait unless that is negative.
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
	most int // maximum size of an answer in bytes
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
