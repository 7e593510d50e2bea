package grpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/grpc/framepb"
	"synod/spawn/secure"
	"synod/spawn/streams"
)

// ErrBroken reports that the stream to a server broke since the last message to it. The next message goes over a new
// one, on which the server takes the client for another one.
var ErrBroken = errors.New("the stream broke")

// Client is a transport for clients: it has a stream to each server that it ever sent to. It is safe for concurrent use.
type Client struct {
	dials  credentials.TransportCredentials
	inbox  *streams.Inbox
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	streams map[actor.ID]*conversation
	broken  map[actor.ID]bool
}

// conversation is a stream to a server, with a connection of its own.
type conversation struct {
	mu     sync.Mutex // held while a message is sent
	stream rpc.BidiStreamingClient[framepb.Frame, framepb.Frame]
	cancel context.CancelFunc
}

// NewClient returns a client without streams. It has an identity if the servers have one.
func NewClient(i *secure.Identity) *Client {
	_, dials := Credentials(i)
	ctx, cancel := context.WithCancel(context.Background())
	return &Client{
		dials: dials, inbox: streams.NewInbox(), ctx: ctx, cancel: cancel,
		streams: make(map[actor.ID]*conversation), broken: make(map[actor.ID]bool),
	}
}

// Send sends a message to a server, to which it connects first if need be.
func (c *Client) Send(to actor.ID, data []byte) error {
	s, err := c.converse(to)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	late := time.AfterFunc(writePatience, s.cancel)
	defer late.Stop()
	if err := s.stream.Send(&framepb.Frame{Data: data}); err != nil {
		s.cancel() // The reader notices.
		return errors.Join(ErrBroken, err)
	}
	return nil
}

// converse returns the stream to a server.
func (c *Client) converse(to actor.ID) (*conversation, error) {
	c.mu.Lock()
	s, broken := c.streams[to], c.broken[to]
	delete(c.broken, to)
	c.mu.Unlock()
	switch {
	case s != nil:
		return s, nil
	case broken:
		return nil, ErrBroken
	}
	addr, ok := spawn.AddressOf(to)
	if !ok {
		return nil, fmt.Errorf("%v: must be an id that stands for an address", to)
	}
	conn, err := Connect(addr.String(), c.dials)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(c.ctx)
	s = &conversation{cancel: cancel}
	late := time.AfterFunc(dialPatience, cancel)
	s.stream, err = framepb.NewCarrierClient(conn).Converse(ctx)
	if late.Stop(); err != nil {
		cancel()
		return nil, errors.Join(err, conn.Close())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	other := c.streams[to]
	if c.ctx.Err() != nil || other != nil {
		cancel()
		if err := conn.Close(); err != nil || other == nil {
			return nil, errors.Join(net.ErrClosed, err)
		}
		return other, nil
	}
	c.streams[to] = s
	c.done.Go(func() { c.read(s, conn, to) })
	return s, nil
}

// read takes the answers of a server until the stream ends.
func (c *Client) read(s *conversation, conn io.Closer, from actor.ID) {
	for {
		frame, err := s.stream.Recv()
		if err != nil || !c.inbox.Put(from, frame.GetData()) {
			break
		}
	}
	s.cancel()
	_ = conn.Close() // It has ended.
	c.mu.Lock()
	delete(c.streams, from)
	c.broken[from] = true
	c.mu.Unlock()
}

// Receive waits for a message of any server, not longer than wait unless that is negative.
func (c *Client) Receive(wait time.Duration) (actor.ID, []byte, error) { return c.inbox.Receive(wait) }

// Close closes all streams.
func (c *Client) Close() error {
	c.cancel()
	c.inbox.Close()
	c.done.Wait()
	return nil
}
