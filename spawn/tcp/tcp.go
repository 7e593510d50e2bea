// Package tcp carries messages on streams, each after a four-byte length. A server keeps a connection to every other
// one for sending, and reconnects when it breaks; its first message identifies it. Any other connection is from a
// client, and carries the answers too. The numbers of unidentified connections, clients and servers are limited
// separately; when a limit is reached, the connection that has been silent longest is closed. Send queues are
// bounded; when they are full, messages are lost.
package tcp

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/streams"
)

// Timeouts of a transport.
const (
	writePatience  = 10 * time.Second // for a write
	dialPatience   = 5 * time.Second
	shortestPause  = 10 * time.Millisecond // between attempts to connect; doubles with each
	longestPause   = time.Second
	bufferedOutput = 32 << 10
)

// Listener is a bound socket that is not yet served.
type Listener struct {
	Log   *slog.Logger // for rejected connections; nil for no log
	inner *net.TCPListener
}

// Listen binds an IPv4 socket. Port 0 selects a free port.
func Listen(addr netip.AddrPort) (*Listener, error) {
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	return &Listener{inner: l}, nil
}

// Address returns the address of the socket.
func (l *Listener) Address() netip.AddrPort { return l.inner.Addr().(*net.TCPAddr).AddrPort() }

// Close closes the socket.
func (l *Listener) Close() error { return l.inner.Close() }

// Transport is a transport over TCP. It is safe for concurrent use.
type Transport struct {
	Config
	self     actor.ID
	servers  []actor.ID
	listener *Listener
	inbox    *streams.Inbox
	links    []*link // to the other servers
	ctx      context.Context
	cancel   context.CancelFunc
	done     sync.WaitGroup

	places *streams.Guests // accepted connections
	began  time.Time

	mu     sync.Mutex
	warned spawn.Limiter
	// clients are the queues of client connections, by the id derived from their address.
	clients map[actor.ID]*streams.Queue[[]byte]
}

// Config configures a transport. The zero value uses ids that encode addresses, allows small messages, and accepts
// clients.
type Config struct {
	// Addresses are the addresses of all servers, whose ids are then arbitrary; nil for ids that encode addresses.
	Addresses map[actor.ID]netip.AddrPort
	// MaxMessage is the maximum size in bytes of a message between servers; 0 means machine.MaxMessage.
	MaxMessage int
	// MaxRequest is the maximum size in bytes of a message from a client; 0 means machine.MaxMessage.
	MaxRequest int
	// Private rejects all connections except those of the servers.
	Private bool
}

// address returns the address of a server. It is not valid if the server has none.
func (c Config) address(id actor.ID) netip.AddrPort {
	if c.Addresses != nil {
		return c.Addresses[id]
	}
	addr, _ := spawn.AddressOf(id)
	return addr
}

// Serve starts the transport of one of servers: it accepts connections, and connects to each of the others. Close
// stops it.
func Serve(l *Listener, self actor.ID, servers []actor.ID) *Transport {
	return serve(l, self, servers, Config{}, streams.Usual)
}

// Serve is like the function Serve, with a configuration.
func (c Config) Serve(l *Listener, self actor.ID, servers []actor.ID) *Transport {
	return serve(l, self, servers, c, streams.Usual)
}

func serve(l *Listener, self actor.ID, servers []actor.ID, c Config, bounds streams.Limits) *Transport {
	ctx, cancel := context.WithCancel(context.Background())
	t := &Transport{
		Config: c, self: self, servers: servers, listener: l, inbox: streams.NewInbox(), ctx: ctx, cancel: cancel,
		places: streams.NewGuests(bounds), began: time.Now(),
		clients: make(map[actor.ID]*streams.Queue[[]byte]),
	}
	for _, id := range actor.Others(servers, self) {
		k := &link{to: id, addr: c.address(id), queue: streams.NewByteQueue()}
		t.links = append(t.links, k)
		t.done.Go(func() { k.run(ctx, self) })
	}
	t.done.Go(t.accept)
	return t
}

// Receive waits for a message, at most for wait unless that is negative.
func (t *Transport) Receive(wait time.Duration) (actor.ID, []byte, error) {
	return t.inbox.Receive(wait)
}

// Send queues a message. It is lost if the queue is full or the client has disconnected.
func (t *Transport) Send(to actor.ID, data []byte) error {
	data = slices.Clone(data)
	if to == t.self {
		return t.inbox.Offer(to, data)
	}
	for _, k := range t.links {
		if k.to == to {
			if spawn.IsHeartbeat(data) && len(k.queue.Messages) > 0 {
				return nil // A heartbeat adds nothing while other messages are queued.
			}
			return k.queue.Add(data)
		}
	}
	t.mu.Lock()
	queue := t.clients[to]
	t.mu.Unlock()
	if queue == nil {
		return fmt.Errorf("%s has no connection", spawn.Describe(to))
	}
	return queue.Add(data)
}

// Close closes all connections and waits for the goroutines of Serve. Queued messages are lost.
func (t *Transport) Close() error {
	t.cancel()
	t.inbox.Close()
	err := t.listener.Close()
	t.places.Close()
	t.done.Wait()
	return err
}

// accept accepts connections until the listener is closed.
func (t *Transport) accept() {
	for {
		conn, err := t.listener.inner.Accept()
		if err != nil {
			if t.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			t.warn("a connection could not be accepted", "error", err)
			pause := longestPause
			if (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)) && t.places.Starved() {
				pause = shortestPause
			}
			select {
			case <-time.After(pause):
				continue
			case <-t.ctx.Done():
				return
			}
		}
		g, ok := t.places.Admit(conn)
		if !ok {
			conn.Close()
			continue
		}
		t.done.Go(func() { t.places.Gone(g, t.serve(g)) })
	}
}

// serve reads from a connection, and returns why it ended. If the first message is a hello, the other side is a
// server, otherwise a client.
func (t *Transport) serve(g *streams.Guest) streams.Reason {
	remote, err := netip.ParseAddrPort(g.Conn.RemoteAddr().String())
	if err != nil {
		return streams.Over
	}
	from, err := spawn.IDOf(remote)
	if err != nil {
		return streams.Over
	}
	r := bufio.NewReader(g.Conn)
	if err := g.Conn.SetReadDeadline(time.Now().Add(t.places.First)); err != nil {
		return streams.Over
	}
	mostOfClient := cmp.Or(t.MaxRequest, machine.MaxMessage) // also for the first message of a server, which is short
	data, err := readFrame(r, mostOfClient)
	if err != nil {
		t.refuse(from, err)
		return slow(err, streams.Late)
	}
	if id, ok := readHello(data); ok {
		// A server may use any port of its own address.
		if t.address(id).Addr() != remote.Addr().Unmap() || !slices.Contains(t.servers, id) {
			t.inbox.Put(from, data) // The machine rejects and counts it.
			return streams.Over
		}
		t.places.Peer(g, id)
		return t.listen(g, r, id, 0, cmp.Or(t.MaxMessage, machine.MaxMessage))
	}
	if t.Private {
		t.warn("somebody who is not a server was refused", "from", spawn.Describe(from))
		return streams.Over
	}
	if !t.places.Client(g) {
		t.warn("a client was refused, as there are too many that are busy", "from", spawn.Describe(from), "places", t.places.Clients)
		return streams.Over
	}
	stop := t.answer(g.Conn, from)
	defer stop()
	if !t.inbox.Put(from, data) {
		return streams.Over
	}
	return t.listen(g, r, from, t.places.Idle, mostOfClient)
}

// listen delivers messages until the connection ends or nothing arrives for patience; 0 means no limit. A message
// that has begun must be completed soon, and has at most most bytes.
func (t *Transport) listen(g *streams.Guest, r *bufio.Reader, from actor.ID, patience time.Duration, most int) streams.Reason {
	for {
		var until time.Time
		if patience > 0 {
			until = time.Now().Add(patience)
		}
		if err := g.Conn.SetReadDeadline(until); err != nil {
			return streams.Over
		}
		if _, err := r.Peek(1); err != nil {
			return slow(err, streams.Idle)
		}
		if err := g.Conn.SetReadDeadline(time.Now().Add(t.places.Whole)); err != nil {
			return streams.Over
		}
		data, err := readFrame(r, most)
		if err != nil {
			t.refuse(from, err)
			return slow(err, streams.Late)
		}
		t.places.Said(g)
		if !t.inbox.Put(from, data) {
			return streams.Over
		}
	}
}

// slow returns why if err is a timeout, and streams.Over otherwise.
func slow(err error, why streams.Reason) streams.Reason {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return why
	}
	return streams.Over
}

// refuse passes a message that is too large to the machine, which rejects and counts it.
func (t *Transport) refuse(from actor.ID, err error) {
	if errors.Is(err, errTooLarge) {
		t.inbox.Put(from, streams.Oversized)
	}
}

// warn logs a warning, at most once per second.
func (t *Transport) warn(text string, args ...any) {
	if t.listener.Log == nil {
		return
	}
	t.mu.Lock()
	held, ok := t.warned.Allow(time.Since(t.began))
	t.mu.Unlock()
	if ok {
		t.listener.Log.Warn(text, append(args, "more", held)...)
	}
}

// Connections returns statistics on accepted connections.
func (t *Transport) Connections() spawn.Connections { return t.places.Count() }

// answer sends queued messages to a client until stop is called.
func (t *Transport) answer(conn net.Conn, id actor.ID) (stop func()) {
	queue, over := streams.NewByteQueue(), make(chan struct{})
	t.mu.Lock()
	t.clients[id] = queue
	t.mu.Unlock()
	var done sync.WaitGroup
	done.Go(func() {
		if err := write(conn, queue, over); err != nil {
			conn.Close() // This wakes the reader.
		}
	})
	return func() {
		t.mu.Lock()
		delete(t.clients, id)
		t.mu.Unlock()
		close(over)
		conn.Close()
		done.Wait()
	}
}

// write writes queued messages until over is closed. Messages written before an error may or may not have arrived and
// are not written again: messages arrive at most once and in order.
func write(conn net.Conn, queue *streams.Queue[[]byte], over <-chan struct{}) error {
	w := bufio.NewWriterSize(conn, bufferedOutput)
	for {
		var data []byte
		select {
		case data = <-queue.Messages:
		case <-over:
			return nil
		}
		if err := conn.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
			return err
		}
		for more := true; more; {
			queue.Taken(data)
			if err := WriteFrame(w, data); err != nil {
				return err
			}
			select { // Messages already queued are included.
			case data = <-queue.Messages:
			default:
				more = false
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
}
