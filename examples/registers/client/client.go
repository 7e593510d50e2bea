// Package client puts and gets at the servers of a register that run for real. It says what it knows of an operation,
// and no more: a put that was not acknowledged may have happened, or may happen yet.
package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"synod/actor"
	"synod/examples/registers/wire"
	"synod/register"
	"synod/spawn"
)

// ErrUnknown tells that a put was sent and not acknowledged: whether the value is stored, nobody can tell.
var ErrUnknown = errors.New("the put was not acknowledged: it may have happened, or may happen yet")

// ErrRefused tells that a put was refused: the register is written once and holds another value, so that the value is not
// stored and never will be.
var ErrRefused = errors.New("the put was refused, as the register holds another value already and is written once")

// ErrUnanswered tells that no server answered a get.
var ErrUnanswered = errors.New("no server answered")

// Config is how a client works. Transport and Servers are required.
type Config struct {
	Transport spawn.Transport
	Servers   []actor.ID
	Timeout   time.Duration // for each attempt; 0 is a second
	Retries   int           // attempts after the first one of an operation
	// First is the number of the first request; those after it count on. Servers may take one that is less than an earlier
	// one of the same address for old, and one that is less than those of many other clients as well; with 0 every
	// request has the present time in nanoseconds for its number.
	First register.Request
}

// Client makes one operation at a time. It is not safe for concurrent use.
type Client struct {
	Config
	next   register.Request
	buffer []byte
}

// New makes a client.
func New(c Config) *Client {
	if c.Timeout == 0 {
		c.Timeout = time.Second
	}
	return &Client{Config: c, next: c.First}
}

// Put stores a value at a server, by its place among the servers. It asks again at the same server only, with the same
// request, as another server would take it for another put. The error is ErrUnknown, ErrRefused, that of the context, or one
// before anything was sent.
func (c *Client) Put(ctx context.Context, server int, v register.Value) error {
	r := c.request()
	sent := false
	for attempt := 0; attempt <= c.Retries && ctx.Err() == nil; attempt++ {
		switch err := c.send(server, register.Put{Request: r, Value: v}, !sent); {
		case err == nil:
			sent = true
		case sent:
			// On a new connection we would be another client to the server, and the put another one.
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		case attempt == c.Retries:
			return err
		default:
			c.pause(ctx)
			continue
		}
		answer, err := c.await(ctx, r)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		switch m := answer.(type) {
		case register.PutOk:
			return nil
		case register.PutFail:
			return ErrRefused
		case register.Expired:
			c.pass(m.Floor)
			return fmt.Errorf("%w: the server has forgotten requests as old as this one", ErrUnknown)
		}
	}
	return unless(ctx, sent, ErrUnknown)
}

// unless gives the error of an operation that came to nothing.
func unless(ctx context.Context, sent bool, err error) error {
	switch {
	case ctx.Err() != nil && sent:
		return fmt.Errorf("%w: %w", err, context.Cause(ctx))
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// pause waits as long as an attempt takes, or until the context ends.
func (c *Client) pause(ctx context.Context) {
	select {
	case <-time.After(c.Timeout):
	case <-ctx.Done():
	}
}

// Get reads at a server, by its place among the servers, and at the ones after it if there is no answer. The error is
// ErrUnanswered or that of the context.
func (c *Client) Get(ctx context.Context, server int) (register.Value, error) {
	r := c.request()
	for attempt := 0; attempt <= c.Retries && ctx.Err() == nil; attempt++ {
		if err := c.send(server+attempt, register.Get{Request: r}, true); err != nil {
			if attempt < c.Retries {
				c.pause(ctx)
			}
			continue
		}
		answer, err := c.await(ctx, r)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", ErrUnanswered, err)
		}
		switch m := answer.(type) {
		case register.GetOk:
			return m.Value, nil
		case register.Expired: // A read may be done twice, under another number.
			c.pass(m.Floor)
			r = c.request()
		}
	}
	return 0, unless(ctx, false, ErrUnanswered)
}

// request gives a number that is greater than those before.
func (c *Client) request() register.Request {
	r := c.next
	if c.First == 0 {
		r = max(r, register.Request(time.Now().UnixNano()))
	}
	c.next = r + 1
	return r
}

// pass makes later numbers greater than those that a server takes for old.
func (c *Client) pass(floor register.Request) { c.next = max(c.next, floor+1) }

// send sends a request. If it is the first time, a connection that broke since the last operation does not matter.
func (c *Client) send(server int, m register.Message, first bool) error {
	var err error
	if c.buffer, err = wire.Requests.Append(c.buffer[:0], m); err != nil {
		return err
	}
	to := c.Servers[server%len(c.Servers)]
	err = c.Transport.Send(to, c.buffer)
	if err != nil && first {
		err = c.Transport.Send(to, c.buffer)
	}
	return err
}

// await waits for the answer to a request, and gives nil if the time is over. Answers to earlier requests, and whatever
// else comes, are passed over.
func (c *Client) await(ctx context.Context, r register.Request) (register.Message, error) {
	end := time.Now().Add(c.Timeout)
	for ctx.Err() == nil {
		left := time.Until(end)
		if left <= 0 {
			return nil, nil
		}
		// Short waits, so that the end of the context is noticed.
		_, data, err := c.Transport.Receive(min(left, 100*time.Millisecond))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m, err := wire.Requests.Decode(data)
		if err != nil {
			continue
		}
		switch m := m.(type) {
		case register.PutOk:
			if m.Request == r {
				return m, nil
			}
		case register.PutFail:
			if m.Request == r {
				return m, nil
			}
		case register.GetOk:
			if m.Request == r {
				return m, nil
			}
		case register.Expired:
			if m.Request == r {
				return m, nil
			}
		case register.Put, register.Get, register.Internal[struct{}]:
		}
	}
	return nil, nil
}
