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

// links are the ways to other servers: to members, to those who are going to be some, and to those who have a way to this
// one, so that any server that is behind learns it.
type links struct {
	server *server
	ctx    context.Context
	stop   context.CancelCauseFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	places  map[actor.ID]hosts.Host // as told by lists and by servers themselves; those of members come before
	callers map[actor.ID]int        // streams of others
	of      map[actor.ID]*link
}

// link is a way to another server that is in use.
type link struct {
	*grpc.Link[outgoing]
	place  hosts.Host
	cancel context.CancelFunc
}

// outgoing is a message that waits to be sent, as our server gets it.
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

// place returns where a server is.
func (l *links) place(id actor.ID) (hosts.Host, bool) {
	if h, ok := l.server.answers.place(id); ok {
		return h, true
	}
	h, ok := l.places[id]
	return h, ok
}

// at returns where a server is.
func (l *links) at(id actor.ID) (hosts.Host, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.place(id)
}

// update opens links to those that there are to be, and closes the others. Servers that are no members do not know who
// is, and try all.
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

// calls notes that a server has opened a stream, and where it says to be. The function that is returned notes its end.
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

// send queues a message, which is lost if too many wait, or if there is no way.
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

// meets waits until this server and one that is at a place have reached each other.
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

// link returns the way to another server, which begins in the published dialect and goes on in ours if the other side
// says that it knows it. Members that change speak only with their like.
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

// What a server has before its streams, and says first on those of others.
const (
	// dialectKey is there if it knows what is not published.
	dialectKey = "synod-paxospb"
	dialect    = "2"
	// clusterKey is there if the members may change, and names the cluster.
	clusterKey = "synod-paxos-cluster"
	// addressKey is where the server is, and serverKey who it is, if the members may change.
	addressKey = "synod-paxos-address"
	serverKey  = "synod-paxos-server"
)

// announces returns what this server says first.
func (s *server) announces() metadata.MD {
	md := metadata.Pairs(dialectKey, dialect)
	if s.changing {
		md.Set(clusterKey, s.cluster)
		md.Set(addressKey, s.Hosts[s.ID].String())
		md.Set(serverKey, fmt.Sprint(s.ID))
	}
	return md
}

// alike returns an error for a server of another cluster, as far as that is known.
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

// calls notes where a server is that has opened a stream, and returns what notes the end.
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

// String is where all are that this server has heard of.
func (l *links) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all hosts.List
	for _, id := range slices.Sorted(maps.Keys(l.places)) {
		all = append(all, l.places[id])
	}
	return all.String()
}
