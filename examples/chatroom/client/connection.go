package client

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"synod/examples/chatroom/wire"
)

// patience is the time limit for connecting and for writing a command.
const patience = 5 * time.Second

// waiting is the maximum number of unread answers kept for a connection.
const waiting = 64

// Connection is a client's connection to a server. It is not safe for concurrent use.
type Connection struct {
	conn    net.Conn
	answers chan wire.Answer
	gone    chan struct{} // closed when nothing more is read
	err     error         // the reason; valid once gone is closed
}

// Dial connects to a server.
func Dial(ctx context.Context, server netip.AddrPort) (*Connection, error) {
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp4", server.String())
	if err != nil {
		return nil, err
	}
	c := &Connection{conn: conn, answers: make(chan wire.Answer, waiting), gone: make(chan struct{})}
	go c.read()
	return c, nil
}

// read reads answers until the connection ends.
func (c *Connection) read() {
	defer close(c.gone)
	r := bufio.NewReader(c.conn)
	for {
		body, err := wire.ReadFrame(r)
		var answer wire.Answer
		if err == nil {
			answer, err = wire.DecodeAnswer(body)
		}
		if err != nil {
			c.err = err
			c.conn.Close()
			return
		}
		select {
		case c.answers <- answer:
		default:
			c.err = errors.New("the server says more than it was asked")
			c.conn.Close()
			return
		}
	}
}

// Send sends a command. A command that was sent without an error may still be lost.
func (c *Connection) Send(command wire.Command) error {
	if c.Gone() {
		return c.err
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := c.conn.Write(wire.AppendCommand(nil, command))
	return err
}

// Answer waits for the next answer, until the context is done or the connection ends.
func (c *Connection) Answer(ctx context.Context) (wire.Answer, error) {
	select {
	case a := <-c.answers:
		return a, nil
	default:
	}
	select {
	case a := <-c.answers:
		return a, nil
	case <-ctx.Done():
		return wire.Answer{}, context.Cause(ctx)
	case <-c.gone:
	}
	select { // It may have arrived right before the end.
	case a := <-c.answers:
		return a, nil
	default:
		return wire.Answer{}, c.err
	}
}

// Gone reports whether the connection has ended.
func (c *Connection) Gone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// Close closes the connection.
func (c *Connection) Close() error {
	err := c.conn.Close()
	<-c.gone
	return err
}
