package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"synod/actor"
	"synod/examples/systembuilders/hosts"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
	"synod/spawn/grpc"
	"synod/spawn/streams"
)

// links are the links to other servers: to current and future members, and to servers that have a link to this one,
// so that any server that is behind learns it.
type links struct {
	server *server
	ctx    context.Context
	stop   context.CancelCauseFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	places  map[actor.ID]hosts.Host // from lists and from the servers themselves; addresses of members take precedence
	callers map[actor.ID]int        // number of streams from each other server
	of      map[actor.ID]*link
}

// link is an open link to another server.
type link struct {
	*grpc.Link[outgoing]
	place  hosts.Host
	cancel context.CancelFunc
}

// outgoing is a message that waits to be sent, encoded in the extended dialect.
type outgoing struct {
	message node.Message
	encoded *paxospb.Message
	size    int
}

func newLinks(ctx context.Context, stop context.CancelCauseFunc, s *server, places map[actor.ID]hosts.Host) *links {
	return &links{
		server: s, ctx: ctx, stop: stop, places: places, callers: make(map[actor.ID]int), of: make(map[actor.ID]*link),
	}
}

// place returns the address of a server. It requires l.mu.
func (l *links) place(id actor.ID) (hosts.Host, bool) {
	if h, ok := l.server.answers.place(id); ok {
		return h, true
	}
	h, ok := l.places[id]
	return h, ok
}

// at returns the address of a server.
func (l *links) at(id actor.ID) (hosts.Host, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.place(id)
}

// update opens links to the servers that need one, and closes the others. A server that is not a member does not know
// the members, and tries all servers.
func (l *links) update(members []actor.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	want := slices.Clone(members)
	for id := range l.callers {
		want = append(want, id)
	}
	if !slices.Contains(members, actor.ID(l.server.ID)) {
		for id := range l.places {
			want = append(want, id)
		}
	}
	for id, k := range l.of {
		if h, ok := l.place(id); !slices.Contains(want, id) || !ok || h != k.place {
			k.cancel()
			delete(l.of, id)
		}
	}
	slices.Sort(want)
	for _, id := range slices.Compact(want) {
		h, ok := l.place(id)
		if _, open := l.of[id]; open || !ok || id == actor.ID(l.server.ID) || l.ctx.Err() != nil {
			continue
		}
		ctx, cancel := context.WithCancel(l.ctx)
		k := &link{l.server.link(h), h, cancel}
		l.of[id] = k
		l.done.Go(func() {
			defer cancel()
			if err := k.Run(ctx); err != nil {
				l.stop(err)
			}
		})
	}
}

// calls records that a server has opened a stream, and the address that the server announced. The returned function
// records the end of the stream.
func (l *links) calls(id actor.ID, at hosts.Host) (ended func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places[id] = at
	l.callers[id]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.callers[id]--; l.callers[id] == 0 {
			delete(l.callers, id)
		}
	}
}

// send queues a message. It is lost if the queue is full, or if there is no link.
func (l *links) send(m node.Message) {
	l.mu.Lock()
	k := l.of[m.To]
	l.mu.Unlock()
	if k == nil {
		return
	}
	p, err := paxospb.Encode(m, l.server.nodes(), paxospb.Extended)
	if err == nil {
		err = k.Queue.Add(outgoing{m, p, proto.Size(p)})
	}
	if err != nil {
		l.server.Log.Debug("not sent", "to", m.To, "error", err)
	}
}

// meets waits until this server and the one at an address have reached each other.
func (l *links) meets(ctx context.Context, id actor.ID, at hosts.Host) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.server.patience, joinPatience))
	defer cancel()
	for {
		l.mu.Lock()
		said, calls, k := l.places[id], l.callers[id] > 0, l.of[id]
		l.mu.Unlock()
		switch {
		case calls && said != at:
			return status.Errorf(codes.FailedPrecondition, "server %v says that it is at %v, not at %v", id, said, at)
		case calls && k != nil && k.Up():
			return nil
		}
		select {
		case <-time.After(tick):
		case <-ctx.Done():
			return status.Errorf(codes.FailedPrecondition,
				"server %v at %v and server %d have not reached each other: must be started with --join first", id, at, l.server.ID)
		}
	}
}

// any reports whether there is another server to reach.
func (l *links) any() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.of) > 0
}

// link returns a link to another server. It begins in the published dialect, and continues in the extended one if the
// other side announces it. If the members may change, only the extended dialect is used.
func (s *server) link(h hosts.Host) *grpc.Link[outgoing] {
	var extended extension
	_, dials := grpc.Credentials(s.Identity)
	return &grpc.Link[outgoing]{
		Address: h.String(), Credentials: dials, Pings: grpc.Anybodys, Log: s.Log,
		Queue: streams.NewQueue(func(o outgoing) int { return o.size }),
		Said:  extended.said,
		Open: func(ctx context.Context, conn rpc.ClientConnInterface) (grpc.Stream[outgoing], error) {
			ctx = metadata.NewOutgoingContext(ctx, s.announces())
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
						if p, err = paxospb.Encode(o.message, s.nodes(), paxospb.Published); err != nil || s.changing {
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

// The metadata that a server sends when it opens a stream, and as the header of the streams of others.
const (
	// dialectKey is present if the server knows the extended dialect.
	dialectKey = "synod-paxospb"
	dialect    = "3"
	// clusterKey is present if the members may change, and names the cluster.
	clusterKey = "synod-paxos-cluster"
	// addressKey is the address of the server, and serverKey its id, if the members may change.
	addressKey = "synod-paxos-address"
	serverKey  = "synod-paxos-server"
)

// announces returns the metadata that this server sends first.
func (s *server) announces() metadata.MD {
	md := metadata.Pairs(dialectKey, dialect)
	if s.changing {
		md.Set(clusterKey, s.cluster)
		md.Set(addressKey, s.Hosts[s.ID].String())
		md.Set(serverKey, fmt.Sprint(s.ID))
	}
	return md
}

// alike returns an error if the metadata is known to come from a server of another cluster.
func (s *server) alike(md metadata.MD) error {
	own := []string(nil)
	if s.changing {
		own = []string{s.cluster}
	}
	if got := md.Get(clusterKey); !slices.Equal(got, own) {
		return status.Errorf(codes.FailedPrecondition, "a server of another cluster, %q: must be of %q; all servers of a cluster "+
			"have the same list at first, and either none of them or all have --changing", got, own)
	}
	return nil
}

// calls records the address of a server that has opened a stream, and returns a function that records the end of the
// stream.
func (s *server) calls(ctx context.Context, said metadata.MD) (ended func(), err error) {
	ids, places := said.Get(serverKey), said.Get(addressKey)
	if len(ids) != 1 || len(places) != 1 {
		return nil, status.Error(codes.InvalidArgument, "a server must say who and where it is")
	}
	id, err := strconv.ParseUint(ids[0], 10, 32)
	if err != nil || id >= hosts.MaxServers {
		return nil, status.Errorf(codes.InvalidArgument, "server %q: must be 0 to %d", ids[0], hosts.MaxServers-1)
	}
	at, err := hosts.Parse(places[0])
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if err := grpc.Speaks(ctx, at.Name); err != nil {
		return nil, status.Error(codes.PermissionDenied, err.Error())
	}
	return s.links.calls(actor.ID(id), at), nil
}

// String returns the addresses of all servers that this one has heard of.
func (l *links) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all hosts.List
	for _, id := range slices.Sorted(maps.Keys(l.places)) {
		all = append(all, l.places[id])
	}
	return all.String()
}
