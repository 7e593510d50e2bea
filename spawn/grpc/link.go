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

// How patient both sides are.
const (
	dialPatience  = 5 * time.Second  // how long connecting may take
	writePatience = 10 * time.Second // how long a message may wait for the other side to take it
	pingEvery     = 10 * time.Second // while a connection is silent
	pingPatience  = 5 * time.Second  // until such a connection is given up
	shortestPause = 10 * time.Millisecond
	longestPause  = time.Second // between two attempts to connect, or to open a stream; it doubles with each
)

// Stream is a stream of messages to a server, as Link.Open opens it.
type Stream[M any] struct {
	// Send sends a message. After an error the stream is of no use.
	Send func(M) error
	// Header waits for what the other side says first.
	Header func() (metadata.MD, error)
	// Ended waits for the end of the stream, and returns why it ended.
	Ended func() error
}

// Link is the way to another server: one stream for as long as both run, which is made anew when it breaks. What waits to be
// sent is bounded, so that a server which has stopped keeps nobody from anything. Set the fields, and let Run run.
type Link[M any] struct {
	Address     string                           // host:port
	Credentials credentials.TransportCredentials // of this side
	Queue       *streams.Queue[M]                // what to send
	// Open opens a stream on a connection, which may not be there yet: it must wait for that.
	Open func(ctx context.Context, conn rpc.ClientConnInterface) (Stream[M], error)
	// Said is called with what the other side says first on a stream, and with nil when a stream ends; nil for nobody to know.
	Said func(metadata.MD)
	Log  *slog.Logger // of streams that end; nil for none

	up       atomic.Bool
	sent     atomic.Uint64
	lost     atomic.Uint64
	failures atomic.Uint64
	warned   spawn.Limiter
}

// dialOptions are those of every connection.
func dialOptions(c credentials.TransportCredentials) []rpc.DialOption {
	return []rpc.DialOption{
		rpc.WithTransportCredentials(c),
		rpc.WithConnectParams(rpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: shortestPause, Multiplier: 2, Jitter: 0.2, MaxDelay: longestPause},
			MinConnectTimeout: dialPatience,
		}),
		rpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingPatience}),
		rpc.WithIdleTimeout(0),
		rpc.WithNoProxy(),
		rpc.WithDisableServiceConfig(),
	}
}

// Connect builds a connection, which connects once it is used. It takes addresses, and no names of other kinds.
func Connect(address string, c credentials.TransportCredentials) (*rpc.ClientConn, error) {
	return rpc.NewClient("passthrough:///"+address, dialOptions(c)...)
}

// Run connects, sends what is queued, and connects again when the stream breaks, until the context ends.
func (k *Link[M]) Run(ctx context.Context) error {
	conn, err := Connect(k.Address, k.Credentials)
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

// use sends over a stream until it breaks or the context ends, and returns why. What was sent before that may have arrived or
// not, and is not sent again: messages come at most once, and in order.
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

// errSlow reports that the other side takes nothing.
var errSlow = fmt.Errorf("nothing was taken for %v", writePatience)

// pump sends what is queued until the stream is gone.
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
			return // It says only that it is over.
		}
		k.sent.Add(1)
	}
}

// Add queues a message. It is lost if too many wait.
func (k *Link[M]) Add(m M) error {
	err := k.Queue.Add(m)
	if err != nil {
		k.lost.Add(1)
	}
	return err
}

// Peer returns what is known of the way. What comes from there is known to the door alone.
func (k *Link[M]) Peer() spawn.Peer {
	return spawn.Peer{
		Address: k.Address, Up: k.Up(), Waiting: len(k.Queue.Messages), Sent: k.sent.Load(), Lost: k.lost.Load(),
		Failures: k.failures.Load(),
	}
}

// Up reports whether a stream is open, as far as is known.
func (k *Link[M]) Up() bool { return k.up.Load() }
