package grpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	rpc "google.golang.org/grpc"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/grpc/framepb"
	"synod/spawn/secure"
	"synod/spawn/streams"
)

// ErrBroken is returned if the stream to a server broke after the last message to it. The next message uses a new
// stream, on which the server treats the client as a new one.
var ErrBroken = errors.New("the stream broke")

// Client is a transport for clients, with a stream to each server it has sent to. It is safe for concurrent use.
type Client struct{ calls *streams.Calls }

// NewClient returns a client without streams. It needs an identity if the servers have one.
func NewClient(i *secure.Identity) *Client {
	_, dials := Credentials(i)
	return &Client{streams.NewCalls(func(ctx context.Context, to actor.ID) (streams.Connection, error) {
		addr, ok := spawn.AddressOf(to)
		if !ok {
			return nil, fmt.Errorf("id %v is not an address", to)
		}
		conn, err := Connect(addr.String(), dials, Ours)
		if err != nil {
			return nil, err
		}
		return converse(ctx, conn)
	}, ErrBroken)}
}

// Send sends a message to a server. It connects first if necessary.
func (c *Client) Send(to actor.ID, data []byte) error { return c.calls.Send(to, data) }

// Receive waits for a message from any server, at most for wait unless that is negative.
func (c *Client) Receive(wait time.Duration) (actor.ID, []byte, error) { return c.calls.Receive(wait) }

// Close closes all streams.
func (c *Client) Close() error { return c.calls.Close() }

// conversation is a stream to a server on its own connection.
type conversation struct {
	mu     sync.Mutex // held while a message is sent
	stream rpc.BidiStreamingClient[framepb.Frame, framepb.Frame]
	cancel context.CancelFunc
	conn   io.Closer
}

// converse opens a stream on a connection, which it owns.
func converse(ctx context.Context, conn *rpc.ClientConn) (*conversation, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(dialPatience, cancel)
	stream, err := framepb.NewCarrierClient(conn).Converse(ctx)
	if late.Stop(); err != nil {
		cancel()
		return nil, errors.Join(err, conn.Close())
	}
	return &conversation{stream: stream, cancel: cancel, conn: conn}, nil
}

// Send implements streams.Connection.
func (s *conversation) Send(data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	late := time.AfterFunc(writePatience, s.cancel)
	defer late.Stop()
	return s.stream.Send(&framepb.Frame{Data: data})
}

// Receive implements streams.Connection.
func (s *conversation) Receive() ([]byte, error) {
	frame, err := s.stream.Recv()
	return frame.GetData(), err
}

// Close implements streams.Connection. A second Close returns an error.
func (s *conversation) Close() error {
	s.cancel()
	return s.conn.Close()
}
