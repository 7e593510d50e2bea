// Package tcp carries messages on streams, each with its length before it, four bytes. A server keeps a connection to
// every other one, over which it sends, and connects again when it breaks; it says first who it is. Anybody else who
// connects is a client, and gets its answers on the same connection. Connections that say nothing, clients and servers have
// places of their own, and the one that has been silent for longest gives its place to a new one. What waits to be sent is bounded; beyond that,
// messages are lost.
package tcp

import (
	"bufio"
	"cmp"
	"container/list"
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
)

// Bounds of a transport.
const (
	MaxQueue     = 1024     // messages that wait to be sent on a connection, and such that wait to be received by all together
	maxWaiting   = 64 << 20 // bytes that wait to be sent on a connection, but for a lone message
	MaxClients   = 1024     // connections of clients
	MaxStrangers = 256      // connections that have not said yet who they are
	maxPerPeer   = 4        // connections of one server, of which it uses the last

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

// packet is a message that came.
type packet struct {
	from actor.ID
	data []byte
}

// Transport is a transport over TCP. It is safe for concurrent use.
type Transport struct {
	Config
	self     actor.ID
	servers  []actor.ID
	listener *Listener
	inbox    chan packet
	links    []*link // to the other servers
	ctx      context.Context
	cancel   context.CancelFunc
	done     sync.WaitGroup

	places places // of connections that were accepted
	began  time.Time

	mu     sync.Mutex
	warned spawn.Limiter
	// clients are the queues of connections of clients, by the id that their address makes.
	clients map[actor.ID]*queue
}

// Config is how servers find one another. The zero value is ids that stand for addresses, small messages, and clients too.
type Config struct {
	// Addresses are those of all servers, whose ids then are any numbers; nil for ids that stand for addresses.
	Addresses map[actor.ID]netip.AddrPort
	// MaxMessage is the most bytes of a message between servers; 0 for machine.MaxMessage.
	MaxMessage int
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
	return serve(l, self, servers, Config{}, usualLimits)
}

// Serve is the function Serve for servers that find one another in another way.
func (c Config) Serve(l *Listener, self actor.ID, servers []actor.ID) *Transport {
	return serve(l, self, servers, c, usualLimits)
}

func serve(l *Listener, self actor.ID, servers []actor.ID, c Config, bounds limits) *Transport {
	ctx, cancel := context.WithCancel(context.Background())
	t := &Transport{
		Config: c, self: self, servers: servers, listener: l, inbox: make(chan packet, MaxQueue), ctx: ctx, cancel: cancel,
		places: places{limits: bounds, peers: make(map[actor.ID]*list.List)}, began: time.Now(),
		clients: make(map[actor.ID]*queue),
	}
	for _, id := range actor.Others(servers, self) {
		k := &link{to: id, addr: c.address(id), queue: newQueue()}
		t.links = append(t.links, k)
		t.done.Go(func() { k.run(ctx, self) })
	}
	t.done.Go(t.accept)
	return t
}

// Receive waits for a message, not longer than wait unless that is negative.
func (t *Transport) Receive(wait time.Duration) (actor.ID, []byte, error) {
	return receive(t.inbox, t.ctx.Done(), wait)
}

// receive takes what came, and waits for it until closed is, not longer than wait unless that is negative.
func receive(inbox <-chan packet, closed <-chan struct{}, wait time.Duration) (actor.ID, []byte, error) {
	if wait == 0 {
		select {
		case p := <-inbox:
			return p.from, p.data, nil
		default:
		}
	}
	var over <-chan time.Time
	if wait >= 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case p := <-inbox:
		return p.from, p.data, nil
	case <-over:
		return 0, nil, os.ErrDeadlineExceeded
	case <-closed:
		return 0, nil, net.ErrClosed
	}
}

// Send queues a message. It is lost if the queue is full, or the client is gone.
func (t *Transport) Send(to actor.ID, data []byte) error {
	data = slices.Clone(data)
	if to == t.self {
		select {
		case t.inbox <- packet{to, data}:
			return nil
		default:
			return errFull
		}
	}
	for _, k := range t.links {
		if k.to == to {
			if spawn.IsHeartbeat(data) && len(k.queue.messages) > 0 {
				return nil // What waits already tells as much, once it can be sent.
			}
			return k.queue.add(data)
		}
	}
	t.mu.Lock()
	queue := t.clients[to]
	t.mu.Unlock()
	if queue == nil {
		return fmt.Errorf("%s has no connection", spawn.Describe(to))
	}
	return queue.add(data)
}

// Close closes all connections, and waits for what Serve started. What was queued is lost.
func (t *Transport) Close() error {
	t.cancel()
	err := t.listener.Close()
	t.places.close()
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
			if (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)) && t.places.starved() {
				pause = shortestPause
			}
			select {
			case <-time.After(pause):
				continue
			case <-t.ctx.Done():
				return
			}
		}
		g, ok := t.places.admit(conn)
		if !ok {
			conn.Close()
			continue
		}
		t.done.Go(func() { t.places.gone(g, t.serve(g)) })
	}
}

// serve reads what comes on a connection, and returns why it ended. The first message may say that the other side is a
// server; else it is a client.
func (t *Transport) serve(g *guest) reason {
	remote, err := netip.ParseAddrPort(g.conn.RemoteAddr().String())
	if err != nil {
		return over
	}
	from, err := spawn.IDOf(remote)
	if err != nil {
		return over
	}
	r := bufio.NewReader(g.conn)
	if err := g.conn.SetReadDeadline(time.Now().Add(t.places.first)); err != nil {
		return over
	}
	data, err := ReadFrame(r)
	if err != nil {
		t.refuse(from, err)
		return slow(err, late)
	}
	if id, ok := readHello(data); ok {
		// A server speaks from a port of its own choice, but from its own address.
		if t.address(id).Addr() != remote.Addr().Unmap() || !slices.Contains(t.servers, id) {
			t.deliver(from, data) // The machine refuses it, and counts that.
			return over
		}
		t.places.peer(g, id)
		return t.listen(g, r, id, 0, cmp.Or(t.MaxMessage, machine.MaxMessage))
	}
	if t.Private {
		t.warn("somebody who is not a server was refused", "from", spawn.Describe(from))
		return over
	}
	if !t.places.client(g) {
		t.warn("a client was refused, as there are too many that are busy", "from", spawn.Describe(from), "places", t.places.limits.clients)
		return over
	}
	stop := t.answer(g.conn, from)
	defer stop()
	if !t.deliver(from, data) {
		return over
	}
	return t.listen(g, r, from, t.places.idle, machine.MaxMessage)
}

// listen delivers one message after the other, until the connection ends, or nothing comes for as long as patience; 0 is for
// ever. A message that has begun must come to its end soon, and has most bytes at most.
func (t *Transport) listen(g *guest, r *bufio.Reader, from actor.ID, patience time.Duration, most int) reason {
	for {
		var until time.Time
		if patience > 0 {
			until = time.Now().Add(patience)
		}
		if err := g.conn.SetReadDeadline(until); err != nil {
			return over
		}
		if _, err := r.Peek(1); err != nil {
			return slow(err, idle)
		}
		if err := g.conn.SetReadDeadline(time.Now().Add(t.places.whole)); err != nil {
			return over
		}
		data, err := readFrame(r, most)
		if err != nil {
			t.refuse(from, err)
			return slow(err, late)
		}
		t.places.said(g)
		if !t.deliver(from, data) {
			return over
		}
	}
}

// slow returns the reason if an error says that the time was over.
func slow(err error, why reason) reason {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return why
	}
	return over
}

// refuse lets the machine refuse, and count, a message that is too large to be read.
func (t *Transport) refuse(from actor.ID, err error) {
	if errors.Is(err, errTooLarge) {
		t.deliver(from, oversized)
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
func (t *Transport) Connections() spawn.Connections { return t.places.count() }

// oversized stands for a message that is too large to be read; nobody looks into it.
var oversized = make([]byte, machine.MaxMessage+1)

// deliver hands a message to Receive, and tells whether anybody is there.
func (t *Transport) deliver(from actor.ID, data []byte) bool {
	select {
	case t.inbox <- packet{from, data}:
		return true
	case <-t.ctx.Done():
		return false
	}
}

// answer sends what is queued for a client, until stop is called.
func (t *Transport) answer(conn net.Conn, id actor.ID) (stop func()) {
	queue, over := newQueue(), make(chan struct{})
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
func write(conn net.Conn, queue *queue, over <-chan struct{}) error {
	w := bufio.NewWriterSize(conn, bufferedOutput)
	for {
		var data []byte
		select {
		case data = <-queue.messages:
		case <-over:
			return nil
		}
		if err := conn.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
			return err
		}
		for more := true; more; {
			queue.taken(data)
			if err := WriteFrame(w, data); err != nil {
				return err
			}
			select { // What is there already goes along.
			case data = <-queue.messages:
			default:
				more = false
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
}
