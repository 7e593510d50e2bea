// Package tcp carries messages on streams, each with its length before it, four bytes. A server keeps a connection to
// every other one, over which it sends, and connects again when it breaks; it says first who it is. Anybody else who
// connects is a client, and gets its answers on the same connection. What waits to be sent is bounded; beyond that,
// messages are lost.
package tcp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
)

// Bounds of a transport.
const (
	MaxQueue   = 1024 // messages that wait to be sent on a connection, and such that wait to be received by all together
	MaxClients = 1024 // connections that were accepted and are open

	writePatience  = 10 * time.Second // how long a write may take
	dialPatience   = 5 * time.Second
	shortestPause  = 10 * time.Millisecond // between two attempts to connect; it doubles with each
	longestPause   = time.Second
	bufferedOutput = 32 << 10
)

// Listener is a bound socket that does not serve yet.
type Listener struct{ inner *net.TCPListener }

// Listen binds a socket at an IPv4 address. With port 0 it gets a free one.
func Listen(addr netip.AddrPort) (*Listener, error) {
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	return &Listener{l}, nil
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
	self     actor.ID
	servers  []actor.ID
	listener *Listener
	inbox    chan packet
	links    []*link // to the other servers
	ctx      context.Context
	cancel   context.CancelFunc
	done     sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // that were accepted
	// clients are the queues of connections of clients, by the id that their address makes.
	clients map[actor.ID]chan []byte
}

// Serve starts to serve as one of servers: it accepts connections, and makes one to each of the others. Close ends it.
func Serve(l *Listener, self actor.ID, servers []actor.ID) *Transport {
	ctx, cancel := context.WithCancel(context.Background())
	t := &Transport{
		self: self, servers: servers, listener: l, inbox: make(chan packet, MaxQueue), ctx: ctx, cancel: cancel,
		conns: make(map[net.Conn]bool), clients: make(map[actor.ID]chan []byte),
	}
	for _, id := range actor.Others(servers, self) {
		k := &link{to: id, queue: make(chan []byte, MaxQueue)}
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

// errFull tells that too much waits for somebody who is slow or away.
var errFull = errors.New("too many messages wait for the recipient")

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
			return enqueue(k.queue, data)
		}
	}
	t.mu.Lock()
	queue := t.clients[to]
	t.mu.Unlock()
	if queue == nil {
		return fmt.Errorf("%s has no connection", spawn.Describe(to))
	}
	return enqueue(queue, data)
}

func enqueue(queue chan []byte, data []byte) error {
	select {
	case queue <- data:
		return nil
	default:
		return errFull
	}
}

// Close closes all connections, and waits for what Serve started. What was queued is lost.
func (t *Transport) Close() error {
	t.cancel()
	err := t.listener.Close()
	t.mu.Lock()
	for conn := range t.conns {
		conn.Close()
	}
	t.mu.Unlock()
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
			select { // Too many open files, for example: that may pass.
			case <-time.After(longestPause):
				continue
			case <-t.ctx.Done():
				return
			}
		}
		t.mu.Lock()
		full := len(t.conns) >= MaxClients || t.ctx.Err() != nil
		if !full {
			t.conns[conn] = true
		}
		t.mu.Unlock()
		if full {
			conn.Close()
			continue
		}
		t.done.Go(func() {
			t.serve(conn)
			conn.Close()
			t.mu.Lock()
			delete(t.conns, conn)
			t.mu.Unlock()
		})
	}
}

// serve reads what comes on a connection. The first message may say that the other side is a server; else it is a
// client.
func (t *Transport) serve(conn net.Conn) {
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return
	}
	from, err := spawn.IDOf(remote)
	if err != nil {
		return
	}
	r := bufio.NewReader(conn)
	data, err := ReadFrame(r)
	if id, ok := readHello(data); ok && err == nil {
		// A server speaks from a port of its own choice, but from its own address.
		addr, known := spawn.AddressOf(id)
		if !known || addr.Addr() != remote.Addr().Unmap() || !slices.Contains(t.servers, id) {
			t.deliver(from, data) // The machine refuses it, and counts that.
			return
		}
		from = id
		data, err = ReadFrame(r)
	} else {
		stop := t.answer(conn, from)
		defer stop()
	}
	for ; err == nil; data, err = ReadFrame(r) {
		if !t.deliver(from, data) {
			return
		}
	}
	if errors.Is(err, errTooLarge) {
		t.deliver(from, oversized)
	}
}

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
	queue, over := make(chan []byte, MaxQueue), make(chan struct{})
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
func write(conn net.Conn, queue <-chan []byte, over <-chan struct{}) error {
	w := bufio.NewWriterSize(conn, bufferedOutput)
	for {
		var data []byte
		select {
		case data = <-queue:
		case <-over:
			return nil
		}
		if err := conn.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
			return err
		}
		for more := true; more; {
			if err := WriteFrame(w, data); err != nil {
				return err
			}
			select { // What is there already goes along.
			case data = <-queue:
			default:
				more = false
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
}
