package main

import (
	"context"
	"errors"
	"math/rand/v2"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// builders is a client of servers of Paxos for System Builders, over gRPC, with what is published alone.
type builders struct {
	conns  []*grpc.ClientConn
	at     int    // the server to ask
	client uint64 // its number
	time   uint64 // of the last update
}

func openBuilders(servers []string) (store, error) {
	b := &builders{client: rand.Uint64() >> 1}
	for _, s := range servers {
		conn, err := grpc.NewClient("passthrough:///"+s, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, errors.Join(err, b.close())
		}
		b.conns = append(b.conns, conn)
	}
	return b, nil
}

// rawCodec sends and receives messages as they are on the wire.
type rawCodec struct{}

func (rawCodec) Name() string                  { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}

// put has an update ordered, by the next server if one does not answer in time.
func (b *builders) put(ctx context.Context, key, value string) error {
	b.time++
	var request []byte
	for _, f := range []struct {
		number protowire.Number
		value  uint64
	}{{1, b.client}, {3, b.time}} {
		request = protowire.AppendVarint(protowire.AppendTag(request, f.number, protowire.VarintType), f.value)
	}
	request = protowire.AppendString(protowire.AppendTag(request, 4, protowire.BytesType), key+"="+value)
	for ctx.Err() == nil {
		one, cancel := context.WithTimeout(ctx, attempt)
		var answer []byte
		err := b.conns[b.at].Invoke(one, "/transportpb.ClientService/ClientUpdate", &request, &answer, grpc.ForceCodec(rawCodec{}))
		cancel()
		switch status.Code(err) {
		case codes.OK:
			return nil
		case codes.InvalidArgument, codes.Unimplemented:
			return err
		}
		b.at = (b.at + 1) % len(b.conns)
	}
	return ctx.Err()
}

func (b *builders) get(context.Context, string) error {
	return errors.New("updates have no answers to get: must be without -gets")
}

func (b *builders) close() (err error) {
	for _, c := range b.conns {
		err = errors.Join(err, c.Close())
	}
	return err
}
