package grpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	"synod/spawn"
	"synod/spawn/streams"
)

// Timeouts of both sides.
const (
	dialPatience  = 5 * time.Second  // for connecting
	writePatience = 10 * time.Second // for the other side to receive a message
	pingEvery     = 10 * time.Second // while a connection is silent
	pingPatience  = 5 * time.Second  // for the answer to a ping
	shortestPause = 10 * time.Millisecond
	longestPause  = time.Second // between attempts to connect or to open a stream; doubles with each
)

// Pings is how often a connection is probed while it is silent and has a call. A server that is not ours closes the
// connection (too_many_pings) if it is probed more often than it permits.
type Pings time.Duration

const (
	// Ours is what servers of NewServer permit.
	Ours = Pings(pingEvery)
	// Anybodys is what any server permits unless it says otherwise, 5 min, and somewhat more. Until then only unacknowledged
	// data and deadlines show that the other side is gone.
	Anybodys = Pings(6 * time.Minute)
)

// Stream is a stream of messages to a server, as returned by Link.Open.
type Stream[M any] struct {
	// Send sends a message. After an error the stream must not be used.
	Send func(M) error
	// Header waits for the header of the other side.
	Header func() (metadata.MD, error)
	// Ended waits for the end of the stream and returns the reason.
	Ended func() error
}

// Link is a connection to another server: a single stream, which is reopened when it breaks. The send queue is
// bounded, so a server that has stopped blocks nobody. Set the fields, then call Run.
type Link[M any] struct {
	Address     string                           // host:port
	Credentials credentials.TransportCredentials // of this side
	Pings       Pings
	Queue       *streams.Queue[M] // messages to send
	// Open opens a stream on a connection, and must wait until the connection is established.
	Open func(ctx context.Context, conn rpc.ClientConnInterface) (Stream[M], error)
	// Said is called with the header of each stream, and with nil when a stream ends; nil if not needed.
	Said func(metadata.MD)
	Log  *slog.Logger // for streams that end; nil for no log

	up       atomic.Bool
	sent     atomic.Uint64
	lost     atomic.Uint64
	failures atomic.Uint64
	warned   spawn.Limiter
}

// dialOptions returns the options of every connection.
func dialOptions(c credentials.TransportCredentials, pings Pings) []rpc.DialOption {
	return []rpc.DialOption{
		rpc.WithTransportCredentials(c),
		rpc.WithConnectParams(rpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: shortestPause, Multiplier: 2, Jitter: 0.2, MaxDelay: longestPause},
			MinConnectTimeout: dialPatience,
		}),
		rpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Duration(pings), Timeout: pingPatience}),
		rpc.WithIdleTimeout(0),
		rpc.WithNoProxy(),
		rpc.WithDisableServiceConfig(),
	}
}

// Connect returns a connection to an address, which connects on first use. Names are not resolved.
func Connect(address string, c credentials.TransportCredentials, pings Pings) (*rpc.ClientConn, error) {
	return rpc.NewClient("passthrough:///"+address, dialOptions(c, pings)...)
}

// Run connects, sends queued messages, and reconnects when the stream breaks, until the context ends.
func (k *Link[M]) Run(ctx context.Context) error {
	conn, err := Connect(k.Address, k.Credentials, k.Pings)
	if err != nil {
		return err
	}
	defer conn.Close()
	began, pause := time.Now(), shortestPause
	for {
		opened := time.Now()
		err := k.use(ctx, conn)
		if ctx.Err() != nil {
			return nil
		}
		k.failures.Add(1)
		if held, ok := k.warned.Allow(time.Since(began)); ok && k.Log != nil {
			k.Log.Warn("a stream ended", "to", k.Address, "error", err, "more", held)
		}
		if time.Since(opened) > longestPause {
			pause = shortestPause
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		pause = min(2*pause, longestPause)
	}
}

// use sends messages over a stream until it breaks or the context ends, and returns the reason. Messages sent before
// that may or may not have arrived and are not sent again: messages arrive at most once and in order.
func (k *Link[M]) use(ctx context.Context, conn rpc.ClientConnInterface) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stream, err := k.Open(ctx, conn)
	if err != nil {
		return err
	}
	k.up.Store(true)
	gone := make(chan struct{})
	var ended error
	go func() {
		defer close(gone)
		if said, err := stream.Header(); err == nil && said != nil && k.Said != nil {
			k.Said(said)
		}
		ended = stream.Ended()
	}()
	k.pump(stream, gone, cancel)
	cancel(nil)
	<-gone
	k.up.Store(false)
	if k.Said != nil {
		k.Said(nil)
	}
	if cause := context.Cause(ctx); errors.Is(cause, errSlow) {
		return cause
	}
	return ended
}

// errSlow is the error of a stream whose other side does not receive.
var errSlow = fmt.Errorf("no message was accepted for %v", writePatience)

// pump sends queued messages until the stream ends.
func (k *Link[M]) pump(stream Stream[M], gone <-chan struct{}, cancel context.CancelCauseFunc) {
	patience := time.AfterFunc(writePatience, func() { cancel(errSlow) })
	defer patience.Stop()
	for {
		patience.Stop()
		var m M
		select {
		case m = <-k.Queue.Messages:
		case <-gone:
			return
		}
		k.Queue.Taken(m)
		patience.Reset(writePatience)
		if err := stream.Send(m); err != nil {
			return // The error carries no detail.
		}
		k.sent.Add(1)
	}
}

// Add queues a message. It is lost if the queue is full.
func (k *Link[M]) Add(m M) error {
	err := k.Queue.Add(m)
	if err != nil {
		k.lost.Add(1)
	}
	return err
}

// Peer returns the state of the link. Only the Door knows about messages in the other direction.
func (k *Link[M]) Peer() spawn.Peer {
	return spawn.Peer{
		Address: k.Address, Up: k.Up(), Waiting: len(k.Queue.Messages), Sent: k.sent.Load(), Lost: k.lost.Load(),
		Failures: k.failures.Load(),
	}
}

// Up reports whether a stream is open, as far as known.
func (k *Link[M]) Up() bool { return k.up.Load() }
