// Package tcp carries messages on streams, each with its length before it, four bytes. A server keeps a connection to
// every other one, over which it sends, and connects again when it breaks; it says first who it is. Anybody else who
// connects is a client, and gets its answers on the same connection. Connections that say nothing, clients and servers have
// places of their own, and the one that has been silent for longest gives its place to a new one. What waits to be sent is bounded; beyond that,
// messages are lost.
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

// How patient a transport is.
const (
	writePatience  = 10 * time.Second // how long a write may take
	dialPatience   = 5 * time.Second
	shortestPause  = 10 * time.Millisecond // between two attempts to connect; it doubles with each
	longestPause   = time.Second
	bufferedOutput = 32 << 10
)

// Listener is a bound socket that does not serve yet.
type Listener struct {
	Log   *slog.Logger // of connections that are refused; nil for none
	inner *net.TCPListener
}

// Listen binds a socket at an IPv4 address. With port 0 it gets a free one.
func Listen(addr netip.AddrPort) (*Listener, error) {
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	return &Listener{inner: l}, nil
}

// Address is where the socket is.
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

	places *streams.Guests // of connections that were accepted
	began  time.Time

	mu     sync.Mutex
	warned spawn.Limiter
	// clients are the queues of connections of clients, by the id that their address makes.
	clients map[actor.ID]*streams.Queue[[]byte]
}

// Config is how servers find one another. The zero value is ids that stand for addresses, small messages, and clients too.
type Config struct {
	// Addresses are those of all servers, whose ids then are any numbers; nil for ids that stand for addresses.
	Addresses map[actor.ID]netip.AddrPort
	// MaxMessage is the most bytes of a message between servers; 0 for machine.MaxMessage.
	MaxMessage int
	// MaxRequest is the most bytes of a message of anybody else; 0 for machine.MaxMessage.
	MaxRequest int
	// Private turns away everybody but the servers.
	Private bool
}

// address returns where a server is. It is not valid for one that is nowhere.
func (c Config) address(id actor.ID) netip.AddrPort {
	if c.Addresses != nil {
		return c.Addresses[id]
	}
	addr, _ := spawn.AddressOf(id)
	return addr
}

// Serve starts to serve as one of servers: it accepts connections, and makes one to each of the others. Close ends it.
func Serve(l *Listener, self actor.ID, servers []actor.ID) *Transport {
	return serve(l, self, servers, Config{}, streams.Usual)
}

// Serve is the function Serve for servers that find one another in another way.
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

// Receive waits for a message, not longer than wait unless that is negative.
func (t *Transport) Receive(wait time.Duration) (actor.ID, []byte, error) {
	return t.inbox.Receive(wait)
}

// Send queues a message. It is lost if the queue is full, or the client is gone.
func (t *Transport) Send(to actor.ID, data []byte) error {
	data = slices.Clone(data)
	if to == t.self {
		return t.inbox.Offer(to, data)
	}
	for _, k := range t.links {
		if k.to == to {
			if spawn.IsHeartbeat(data) && len(k.queue.Messages) > 0 {
				return nil // What waits already tells as much, once it can be sent.
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

// Close closes all connections, and waits for what Serve started. What was queued is lost.
func (t *Transport) Close() error {
	t.cancel()
	t.inbox.Close()
	err := t.listener.Close()
	t.places.Close()
	t.done.Wait()
	return err
}

// accept takes connections until the listener is closed.
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

// serve reads what comes on a connection, and returns why it ended. The first message may say that the other side is a
// server; else it is a client.
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
	mostOfClient := cmp.Or(t.MaxRequest, machine.MaxMessage) // and of a server's first message, which is short
	data, err := readFrame(r, mostOfClient)
	if err != nil {
		t.refuse(from, err)
		return slow(err, streams.Late)
	}
	if id, ok := readHello(data); ok {
		// A server speaks from a port of its own choice, but from its own address.
		if t.address(id).Addr() != remote.Addr().Unmap() || !slices.Contains(t.servers, id) {
			t.inbox.Put(from, data) // The machine refuses it, and counts that.
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

// listen delivers one message after the other, until the connection ends, or nothing comes for as long as patience; 0 is for
// ever. A message that has begun must come to its end soon, and has most bytes at most.
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

// slow returns the reason if an error says that the time was over.
func slow(err error, why streams.Reason) streams.Reason {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return why
	}
	return streams.Over
}

// refuse lets the machine refuse, and count, a message that is too large to be read.
func (t *Transport) refuse(from actor.ID, err error) {
	if errors.Is(err, errTooLarge) {
		t.inbox.Put(from, streams.Oversized)
	}
}

// warn writes a line of the log, of which there is one per second at most.
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

// Connections returns how many connections were accepted, and what became of them.
func (t *Transport) Connections() spawn.Connections { return t.places.Count() }

// answer sends what is queued for a client, until stop is called.
func (t *Transport) answer(conn net.Conn, id actor.ID) (stop func()) {
	queue, over := streams.NewByteQueue(), make(chan struct{})
	t.mu.Lock()
	t.clients[id] = queue
	t.mu.Unlock()
	var done sync.WaitGroup
	done.Go(func() {
		if err := write(conn, queue, over); err != nil {
			conn.Close() // So that the reader notices.
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

// write writes what is queued, until over is closed. What was written before an error may have arrived or not, and is
// not written again: messages come at most once, and in order.
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
			select { // What is there already goes along.
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
