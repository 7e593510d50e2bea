package record_test

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/client"
	"synod/spawn/record"
	"synod/spawn/udp"
)

// BenchmarkRecord measures three servers under load, on UDP in one process, without a record and with one. What they
// keep they keep in memory only.
func BenchmarkLoad(b *testing.B) {
	for _, model := range []string{"abd", "durable-abd"} {
		for _, recorded := range []bool{false, true} {
			name := model + ", not recorded"
			if recorded {
				name = model + ", recorded"
			}
			b.Run(name, func(b *testing.B) {
				var config client.Config
				config.Servers = serve(b, model, recorded)
				config.Timeout, config.Retries = time.Second, 10
				b.ResetTimer()
				o, err := client.Bench(b.Context(), client.Load{
					Clients: 8, Duration: time.Hour, Operations: b.N, Reads: 0.5, Server: -1, Seed: 1,
				}, func() (client.Config, error) {
					c := config
					s := loopback(b)
					c.Transport = s
					b.Cleanup(func() { s.Close() })
					return c, nil
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(o.PerSecond(), "operations/s")
			})
		}
	}
}

func loopback(b *testing.B) *udp.Socket {
	b.Helper()
	s, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// serve runs three servers until the benchmark ends.
func serve(b *testing.B, model string, recorded bool) []actor.ID {
	b.Helper()
	program, err := catalog.Program(model, nil)
	if err != nil {
		b.Fatal(err)
	}
	var sockets []*udp.Socket
	var ids []actor.ID
	for range 3 {
		s := loopback(b)
		id, err := spawn.IDOf(s.Address())
		if err != nil {
			b.Fatal(err)
		}
		sockets, ids = append(sockets, s), append(ids, id)
	}
	sorted := actor.Others(ids, 0)
	file, err := record.Open(filepath.Join(b.TempDir(), "record"))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	for i, id := range ids {
		c := spawn.Config{Machine: program.New(id, sorted, false, rand.NewPCG(1, uint64(i))), Transport: sockets[i]}
		if recorded {
			if c.Record, err = record.New(file, record.Header{
				Server: id, Servers: sorted, Model: model, Transport: "udp",
			}, nil); err != nil {
				b.Fatal(err)
			}
		}
		done.Go(func() {
			if err := spawn.Run(ctx, c); err != nil {
				b.Error(err)
			}
		})
	}
	b.Cleanup(func() {
		cancel()
		done.Wait()
		if err := file.Close(); err != nil {
			b.Error(err)
		}
	})
	return sorted
}
