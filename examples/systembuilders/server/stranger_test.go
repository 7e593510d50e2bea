package server

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"synod/actor"
	"synod/examples/systembuilders/hosts"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
)

// stranger is a server as others have it: on the wire it has what is published and nothing else. It announces nothing, and
// notes what it would not know.
type stranger struct {
	transportpb.UnimplementedPaxosTransportServer
	transportpb.UnimplementedClientServiceServer

	t       *testing.T
	id      int
	hosts   hosts.List
	node    *node.Node
	server  *rpc.Server
	conns   []*rpc.ClientConn
	streams map[actor.ID]rpc.ClientStreamingClient[paxospb.Message, transportpb.Empty]
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup

	mu      sync.Mutex
	ordered []node.OrderedUpdate
	changed chan struct{} // closed at the next one
	unknown []string      // messages that it would not know
	stopped bool
}

func startStranger(t *testing.T, id int, all hosts.List) *stranger {
	t.Helper()
	n, err := node.StartNode(quick(node.Config{ID: actor.ID(id), NodeCount: len(all), RandSeed: uint64(id)}))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", all[id].String())
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{
		t: t, id: id, hosts: all, node: n, server: rpc.NewServer(), changed: make(chan struct{}),
		streams: make(map[actor.ID]rpc.ClientStreamingClient[paxospb.Message, transportpb.Empty]),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	transportpb.RegisterPaxosTransportServer(s.server, s)
	transportpb.RegisterClientServiceServer(s.server, s)
	s.done.Go(func() { _ = s.server.Serve(l) })
	for _, h := range all {
		conn, err := rpc.NewClient(h.String(), rpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		s.conns = append(s.conns, conn)
	}
	s.done.Go(s.loop)
	t.Cleanup(s.stop)
	return s
}

func (s *stranger) stop() {
	if s.stopped {
		return
	}
	s.stopped = true
	s.cancel()
	s.node.Stop()
	s.server.Stop()
	for _, c := range s.conns {
		c.Close()
	}
	s.done.Wait()
	for _, u := range s.unknown {
		s.t.Errorf("server %d of others was sent what it does not know: %s", s.id, u)
	}
}

func (s *stranger) loop() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.node.Tick()
		case r := <-s.node.Ready():
			for _, m := range r.Messages {
				s.send(m)
			}
			s.mu.Lock()
			if s.ordered = append(s.ordered, r.OrderedUpdates...); len(r.OrderedUpdates) > 0 {
				close(s.changed)
				s.changed = make(chan struct{})
			}
			s.mu.Unlock()
		case <-s.ctx.Done():
			return
		}
	}
}

// send sends a message, or drops it.
func (s *stranger) send(m node.Message) {
	p, err := paxospb.Encode(m, len(s.hosts), paxospb.Published)
	if err != nil {
		return
	}
	stream := s.streams[m.To]
	if stream == nil {
		if stream, err = transportpb.NewPaxosTransportClient(s.conns[m.To]).DeliverMessage(s.ctx); err != nil {
			return
		}
		s.streams[m.To] = stream
	}
	if stream.Send(p) != nil {
		delete(s.streams, m.To)
	}
}

func (s *stranger) DeliverMessage(stream rpc.ClientStreamingServer[paxospb.Message, transportpb.Empty]) error {
	for {
		p, err := stream.Recv()
		if err != nil {
			return err
		}
		if data, err := proto.Marshal(p); err != nil || newer(data, p.ProtoReflect().Descriptor()) {
			s.mu.Lock()
			s.unknown = append(s.unknown, p.String())
			s.mu.Unlock()
		}
		m, err := paxospb.Decode(p)
		if err == nil {
			err = s.node.Step(stream.Context(), m)
		}
		if err != nil {
			return err
		}
	}
}

func (s *stranger) ClientUpdate(ctx context.Context, p *paxospb.ClientUpdate) (*paxospb.GloballyOrderedUpdate, error) {
	u := node.Update{ClientID: p.GetClientId(), Timestamp: p.GetTimestamp(), Data: p.GetUpdate()}
	if err := s.node.Propose(ctx, u); err != nil {
		return nil, err
	}
	for {
		s.mu.Lock()
		all, changed := s.ordered, s.changed
		s.mu.Unlock()
		for _, o := range all {
			if idOf(o.Update) == idOf(u) {
				return &paxospb.GloballyOrderedUpdate{NodeId: uint64(s.id), Seq: uint64(o.Seq), Update: p}, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// newer reports whether an encoded message, or one inside it, has a field that is not published.
func newer(data []byte, m protoreflect.MessageDescriptor) bool {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		size := protowire.ConsumeFieldValue(number, kind, data[n:])
		f := m.Fields().ByNumber(number)
		if f == nil || number >= 100 {
			return true
		}
		if f.Kind() == protoreflect.MessageKind {
			inner, _ := protowire.ConsumeBytes(data[n:])
			if newer(inner, f.Message()) {
				return true
			}
		}
		data = data[n+size:]
	}
	return false
}

// bytesCodec sends and receives messages as they are on the wire.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}

// byHand asks a server with bytes, as any client of the published schema does: an update of client 5 with the timestamp 7.
func byHand(ctx context.Context, t *testing.T, conn *rpc.ClientConn, update string) (seq uint64, said string) {
	t.Helper()
	var request, answer []byte
	for number, value := range []uint64{0, 5, 0, 7} {
		if value > 0 {
			request = protowire.AppendVarint(protowire.AppendTag(request, protowire.Number(number), protowire.VarintType), value)
		}
	}
	request = protowire.AppendString(protowire.AppendTag(request, 4, protowire.BytesType), update)
	err := conn.Invoke(ctx, "/transportpb.ClientService/ClientUpdate", &request, &answer, rpc.ForceCodec(bytesCodec{}))
	if err != nil {
		t.Fatal(err)
	}
	fields := fieldsOf(t, answer)
	inner := fieldsOf(t, fields[3].([]byte))
	if inner[1] != uint64(5) || inner[3] != uint64(7) {
		t.Errorf("the answer is about client %v, timestamp %v", inner[1], inner[3])
	}
	return fields[2].(uint64), string(inner[4].([]byte))
}

// fieldsOf reads the numbers and byte strings of a message.
func fieldsOf(t *testing.T, data []byte) map[protowire.Number]any {
	t.Helper()
	all := make(map[protowire.Number]any)
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		data = data[n:]
		switch kind {
		case protowire.VarintType:
			all[number], n = protowire.ConsumeVarint(data)
		case protowire.BytesType:
			all[number], n = protowire.ConsumeBytes(data)
		default:
			t.Fatal(fmt.Errorf("field %d has the type %d", number, kind))
		}
		data = data[n:]
	}
	return all
}

// TestPings makes sure that a server of others, which permits a probe every five minutes unless it says otherwise, does not
// close a connection of ours as it is probed too often.
func TestPings(t *testing.T) {
	const permitted = 5 * time.Minute
	if k := new(server).link(hosts.Host{Name: "127.0.0.1", Port: 2346}); time.Duration(k.Pings) < permitted {
		t.Errorf("a connection is probed every %v: must be at least %v apart", time.Duration(k.Pings), permitted)
	}
}
