// Package server is a server of "Paxos for System Builders" as a program: it orders the updates of clients with the other
// servers of a cluster, in the protocol that was published for that, over gRPC. It is made of package node.
package server

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"synod/actor"
	"synod/examples/systembuilders/hosts"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
	"synod/spawn/grpc"
	"synod/spawn/secure"
	"synod/spawn/streams"
)

const (
	// MaxUpdate is the most bytes of an update: the answer to a Prepare, which has at most 64 slots that are ordered and
	// as many that are not as the leader proposes for at once, stays below 3 MiB.
	MaxUpdate = 32 << 10
	// maxMessage is the most bytes of a message, from others too.
	maxMessage = 4 << 20
	// orderPatience is how long a client waits at most for its update to be ordered.
	orderPatience = time.Minute

	tick = 10 * time.Millisecond
)

// dialectKey is what a server has before its streams, and says first on those of others, if it knows what is not published.
const (
	dialectKey = "synod-paxospb"
	dialect    = "1"
)

// Member is a server. Hosts and Listener are required.
type Member struct {
	ID       int
	Hosts    hosts.List
	Listener *grpc.Listener // of Listen; Run closes it
	Dir      string         // of its file; empty for the working directory
	// New is set if a server without a file never ran before. Otherwise it may have lost its file, and takes no part before
	// the others have told what it may have promised, which those of the published library never do.
	New      bool
	Identity *secure.Identity // all servers and clients have one, or none; nil for none
	// Alone is how long the server tries to reach one of its peers before it gives up; 0 for 15 s. Once it has reached one, it
	// tries for ever.
	Alone time.Duration
	Log   *slog.Logger // at level Debug every message and timeout; nil for none

	tune func(*node.Config) // for tests, which have no time
}

// ErrAlone is returned by a server that has not reached any of its peers.
var ErrAlone = errors.New("none of the other servers was reached")

// server is one that runs.
type server struct {
	Member
	node  *node.Node
	store *store
	door  *grpc.Door
	links map[actor.ID]*grpc.Link[outgoing]
	heard chan struct{} // closed once a peer was reached
	once  sync.Once

	mu      sync.Mutex
	ordered map[rsm.ID]node.OrderedUpdate
	waiting map[rsm.ID][]chan<- node.OrderedUpdate
}

// Run serves until the context ends, which is no error.
func Run(ctx context.Context, c Member) error {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Alone == 0 {
		c.Alone = 15 * time.Second
	}
	defer c.Listener.Close()
	kept, err := openStore(c.Dir, c.ID, c.Hosts)
	if err != nil {
		return err
	}
	defer kept.Close()
	s := &server{
		Member: c, store: kept, door: grpc.NewDoor(c.Listener, streams.Usual), links: make(map[actor.ID]*grpc.Link[outgoing]),
		heard: make(chan struct{}), ordered: make(map[rsm.ID]node.OrderedUpdate),
		waiting: make(map[rsm.ID][]chan<- node.OrderedUpdate),
	}
	if err := s.start(); err != nil {
		return err
	}
	defer s.node.Stop()
	return s.run(ctx)
}

// Listen binds the address of a host, or the port on all addresses if the host's is not of this machine.
func Listen(h hosts.Host) (*grpc.Listener, error) {
	at := netip.AddrPortFrom(netip.IPv4Unspecified(), h.Port)
	if all, err := net.LookupIP(h.Name); err == nil {
		for _, ip := range all {
			if a, ok := netip.AddrFromSlice(ip.To4()); ok {
				if l, err := grpc.Listen(netip.AddrPortFrom(a, h.Port)); err == nil {
					return l, nil
				}
			}
		}
	}
	l, err := grpc.Listen(at)
	if err != nil {
		return nil, fmt.Errorf("the port %d of %s is in use: must be a free one", h.Port, h.Name)
	}
	return l, nil
}

// start starts the node with what was kept.
func (s *server) start() error {
	c := node.Config{ID: actor.ID(s.ID), NodeCount: len(s.Hosts), Logger: s.Log, RandSeed: seed()}
	if s.tune != nil {
		s.tune(&c)
	}
	state, found, err := s.store.Load()
	switch {
	case err != nil:
		return err
	case found:
		s.node, err = node.RestartNode(c, state)
	case s.New || len(s.Hosts) == 1:
		s.node, err = node.StartNode(c)
	default:
		s.Log.Warn("no file of this server: it takes part once enough others have said what it may have promised",
			"answers", len(s.Hosts)-actor.Majority(len(s.Hosts))+1)
		s.node, err = node.RejoinNode(c)
	}
	return err
}

func seed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // It never fails.
	return binary.LittleEndian.Uint64(b[:])
}

// run does what the node wants, until the context ends or something cannot be saved.
func (s *server) run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done sync.WaitGroup
	defer done.Wait()
	accepts, dials := grpc.Credentials(s.Identity)
	for i, h := range s.Hosts {
		if i != s.ID {
			k := s.link(h, dials)
			s.links[actor.ID(i)] = k
			done.Go(func() {
				if err := k.Run(ctx); err != nil {
					stop(err)
				}
			})
		}
	}
	front := grpc.NewServer(s.door.Guard(accepts), maxMessage)
	transportpb.RegisterPaxosTransportServer(front, &transport{server: s})
	transportpb.RegisterClientServiceServer(front, &clients{server: s})
	done.Go(func() { _ = front.Serve(s.door) }) // It ends by Stop.
	done.Go(func() { s.watch(ctx, stop) })
	err := s.loop(ctx)
	stop(nil)
	s.node.Stop()
	s.door.Close()
	front.Stop()
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// watch ends the server if it does not reach any other one in time.
func (s *server) watch(ctx context.Context, stop context.CancelCauseFunc) {
	if len(s.links) == 0 {
		return
	}
	alone := time.NewTimer(s.Alone)
	defer alone.Stop()
	select {
	case <-s.heard:
	case <-ctx.Done():
	case <-alone.C:
		stop(fmt.Errorf("%w in %v since the start; they must be at %v", ErrAlone, s.Alone, s.Hosts))
	}
}

// reached notes that another server was.
func (s *server) reached() { s.once.Do(func() { close(s.heard) }) }

// loop handles what the node gives: saves it, sends messages, and answers clients.
func (s *server) loop(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.node.Tick()
		case r := <-s.node.Ready():
			if r.PersistentState != nil {
				if err := s.store.Save(*r.PersistentState); err != nil {
					return fmt.Errorf("cannot save: %w", err)
				}
			}
			for _, m := range r.Messages {
				s.send(m)
			}
			for _, u := range r.OrderedUpdates {
				s.order(u)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// outgoing is a message that waits to be sent, as our server gets it.
type outgoing struct {
	message node.Message
	encoded *paxospb.Message
	size    int
}

// send queues a message, which is lost if too many wait.
func (s *server) send(m node.Message) {
	p, err := paxospb.Encode(m, len(s.Hosts), paxospb.Extended)
	if err == nil {
		err = s.links[m.To].Queue.Add(outgoing{m, p, proto.Size(p)})
	}
	if err != nil {
		s.Log.Debug("not sent", "to", m.To, "error", err)
	}
}

// link returns the way to another server, which begins in the published dialect and goes on in ours if the other side says
// that it knows it.
func (s *server) link(h hosts.Host, dials credentials.TransportCredentials) *grpc.Link[outgoing] {
	var extended extension
	return &grpc.Link[outgoing]{
		Address: h.String(), Credentials: dials, Log: s.Log,
		Queue: streams.NewQueue(func(o outgoing) int { return o.size }),
		Said:  extended.said,
		Open: func(ctx context.Context, conn rpc.ClientConnInterface) (grpc.Stream[outgoing], error) {
			ctx = metadata.AppendToOutgoingContext(ctx, dialectKey, dialect)
			stream, err := transportpb.NewPaxosTransportClient(conn).DeliverMessage(ctx, rpc.WaitForReady(true))
			if err != nil {
				return grpc.Stream[outgoing]{}, err
			}
			s.reached()
			return grpc.Stream[outgoing]{
				Send: func(o outgoing) error {
					p := o.encoded
					if !extended.Load() {
						var err error
						if p, err = paxospb.Encode(o.message, len(s.Hosts), paxospb.Published); err != nil {
							s.Log.Debug("not sent", "to", o.message.To, "error", err)
							return nil // as if it were lost
						}
					}
					return stream.Send(p)
				},
				Header: stream.Header,
				Ended:  func() error { return stream.RecvMsg(new(transportpb.Empty)) },
			}, nil
		},
	}
}

// speaks reports whether the other side of a call may speak as a server: it has a certificate for its host, or nobody has any.
func (s *server) speaks(ctx context.Context, id actor.ID) error {
	if id >= actor.ID(len(s.Hosts)) {
		return nil // The node refuses it.
	}
	return grpc.Speaks(ctx, s.Hosts[id].Name)
}

// order notes an update that is ordered, and answers who waits for it.
func (s *server) order(u node.OrderedUpdate) {
	id := idOf(u.Update)
	s.mu.Lock()
	s.ordered[id] = u
	waiting := s.waiting[id]
	delete(s.waiting, id)
	s.mu.Unlock()
	for _, w := range waiting {
		w <- u // There is room for it.
	}
}

func idOf(u node.Update) rsm.ID {
	return rsm.ID{Client: rsm.Client(u.ClientID), Local: rsm.Local(u.Timestamp)}
}

// await returns where an update is ordered, now or later. The function that comes with it ends the wait.
func (s *server) await(id rsm.ID) (<-chan node.OrderedUpdate, func()) {
	answer := make(chan node.OrderedUpdate, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, ok := s.ordered[id]; ok {
		answer <- u
		return answer, func() {}
	}
	s.waiting[id] = append(s.waiting[id], answer)
	return answer, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		left := s.waiting[id][:0]
		for _, w := range s.waiting[id] {
			if w != answer {
				left = append(left, w)
			}
		}
		if s.waiting[id] = left; len(left) == 0 {
			delete(s.waiting, id)
		}
	}
}
