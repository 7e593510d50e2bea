package replica

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/jsonwire"
	"synod/spawn/tcp"
)

// attempt is the time that a client waits for an answer before it asks the next server.
const attempt = time.Second

// ErrRefused is returned if a command was refused because the session of its client has ended. The command has no
// effect, and never will.
var ErrRefused = errors.New("the session has ended")

// Client asks servers of a machine with operations O and results R. It has one command in flight at a time, and is not safe
// for concurrent use.
type Client[O, R any] struct {
	messages  *jsonwire.Codec[rsm.Message]
	transport *tcp.Client
	servers   []actor.ID
	at        int // index of the server to ask first
	last      rsm.ID
	buffer    []byte
}

// NewClient returns a client of the servers at the given client addresses. The caller must close it.
func NewClient[O, R any](servers []netip.AddrPort, unions ...jsonwire.Union) (*Client[O, R], error) {
	if len(servers) == 0 {
		return nil, errors.New("no servers: a client needs at least one")
	}
	messages, err := Messages[O, R](unions...)
	if err != nil {
		return nil, err
	}
	c := &Client[O, R]{messages: messages, transport: tcp.NewClient()}
	c.transport.MaxMessage = MaxCommand
	for _, s := range servers {
		id, err := spawn.IDOf(s)
		if err != nil {
			return nil, err
		}
		c.servers = append(c.servers, id)
	}
	c.last.Client = rsm.Client(random().Uint64() | 1) // 0 would be the connection, which differs by server
	return c, nil
}

// Do executes an operation exactly once and returns its result. After a second without an answer or a connection it
// asks the next server. When the context ends, it is unknown whether the operation was executed, and it may still be.
// Operations without an answer must not use Do.
func (c *Client[O, R]) Do(ctx context.Context, op O) (R, error) {
	c.last.Local++
	return c.perform(ctx, rsm.Command[O]{ID: c.last, Op: op, Floor: c.last.Local})
}

// End ends the client's session. Servers then keep only its name, and refuse its commands.
func (c *Client[O, R]) End(ctx context.Context) error {
	c.last.Local++
	_, err := c.perform(ctx, rsm.Command[O]{ID: c.last, End: true})
	if errors.Is(err, ErrRefused) {
		return nil // The command was sent twice.
	}
	return err
}

// Close closes the connections.
func (c *Client[O, R]) Close() error { return c.transport.Close() }

func (c *Client[O, R]) perform(ctx context.Context, command rsm.Command[O]) (result R, err error) {
	if c.buffer, err = c.messages.Append(c.buffer[:0], rsm.Request[O]{Command: command}); err != nil {
		return result, err
	}
	if n := len(c.buffer); n > MaxCommand {
		return result, fmt.Errorf("a command of %d bytes in JSON: must be at most %d", n, MaxCommand)
	}
	for ; ctx.Err() == nil; c.at = (c.at + 1) % len(c.servers) {
		if failed := c.transport.Send(c.servers[c.at], c.buffer); failed != nil {
			err = failed
			c.pause(ctx)
			continue
		}
		answer, ok := c.await(ctx, command.ID)
		switch {
		case !ok:
		case answer.Status == rsm.Refused:
			return result, ErrRefused
		default:
			return answer.Result, nil
		}
	}
	if err != nil {
		return result, fmt.Errorf("%w; the last attempt: %w", context.Cause(ctx), err)
	}
	return result, context.Cause(ctx)
}

// pause waits a little, so that servers that are down are not asked continuously.
func (c *Client[O, R]) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(attempt / 20):
	}
}

// await waits for the answer to a command, and reports whether it arrived in time.
func (c *Client[O, R]) await(ctx context.Context, id rsm.ID) (rsm.Answer[R], bool) {
	end := time.Now().Add(attempt)
	for ctx.Err() == nil {
		left := time.Until(end)
		if left <= 0 {
			break
		}
		// Short waits, so that the end of the context is noticed.
		_, data, err := c.transport.Receive(min(left, attempt/10))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			break
		}
		m, err := c.messages.Decode(data)
		if reply, ok := m.(rsm.Reply[R]); err == nil && ok && reply.Answer.ID == id {
			return reply.Answer, true
		}
	}
	return rsm.Answer[R]{}, false
}
