package server

import (
	"context"
	"errors"
	"sync/atomic"

	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"synod/actor"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
)

// extension records whether the other side of a stream knows the extended dialect.
type extension struct{ atomic.Bool }

// said handles the metadata that the other side sends first; it is nil once the stream has ended.
func (e *extension) said(md metadata.MD) {
	values := md.Get(dialectKey)
	e.Store(len(values) == 1 && values[0] == dialect)
}

// transport is the service for servers.
type transport struct {
	transportpb.UnimplementedPaxosTransportServer
	server *server
}

// DeliverMessage receives the messages of another server.
func (t *transport) DeliverMessage(stream rpc.ClientStreamingServer[paxospb.Message, transportpb.Empty]) error {
	s := t.server
	g, _, ok := s.door.Guest(stream.Context())
	if !ok {
		return status.Error(codes.Unavailable, "the connection is closed")
	}
	said, _ := metadata.FromIncomingContext(stream.Context())
	if err := s.alike(said); err != nil {
		return err
	}
	if s.changing {
		ended, err := s.calls(stream.Context(), said)
		if err != nil {
			return err
		}
		defer ended()
	}
	if err := stream.SendHeader(s.announces()); err != nil {
		return err
	}
	for first := true; ; first = false {
		p, err := stream.Recv()
		if err != nil {
			return err
		}
		m, err := paxospb.Decode(p)
		if err == nil {
			err = s.speaks(stream.Context(), m.From)
		}
		if err == nil {
			err = s.node.Step(stream.Context(), m)
		}
		switch {
		case errors.Is(err, node.ErrStopped):
			return status.Error(codes.Unavailable, "the server stops")
		case stream.Context().Err() != nil:
			return stream.Context().Err()
		case err != nil:
			s.door.Guests().Denied()
			return status.Error(codes.InvalidArgument, err.Error())
		}
		if first {
			s.door.Guests().Peer(g, m.From)
			s.reached()
		}
		s.door.Guests().Said(g)
	}
}

// clients is the service for clients.
type clients struct {
	transportpb.UnimplementedClientServiceServer
	server *server
}

// ClientUpdate has an update ordered, and answers once it is. An update that was ordered before is answered at once.
func (c *clients) ClientUpdate(ctx context.Context, p *paxospb.ClientUpdate) (*paxospb.GloballyOrderedUpdate, error) {
	s := c.server
	g, _, ok := s.door.Guest(ctx)
	if !ok || !s.door.Guests().Client(g) {
		return nil, errBusy
	}
	u := node.Update{ClientID: p.GetClientId(), Timestamp: p.GetTimestamp(), Data: p.GetUpdate()}
	switch {
	case len(u.Data) > MaxUpdate:
		return nil, status.Errorf(codes.InvalidArgument, "an update of %d bytes: must be at most %d", len(u.Data), MaxUpdate)
	case u.ClientID >= s.mostClients():
		return nil, status.Errorf(codes.InvalidArgument, "client %d: must be below %d", u.ClientID, s.mostClients())
	case u.ClientID == 0 && u.Timestamp == 0:
		return nil, status.Error(codes.InvalidArgument, "client 0 and timestamp 0 name no update: one of them must be another number")
	}
	ctx, cancel := context.WithTimeout(ctx, orderPatience)
	defer cancel()
	if !s.member.Load() {
		return nil, errNoMember
	}
	o, err := s.ordered(ctx, u)
	if err != nil {
		return nil, err
	}
	return encodeOrdered(actor.ID(s.ID), o), nil
}

// mostClients returns the bound below which the ids of clients must be.
func (s *server) mostClients() uint64 {
	if s.changing {
		return node.ChangeClients
	}
	return node.OwnClients
}

var (
	errBusy     = status.Error(codes.ResourceExhausted, "there are too many clients that are busy")
	errNoMember = status.Error(codes.Unavailable, "the server is not a member of its cluster")
)

// failure returns the error for an update that may or may not be ordered.
func failure(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the update is not ordered yet, and may still be")
	case errors.Is(err, node.ErrStopped), errors.Is(err, context.Canceled):
		return status.Error(codes.Unavailable, "the server stops, or nobody waits")
	}
	return status.Error(codes.Internal, err.Error())
}
