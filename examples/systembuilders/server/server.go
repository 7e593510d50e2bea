// Package server is a server program of "Paxos for System Builders": together with the other servers of a cluster, it
// orders the updates of clients, in the published protocol, over gRPC. It is built on package node.
package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"synod/actor"
	"synod/examples/systembuilders/hosts"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/transportpb"
	"synod/spawn/grpc"
	"synod/spawn/secure"
	"synod/spawn/streams"
	"synod/storage"
)

const (
	// MaxUpdate is the maximum number of bytes of an update.
	MaxUpdate = 32 << 10
	// slotUpdates is the maximum number of updates in a slot, if all servers support slots with several.
	slotUpdates = 64
	// maxMessage is the maximum number of bytes of a message, sent or received.
	maxMessage = 4 << 20
	// orderPatience is the maximum time that a client waits for its update to be ordered.
	orderPatience = time.Minute

	tick = 10 * time.Millisecond
)

// Member is the configuration of a server. Hosts and Listener are required.
type Member struct {
	ID       int
	Hosts    hosts.List
	Listener *grpc.Listener // from Listen; Run closes it
	Dir      string         // of the server's file; empty means the working directory
	// New means that a server without a file never ran before. Otherwise it may have lost its file, and does not take
	// part before the others have reported what it may have promised; servers of the published library never do.
	New bool
	// Changing means that the members of the cluster may change: Hosts are the first members, and a server without a
	// file must be New or Join. If there is a file, New, Changing and Join have no effect.
	Changing bool
	// Join is set for a server that is not one of the first members. It asks the other Hosts for them.
	Join     bool
	Identity *secure.Identity // either all servers and clients have one, or none; nil for none
	// Alone is how long the server tries to reach one of its peers before it gives up; 0 means 15 s. Once it has reached
	// one, it tries forever.
	Alone time.Duration
	Log   *slog.Logger // receives every message and timeout at level Debug; nil disables logging

	tune     func(*node.Config) // for tests, to speed them up
	patience time.Duration      // see joinPatience, the default
}

// ErrAlone is returned by a server that has not reached any of its peers.
var ErrAlone = errors.New("none of the other servers was reached")

// ErrMistake is returned by a server that must not be started with its configuration.
var ErrMistake = errors.New("the server must not be started like this")

// server is a running server.
type server struct {
	Member
	changing bool
	cluster  string     // its name
	first    hosts.List // the first members, if they may change
	node     *node.Node
	store    *store
	door     *grpc.Door
	links    *links
	answers  *answers
	old      chan *node.Snapshot // snapshots that the node is to keep instead of updates
	heard    chan struct{}       // closed once a peer was reached
	once     sync.Once
	member   atomic.Bool
}

// Run serves until the context ends, which is not an error.
func Run(ctx context.Context, c Member) error {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Alone == 0 {
		c.Alone = 15 * time.Second
	}
	defer c.Listener.Close()
	s := &server{
		Member: c, door: grpc.NewDoor(c.Listener, streams.Usual), old: make(chan *node.Snapshot, 1), heard: make(chan struct{}),
	}
	places, err := s.place(ctx)
	if err != nil {
		return err
	}
	if s.store, err = openStore(c.Dir, c.ID, s.cluster); err != nil {
		return err
	}
	defer s.store.Close()
	if err := s.start(); err != nil {
		return err
	}
	defer s.node.Stop()
	return s.run(ctx, places)
}

// place determines the cluster of the server, and returns the addresses of the others.
func (s *server) place(ctx context.Context) (places map[actor.ID]hosts.Host, err error) {
	places = bookOfList(s.Hosts)
	path := filepath.Join(cmp.Or(s.Dir, "."), storage.Name(actor.ID(s.ID)))
	switch report, err := storage.Inspect(path); {
	case err == nil:
		s.first, s.changing, err = firstOf(report.Identity.Cluster)
		if err != nil || !s.changing && (s.Changing || s.Join) {
			return nil, fmt.Errorf("%w: %s is of a cluster whose members never change", ErrMistake, path)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case s.Join:
		var now map[actor.ID]hosts.Host
		if s.first, now, err = join(ctx, s.Member); err != nil {
			return nil, err
		}
		s.changing = true
		maps.Copy(places, now)
	case s.Changing && !s.New:
		return nil, fmt.Errorf("%w: there is no %s: a server of a cluster that begins must be new, one that joins must join, and "+
			"one that lost its file must be replaced by one with another id", ErrMistake, path)
	default:
		s.first, s.changing = s.Hosts, s.Changing
	}
	if s.changing {
		s.cluster = clusterOf(s.first, true)
		s.answers = newAnswers(bookOfList(s.first))
		return places, nil
	}
	s.cluster = clusterOf(s.Hosts, false)
	s.answers = newAnswers(nil)
	s.member.Store(true)
	return places, nil
}

// nodes returns the number of servers, or 0 if it may change.
func (s *server) nodes() int {
	if s.changing {
		return 0
	}
	return len(s.Hosts)
}

// Listen listens on the address of a host, or on its port on all addresses if the host's address is not of this
// machine.
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

// start starts the node from the saved state, if there is one.
func (s *server) start() error {
	c := node.Config{ID: actor.ID(s.ID), NodeCount: len(s.Hosts), Logger: s.Log, RandSeed: seed()}
	if s.changing {
		c.NodeCount, c.Window, c.Delay = hosts.MaxServers, window, window
		c.Batch, c.Bytes = slotUpdates, MaxUpdate // All members know the extended dialect.
		c.Members, c.Change = actor.IDs(len(s.first)), changeMembers
	}
	if s.tune != nil {
		s.tune(&c)
	}
	state, found, err := s.store.Load()
	switch {
	case err != nil:
		return err
	case found:
		s.node, err = node.RestartNode(c, state)
	case s.New || s.changing || len(s.Hosts) == 1: // A file without a state promised nothing.
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

// run serves the node until the context ends, or until saving fails.
func (s *server) run(ctx context.Context, places map[actor.ID]hosts.Host) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done sync.WaitGroup
	defer done.Wait()
	s.links = newLinks(ctx, stop, s, places)
	defer s.links.done.Wait()
	s.links.update(s.node.Status().Members)
	accepts, _ := grpc.Credentials(s.Identity)
	front := grpc.NewServer(s.door.Guard(accepts), maxMessage)
	transportpb.RegisterPaxosTransportServer(front, &transport{server: s})
	transportpb.RegisterClientServiceServer(front, &clients{server: s})
	transportpb.RegisterMembershipServiceServer(front, &membership{server: s})
	done.Go(func() { s.collect(ctx) })
	done.Go(func() { _ = front.Serve(s.door) }) // Stop ends it.
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

// watch stops the server if it does not reach another one in time.
func (s *server) watch(ctx context.Context, stop context.CancelCauseFunc) {
	if !s.links.any() {
		return
	}
	alone := time.NewTimer(s.Alone)
	defer alone.Stop()
	select {
	case <-s.heard:
	case <-ctx.Done():
	case <-alone.C:
		stop(fmt.Errorf("%w in %v since the start; they must be at %v", ErrAlone, s.Alone, s.links))
	}
}

// reached records that another server was reached.
func (s *server) reached() { s.once.Do(func() { close(s.heard) }) }

// loop processes each Ready of the node: it saves the state, sends messages, and answers clients.
func (s *server) loop(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.node.Tick()
			if s.changing {
				s.follow()
			}
		case r := <-s.node.Ready():
			if r.PersistentState != nil {
				if err := s.store.Save(*r.PersistentState); err != nil {
					return fmt.Errorf("cannot save: %w", err)
				}
			}
			for _, m := range r.Messages {
				s.links.send(m)
			}
			if err := s.apply(r); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// follow updates the links to the members, and logs when this server is no longer a member.
func (s *server) follow() {
	st := s.node.Status()
	s.links.update(st.Members)
	is := slices.Contains(st.Members, actor.ID(s.ID))
	if was := s.member.Swap(is); was && !is {
		s.Log.Warn("this server is no member any more, and may be stopped", "members", st.Members)
	}
}

// apply executes the updates of a Ready, and queues a snapshot for the node from time to time.
func (s *server) apply(r node.Ready) error {
	old, err := s.answers.take(r)
	if err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	select {
	case <-s.old: // A newer snapshot replaces it.
	default:
	}
	s.old <- old
	return nil
}

// collect passes snapshots to the node. This blocks until the node has room, which the loop makes.
func (s *server) collect(ctx context.Context) {
	for {
		select {
		case old := <-s.old:
			if err := s.node.Compact(ctx, *old); err != nil && ctx.Err() == nil {
				s.Log.Warn("updates are not forgotten", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// speaks returns nil if the other side of a call may speak as a server: if it has a certificate for its host, or if
// certificates are not used.
func (s *server) speaks(ctx context.Context, id actor.ID) error {
	h, ok := s.links.at(id)
	switch {
	case ok:
	case s.changing:
		return fmt.Errorf("server %v has not said where it is", id)
	default:
		return nil // The node rejects it.
	}
	return grpc.Speaks(ctx, h.Name)
}
