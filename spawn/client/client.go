// Package client sends requests to running servers. It reports only what is certain: an operation that was not
// acknowledged may have taken effect, or may do so later.
package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/service"
)

// ErrUnknown reports that an operation was sent and not acknowledged: it is unknown whether it took effect.
var ErrUnknown = errors.New("the operation was not acknowledged: it may have taken effect, or may still do so")

// ErrRefused reports that an operation was refused, as by a write-once register that holds another value: it has no
// effect and never will.
var ErrRefused = errors.New("the operation was refused: it has no effect, and never will")

// ErrUnanswered reports that no server answered a read-only operation.
var ErrUnanswered = errors.New("no server answered")

// Config configures a client. Service, Transport and Servers are required.
type Config struct {
	Service   service.Service
	Transport spawn.Transport
	Servers   []actor.ID
	Timeout   time.Duration // of each attempt; 0 means a second
	Retries   int           // attempts of an operation after the first
	// First is the number of the first request; later ones count up from it. Servers may treat a number as expired if it
	// is less than an earlier one of the same address, or than those of many other clients. With 0, each number is the
	// current time in nanoseconds.
	First uint64
}

// Client performs one operation at a time. It is not safe for concurrent use.
type Client struct {
	Config
	next   uint64
	buffer []byte
}

// New returns a client.
func New(c Config) *Client {
	if c.Timeout == 0 {
		c.Timeout = time.Second
	}
	return &Client{Config: c, next: c.First}
}

// Do performs a call at the server with the given index, and returns the output. A read-only call is retried at the
// following servers. Any other call is retried at the same server only, with the same request, since another server
// would take it for a new one. The error is ErrUnknown, ErrRefused, ErrUnanswered, that of the context, or one from
// before anything was sent.
func (c *Client) Do(ctx context.Context, server int, call service.Call) (any, error) {
	if call.Reads {
		return c.read(ctx, server, call)
	}
	return c.write(ctx, server, call)
}

func (c *Client) write(ctx context.Context, server int, call service.Call) (any, error) {
	r := c.request()
	sent := false
	for attempt := 0; attempt <= c.Retries && ctx.Err() == nil; attempt++ {
		switch err := c.send(server, r, call, !sent); {
		case err == nil:
			sent = true
		case sent:
			// On a new connection the server would see another client, and another operation.
			return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
		case attempt == c.Retries:
			return nil, err
		default:
			c.pause(ctx)
			continue
		}
		answer, ok, err := c.await(ctx, r, call)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
		case answer.Expired:
			c.pass(answer.Floor)
			return nil, fmt.Errorf("%w: the server has forgotten requests as old as this one", ErrUnknown)
		case ok && c.Service.Told(call, answer.Out).Refused:
			return answer.Out, ErrRefused
		case ok:
			return answer.Out, nil
		}
	}
	return nil, unless(ctx, sent, ErrUnknown)
}

// unless returns the error of an operation without result.
func unless(ctx context.Context, sent bool, err error) error {
	switch {
	case ctx.Err() != nil && sent:
		return fmt.Errorf("%w: %w", err, context.Cause(ctx))
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// pause waits for the duration of an attempt, or until the context is done.
func (c *Client) pause(ctx context.Context) {
	select {
	case <-time.After(c.Timeout):
	case <-ctx.Done():
	}
}

func (c *Client) read(ctx context.Context, server int, call service.Call) (any, error) {
	r := c.request()
	for attempt := 0; attempt <= c.Retries && ctx.Err() == nil; attempt++ {
		if err := c.send(server+attempt, r, call, true); err != nil {
			if attempt < c.Retries {
				c.pause(ctx)
			}
			continue
		}
		answer, ok, err := c.await(ctx, r, call)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrUnanswered, err)
		case answer.Expired: // a read may be repeated under another number
			c.pass(answer.Floor)
			r = c.request()
		case ok:
			return answer.Out, nil
		}
	}
	return nil, unless(ctx, false, ErrUnanswered)
}

// request returns a number greater than the previous ones.
func (c *Client) request() uint64 {
	r := c.next
	if c.First == 0 {
		r = max(r, uint64(time.Now().UnixNano()))
	}
	c.next = r + 1
	return r
}

// pass skips the numbers that a server treats as expired.
func (c *Client) pass(floor uint64) { c.next = max(c.next, floor+1) }

// send sends a request. On the first attempt, a connection that broke since the last operation is not an error.
func (c *Client) send(server int, r uint64, call service.Call, first bool) error {
	var err error
	if c.buffer, err = c.Service.Append(c.buffer[:0], r, call); err != nil {
		return err
	}
	to := c.Servers[server%len(c.Servers)]
	err = c.Transport.Send(to, c.buffer)
	if err != nil && first {
		err = c.Transport.Send(to, c.buffer)
	}
	return err
}

// await waits for the answer to a call's request, and reports whether it arrived in time. It ignores answers to
// earlier requests and other messages.
func (c *Client) await(ctx context.Context, r uint64, call service.Call) (service.Answer, bool, error) {
	end := time.Now().Add(c.Timeout)
	for ctx.Err() == nil {
		left := time.Until(end)
		if left <= 0 {
			return service.Answer{}, false, nil
		}
		// Short waits, so that the end of the context is noticed.
		_, data, err := c.Transport.Receive(min(left, 100*time.Millisecond))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return service.Answer{}, false, err
		}
		if answer, ok := c.Service.Answer(data); ok && answer.Number == r && c.Service.Fits(call, answer) {
			return answer, true, nil
		}
	}
	return service.Answer{}, false, nil
}
