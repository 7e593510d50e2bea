package server

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"synod/actor"
	"synod/examples/chatroom"
	"synod/examples/chatroom/wire"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/streams"
)

// Limits for clients.
const (
	// MaxClients is the maximum number of open client connections. For a new one, the one that has been silent longest
	// is closed.
	MaxClients = 1024

	inboxes   = 256              // queue length of requests and of messages between servers
	patience  = 10 * time.Second // time limit for reading or writing a frame
	pause     = time.Second      // after an accept error
	firstID   = actor.ID(1) << 48
	countEach = 64      // commands without an answer after which a connection sends a count
	countSize = 1 << 20 // bytes of commands without an answer after which it does, too
	counts    = 4       // maximum number of outstanding counts; meanwhile the connection is not read
)

// front is the transport of a server, with clients on one side, which use the chatroom's wire protocol, and the other
// servers on the other. To the actor each connection is a client with its own id.
type front struct {
	log      *slog.Logger
	peers    spawn.Transport
	servers  []actor.ID
	listener net.Listener
	inbox    *streams.Inbox // server messages take precedence, so that clients cannot block them
	ctx      context.Context
	cancel   context.CancelFunc
	done     sync.WaitGroup

	mu        sync.Mutex
	reception *chatroom.Reception
	guests    map[actor.ID]*guest
	silent    list.List // of guests, most recently active first
	next      actor.ID
}

func newFront(
	listener net.Listener, peers spawn.Transport, room chatroom.Config, session uint64, log *slog.Logger,
) *front {
	ctx, cancel := context.WithCancel(context.Background())
	f := &front{
		log: log, peers: peers, servers: room.Servers, listener: listener,
		inbox: streams.NewInboxOf(inboxes), ctx: ctx, cancel: cancel,
		reception: room.Reception(session), guests: make(map[actor.ID]*guest), next: firstID,
	}
	f.done.Go(f.accept)
	f.done.Go(f.hear)
	return f
}

// hear receives messages from the other servers.
func (f *front) hear() {
	for {
		from, data, err := f.peers.Receive(-1)
		if err != nil {
			return // The transport is closed.
		}
		if !f.inbox.PutUrgent(from, bytes.Clone(data)) {
			return
		}
	}
}

// Receive waits for a message of a server or a request of a client.
func (f *front) Receive(wait time.Duration) (actor.ID, []byte, error) { return f.inbox.Receive(wait) }

// Send sends a message to a server, or an answer to a client.
func (f *front) Send(to actor.ID, data []byte) error {
	if to < firstID {
		return f.peers.Send(to, data)
	}
	msg, err := chatroom.Messages.Decode(data)
	if err != nil {
		return fmt.Errorf("an answer: %w", err)
	}
	reply, ok := msg.(rsm.Reply[chatroom.Result])
	if !ok {
		return fmt.Errorf("%T is not for clients", msg)
	}
	f.mu.Lock()
	answer, tell := f.reception.Answer(reply.Answer)
	g := f.guests[to]
	f.mu.Unlock()
	switch {
	case g == nil:
		f.log.Debug("an answer came too late, as the client is gone", "client", to-firstID)
	case tell:
		g.tell(answer)
	default:
		g.counted()
	}
	return nil
}

// Close closes all connections and waits for the goroutines of newFront.
func (f *front) Close() error {
	f.cancel()
	f.inbox.Close()
	err := errors.Join(f.listener.Close(), f.peers.Close())
	f.mu.Lock()
	for _, g := range f.guests {
		g.conn.Close()
	}
	f.mu.Unlock()
	f.done.Wait()
	return err
}

// accept accepts client connections until the listener is closed.
func (f *front) accept() {
	for {
		conn, err := f.listener.Accept()
		switch {
		case err == nil:
			f.admit(conn)
		case f.ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		default:
			f.log.Warn("a client could not be accepted", "error", err)
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
				f.mu.Lock()
				f.evict()
				f.mu.Unlock()
			}
			select {
			case <-time.After(pause):
			case <-f.ctx.Done():
			}
		}
	}
}

// admit adds a client connection.
func (f *front) admit(conn net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx.Err() != nil {
		conn.Close()
		return
	}
	if len(f.guests) >= MaxClients {
		f.evict()
	}
	g := newGuest(f, f.next, conn)
	f.next++
	f.guests[g.id] = g
	g.place = f.silent.PushFront(g)
	f.log.Info("a client connected", "client", g.number(), "from", conn.RemoteAddr())
	f.done.Go(func() {
		why := g.serve()
		f.leave(g)
		f.log.Info("a client disconnected", "client", g.number(), "reason", why)
	})
}

// evict closes the connection that has been silent longest. Its place is free immediately.
func (f *front) evict() {
	if oldest := f.silent.Back(); oldest != nil {
		g := oldest.Value.(*guest)
		f.log.Warn("a client gave its place to another one, as it was silent for longest", "client", g.number())
		f.drop(g)
		g.conn.Close()
	}
}

func (f *front) leave(g *guest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(g)
	g.conn.Close()
}

func (f *front) drop(g *guest) {
	if f.guests[g.id] == g {
		delete(f.guests, g.id)
		f.silent.Remove(g.place)
	}
}

// command returns the request to the actor for a client's command.
func (f *front) command(g *guest, c wire.Command) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.guests[g.id] == g {
		f.silent.MoveToFront(g.place)
	}
	command, err := f.reception.Command(c)
	if err != nil {
		return nil, err
	}
	return request(command)
}

// count returns a request whose answer shows the progress of earlier ones.
func (f *front) count() ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return request(f.reception.Count())
}

func request(c rsm.Command[chatroom.Op]) ([]byte, error) {
	return chatroom.Messages.Append(nil, rsm.Request[chatroom.Op]{Command: c})
}
