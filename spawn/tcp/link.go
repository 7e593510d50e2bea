package tcp

import (
	"context"
	"net"
	"net/netip"
	"time"

	"synod/actor"
	"synod/spawn/streams"
)

// link is a connection to another server.
type link struct {
	to    actor.ID
	addr  netip.AddrPort // not valid if the server has no address
	queue *streams.Queue[[]byte]
}

// run connects, sends queued messages, and reconnects when the connection breaks, until the context ends.
func (k *link) run(ctx context.Context, self actor.ID) {
	if !k.addr.IsValid() {
		return
	}
	pause := shortestPause
	for ctx.Err() == nil {
		dialer := net.Dialer{Timeout: dialPatience}
		conn, err := dialer.DialContext(ctx, "tcp4", k.addr.String())
		if err == nil {
			pause = shortestPause
			k.use(ctx, conn, self)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longestPause)
	}
}

// use sends messages on a connection until it breaks or the context ends.
func (k *link) use(ctx context.Context, conn net.Conn, self actor.ID) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	// The other side sends nothing, so a read only detects the end, earlier than a write would fail.
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = conn.Read(make([]byte, 1))
		conn.Close()
	}()
	defer func() { conn.Close(); <-gone }()
	if err := conn.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return
	}
	if err := WriteFrame(conn, hello(self)); err != nil {
		return
	}
	_ = write(conn, k.queue, gone) // The next connection may work.
}
