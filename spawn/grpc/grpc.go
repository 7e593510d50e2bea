// Package grpc is a gRPC transport for messages of any actors: frames of bytes, over one long-lived stream from each
// server to every other one, and a bidirectional stream for each client. Send queues are bounded; when they are full,
// messages are lost. The schema is in package framepb. Link and Door can also be used by services with other schemas.
package grpc

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/grpc/framepb"
	"synod/spawn/machine"
	"synod/spawn/secure"
	"synod/spawn/streams"
)

// Limits of a server.
const (
	maxStreams = 16      // concurrent calls on a connection
	maxHeaders = 8 << 10 // header bytes of a call
	overhead   = 16      // bytes of a frame in addition to its message
)

// serverKey is the metadata key of a server's stream; its value is the server's id, in decimal.
const serverKey = "synod-server"

// Credentials returns the credentials of a server and of its clients. Without an identity nothing is authenticated or
// encrypted.
func Credentials(i *secure.Identity) (server, client credentials.TransportCredentials) {
	if i == nil {
		return insecure.NewCredentials(), insecure.NewCredentials()
	}
	return credentials.NewTLS(i.Server()), credentials.NewTLS(i.Client())
}

// NewServer returns a server with only the reflection and health services. Messages have at most the given number of
// bytes.
func NewServer(c credentials.TransportCredentials, most int) *rpc.Server {
	s := rpc.NewServer(
		rpc.Creds(c),
		rpc.ConnectionTimeout(dialPatience),
		rpc.WaitForHandlers(true),
		rpc.MaxConcurrentStreams(maxStreams),
		rpc.MaxHeaderListSize(maxHeaders),
		rpc.MaxRecvMsgSize(most),
		rpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery, Timeout: pingPatience}),
		rpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingEvery / 2, PermitWithoutStream: true}),
	)
	healthpb.RegisterHealthServer(s, health.NewServer())
	reflection.Register(s)
	return s
}

// Transport is a transport over gRPC. It is safe for concurrent use.
type Transport struct {
	self    actor.ID
	servers []actor.ID
	door    *Door
	server  *rpc.Server
	inbox   *streams.Inbox
	links   map[actor.ID]*Link[[]byte] // to the other servers
	inbound map[actor.ID]*inbound      // from the other servers
	cancel  context.CancelFunc
	done    sync.WaitGroup

	mu sync.Mutex
	// clients are the queues of client connections, by the id derived from their address.
	clients map[actor.ID]*streams.Queue[[]byte]
}

// Serve starts the transport of one of servers, whose ids encode their addresses: it accepts connections, and
// connects to each of the others. Either all have an identity, or none (nil). Close stops it.
func Serve(l *Listener, self actor.ID, servers []actor.ID, i *secure.Identity) *Transport {
	return serve(l, self, servers, i, streams.Usual)
}

func serve(
	l *Listener, self actor.ID, servers []actor.ID, i *secure.Identity, limits streams.Limits,
) *Transport {
	ctx, cancel := context.WithCancel(context.Background())
	door := NewDoor(l, limits)
	accepts, dials := Credentials(i)
	t := &Transport{
		self: self, servers: servers, door: door, inbox: streams.NewInbox(), cancel: cancel,
		server: NewServer(door.Guard(accepts), machine.MaxMessage+overhead),
		links:  make(map[actor.ID]*Link[[]byte]), inbound: make(map[actor.ID]*inbound),
		clients: make(map[actor.ID]*streams.Queue[[]byte]),
	}
	for _, id := range actor.Others(servers, self) {
		t.inbound[id] = new(inbound)
		k := &Link[[]byte]{Credentials: dials, Pings: Ours, Queue: streams.NewByteQueue(), Open: t.deliver}
		t.links[id] = k
		if at, ok := spawn.AddressOf(id); ok {
			k.Address = at.String()
			t.done.Go(func() { _ = k.Run(ctx) }) // An address is never rejected.
		}
	}
	framepb.RegisterCarrierServer(t.server, &carrier{transport: t})
	t.done.Go(func() { _ = t.server.Serve(t.door) }) // Close ends it.
	return t
}

// deliver opens the stream to another server.
func (t *Transport) deliver(ctx context.Context, conn rpc.ClientConnInterface) (Stream[[]byte], error) {
	ctx = metadata.AppendToOutgoingContext(ctx, serverKey, t.self.String())
	s, err := framepb.NewCarrierClient(conn).Deliver(ctx, rpc.WaitForReady(true))
	if err != nil {
		return Stream[[]byte]{}, err
	}
	return Stream[[]byte]{
		Send:   func(data []byte) error { return s.Send(&framepb.Frame{Data: data}) },
		Header: s.Header,
		Ended:  func() error { return s.RecvMsg(new(framepb.Delivered)) },
	}, nil
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
	if k := t.links[to]; k != nil {
		if spawn.IsHeartbeat(data) && len(k.Queue.Messages) > 0 {
			return nil // A heartbeat adds nothing while other messages are queued.
		}
		return k.Add(data)
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
	err := t.door.Close()
	t.server.Stop()
	t.done.Wait()
	return err
}

// Connections returns statistics on accepted connections.
func (t *Transport) Connections() spawn.Connections { return t.door.Connections() }

// Peers returns the state of the streams to and from the other servers.
func (t *Transport) Peers() []spawn.Peer {
	var all []spawn.Peer
	for _, id := range actor.Others(t.servers, t.self) {
		p := t.links[id].Peer()
		p.Received = t.inbound[id].received.Load()
		all = append(all, p)
	}
	return all
}

// inbound is the input from another server. Only the stream opened last counts, so that remains of an earlier one are
// not interleaved.
type inbound struct {
	mu     sync.Mutex // held while a message is put into the inbox
	stream uint64     // number of the last one

	received atomic.Uint64
}

// open returns the number for a new stream.
func (i *inbound) open() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stream++
	return i.stream
}

// put calls put, unless there is a later stream, and reports whether the stream may continue.
func (i *inbound) put(stream uint64, put func() bool) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.stream == stream && put()
}

// carrier is the service of a Transport.
type carrier struct {
	framepb.UnimplementedCarrierServer
	transport *Transport
}

// Deliver receives the messages of another server.
func (c *carrier) Deliver(stream rpc.ClientStreamingServer[framepb.Frame, framepb.Delivered]) error {
	t := c.transport
	g, at, ok := t.door.Guest(stream.Context())
	if !ok {
		return errGone
	}
	id, err := caller(stream.Context())
	// A server may use any port of its own address.
	from, known := t.inbound[id]
	if place, valid := spawn.AddressOf(id); err != nil || !known || !valid || place.Addr() != at.Addr().Unmap() {
		t.door.Guests().Denied()
		return status.Errorf(codes.PermissionDenied, "server %v of %v: must be one of the servers", id, at)
	}
	if err := Speaks(stream.Context(), at.Addr().Unmap().String()); err != nil {
		t.door.Guests().Denied()
		return status.Errorf(codes.PermissionDenied, "server %v of %v: %v", id, at, err)
	}
	t.door.Guests().Peer(g, id)
	if err := stream.SendHeader(nil); err != nil {
		return err
	}
	number := from.open()
	for {
		frame, err := stream.Recv()
		if err != nil {
			return t.refuse(id, err)
		}
		t.door.Guests().Said(g)
		if !from.put(number, func() bool { return t.inbox.Put(id, frame.GetData()) }) {
			return status.Error(codes.Aborted, "there is a later stream")
		}
		from.received.Add(1)
	}
}

// errGone is the error of a call on a closed connection.
var errGone = status.Error(codes.Unavailable, "the connection is closed")

// refuse reports a message that is too large to the machine, which rejects and counts it. It returns the error that
// ends the stream.
func (t *Transport) refuse(from actor.ID, err error) error {
	if status.Code(err) == codes.ResourceExhausted {
		t.inbox.Put(from, streams.Oversized)
	}
	return err
}

// caller returns the id of the server that opened a stream, as given in its metadata.
func caller(ctx context.Context) (actor.ID, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	values := md.Get(serverKey)
	if len(values) != 1 {
		return 0, errors.New("the stream does not name its server")
	}
	id, err := strconv.ParseUint(values[0], 10, 64)
	return actor.ID(id), err
}

// Converse exchanges messages with a client, until the client is silent for too long or does not receive fast enough.
func (c *carrier) Converse(stream rpc.BidiStreamingServer[framepb.Frame, framepb.Frame]) error {
	t := c.transport
	g, at, ok := t.door.Guest(stream.Context())
	if !ok {
		return errGone
	}
	from, err := spawn.IDOf(netip.AddrPortFrom(at.Addr(), at.Port()))
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	queue := streams.NewByteQueue()
	t.mu.Lock()
	_, taken := t.clients[from]
	if !taken {
		t.clients[from] = queue
	}
	t.mu.Unlock()
	if taken {
		return status.Error(codes.ResourceExhausted, "there is a conversation on this connection: must be one at a time")
	}
	defer func() {
		t.mu.Lock()
		delete(t.clients, from)
		t.mu.Unlock()
	}()
	if !t.door.Guests().Client(g) {
		return status.Error(codes.ResourceExhausted, "there are too many clients that are busy")
	}
	over := make(chan error, 3) // for both directions and the timeout
	said := make(chan struct{}, 1)
	t.done.Go(func() { over <- t.hear(stream, g, from, said) })
	t.done.Go(func() { over <- answer(stream, queue, over) })
	return t.attend(stream.Context(), over, said)
}

// attend waits for the end of a conversation.
func (t *Transport) attend(ctx context.Context, over <-chan error, said <-chan struct{}) error {
	patience := t.door.Guests().Idle
	idle := time.NewTimer(patience)
	defer idle.Stop()
	for {
		select {
		case err := <-over:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-said:
			idle.Reset(patience)
		case <-idle.C:
			return status.Errorf(codes.DeadlineExceeded, "the connection was silent for %v", patience)
		}
	}
}

// hear receives messages from a client.
func (t *Transport) hear(
	stream rpc.BidiStreamingServer[framepb.Frame, framepb.Frame], g *streams.Guest, from actor.ID, said chan<- struct{},
) error {
	for {
		frame, err := stream.Recv()
		if err != nil {
			return t.refuse(from, err)
		}
		t.door.Guests().Said(g)
		select {
		case said <- struct{}{}:
		default:
		}
		if !t.inbox.Put(from, frame.GetData()) {
			return errGone
		}
	}
}

// answer sends queued messages to a client until the stream ends. It reports if the client does not receive one for
// too long.
func answer(
	stream rpc.BidiStreamingServer[framepb.Frame, framepb.Frame], queue *streams.Queue[[]byte], slow chan<- error,
) error {
	late := time.AfterFunc(writePatience, func() { slow <- status.Error(codes.DeadlineExceeded, errSlow.Error()) })
	defer late.Stop()
	for {
		late.Stop()
		var data []byte
		select {
		case data = <-queue.Messages:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
		queue.Taken(data)
		late.Reset(writePatience)
		if err := stream.Send(&framepb.Frame{Data: data}); err != nil {
			return err
		}
	}
}
