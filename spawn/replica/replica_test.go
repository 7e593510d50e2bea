package replica_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/internal/ports"
	"synod/paxos/rsm"
	"synod/spawn/replica"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is servers that a test starts and stops.
type cluster struct {
	t      *testing.T
	config replica.Config
	at     []netip.AddrPort // for clients
	stops  []func()         // of those that run; nil for others
}

func newCluster(t *testing.T, count int, timeout time.Duration) *cluster {
	t.Helper()
	c := stoppedCluster(t, count, timeout)
	for i := range count {
		c.start(i)
	}
	return c
}

func stoppedCluster(t *testing.T, count int, timeout time.Duration) *cluster {
	t.Helper()
	c := &cluster{t: t, config: replica.Config{Count: count, Dir: t.TempDir(), Timeout: timeout}}
	kept, err := ports.Take(2 * count)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	c.at, c.config.Peers = kept.Addresses[:count], kept.Addresses[count:]
	c.stops = make([]func(), count)
	t.Cleanup(func() {
		for i := range count {
			c.stop(i)
		}
	})
	return c
}

// start starts a server, and returns once it listens.
func (c *cluster) start(i int) {
	c.t.Helper()
	config := c.config
	config.ID, config.Port = i, int(c.at[i].Port())
	ready, done := make(chan netip.AddrPort, 1), make(chan error, 1)
	config.Ready = func(at netip.AddrPort) { ready <- at }
	ctx, cancel := context.WithCancel(context.Background())
	go func() { done <- replica.Run(ctx, config, rsm.Store{}) }()
	select {
	case <-ready:
	case err := <-done:
		c.t.Fatal(err)
	}
	c.stops[i] = func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("server %d: %v", i, err)
		}
	}
}

func (c *cluster) stop(i int) {
	if c.stops[i] != nil {
		c.stops[i]()
		c.stops[i] = nil
	}
}

// TestCluster stops and starts each of three servers in turn, beneath a client that has every command executed, once. Then all
// go on together with what is on disk.
func TestCluster(t *testing.T) {
	c := newCluster(t, 3, 100*time.Millisecond)
	client, err := replica.NewClient[rsm.StoreOp, rsm.StoreResult](c.at)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	value := ""
	swap := func() {
		t.Helper()
		kind, next := rsm.Swap, value+"x"
		if value == "" {
			kind = rsm.Put
		}
		// Had an earlier command been executed twice, or not at all, this one would not fit.
		r, err := client.Do(t.Context(), rsm.StoreOp{Kind: kind, Key: "k", Old: value, Value: next})
		if err != nil || kind == rsm.Swap && !r.Done {
			t.Fatalf("from %q: %+v, %v", value, r, err)
		}
		value = next
	}
	for i := range 3 {
		swap()
		c.stop(i)
		swap()
		c.start(i)
		swap()
	}
	for i := range 3 {
		c.stop(i)
	}
	for i := range 3 {
		c.start(i)
	}
	swap()
	if err := client.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(t.Context(), rsm.StoreOp{Key: "k"}); !errors.Is(err, replica.ErrRefused) {
		t.Errorf("after the end of its session: %v", err)
	}
}

// TestAlone makes sure that a client of servers that cannot decide gives up with its context.
func TestAlone(t *testing.T) {
	c := newCluster(t, 3, 100*time.Millisecond)
	c.stop(1)
	c.stop(2)
	client, err := replica.NewClient[rsm.StoreOp, rsm.StoreResult](c.at[:1])
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if r, err := client.Do(ctx, rsm.StoreOp{Key: "k"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one of three servers answered %+v, %v", r, err)
	}
}

// nothing is a machine whose operations have no form in JSON.
type nothing struct{ rsm.JSON[int] }

func (nothing) New() int                                                        { return 0 }
func (nothing) Execute(_ rsm.Slot, n int, _ func()) (next, result int, ok bool) { return n, n, true }

// TestRefused holds configurations that are wrong to what is said about them.
func TestRefused(t *testing.T) {
	peer := netip.MustParseAddrPort("127.0.0.1:1")
	for _, tt := range []struct {
		config replica.Config
		want   string
	}{
		{replica.Config{}, "0 servers: must be 1 to 64"},
		{replica.Config{Count: 65}, "65 servers: must be 1 to 64"},
		{replica.Config{Count: 3, ID: 3}, "server 3 of 3: must be 0 to 2"},
		{replica.Config{Count: 1, ID: -1}, "server -1 of 1: must be 0 to 0"},
		{replica.Config{Count: 1, Port: 65_536}, "port 65536: must be 0 to 65535"},
		{replica.Config{Count: 1, Timeout: -1}, "a timeout of -1ns: must not be negative"},
		{replica.Config{Count: 1, Host: netip.IPv6Loopback()}, "host ::1: must be an IPv4 address"},
		{replica.Config{Count: 2, Peers: []netip.AddrPort{peer}}, "1 addresses of peers: must be 2, one for each server"},
		{replica.Config{Count: 2, Peers: []netip.AddrPort{peer, peer}}, "two peers at 127.0.0.1:1: each must have"},
		{replica.Config{Count: 1, Peers: make([]netip.AddrPort, 1)}, "must be an IPv4 address with a port"},
	} {
		if err := tt.config.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %s", tt.config, err, tt.want)
		}
		if err := replica.Run(t.Context(), tt.config, counter{}); fmt.Sprint(err) != fmt.Sprint(tt.config.Validate()) {
			t.Errorf("%+v is served: %v", tt.config, err)
		}
	}
	err := replica.Run(t.Context(), replica.Config{Count: 1, Dir: t.TempDir()}, nothing{})
	if err == nil || !strings.Contains(err.Error(), "func()") {
		t.Errorf("a machine of functions: %v", err)
	}
	if _, err := replica.NewClient[int, int](nil); err == nil {
		t.Error("a client of no servers is made")
	}
}

// TestFileOfAnother makes sure that a server does not go on with the file of another machine.
func TestFileOfAnother(t *testing.T) {
	config := replica.Config{Count: 1, Dir: t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	config.Ready = func(netip.AddrPort) { cancel() }
	if err := replica.Run(ctx, config, counter{}); err != nil {
		t.Fatal(err)
	}
	config.Ready = nil
	if err := replica.Run(t.Context(), config, rsm.Store{}); err == nil || !strings.Contains(err.Error(), "belongs to") {
		t.Errorf("a store goes on with the file of a counter: %v", err)
	}
}

// TestLong puts values as long as a store may have, in several slots at once, and gets them back, from servers that have to
// elect a leader anew as well.
func TestLong(t *testing.T) {
	if testing.Short() {
		t.Skip("some 40 MiB of JSON")
	}
	c := newCluster(t, 3, 2*time.Second)
	client, err := replica.NewClient[rsm.StoreOp, rsm.StoreResult](c.at)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	value := strings.Repeat("0123456789abcde\n", rsm.MaxText/16)
	for _, key := range []string{"a", "b", "c"} {
		if _, err := client.Do(t.Context(), rsm.StoreOp{Kind: rsm.Put, Key: key, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	c.stop(0)
	got, err := client.Do(t.Context(), rsm.StoreOp{Kind: rsm.Get, Key: "c"})
	if err != nil || got.Value != value {
		t.Errorf("got %d bytes, %v; put %d", len(got.Value), err, len(value))
	}
	long := rsm.StoreOp{Kind: rsm.Put, Key: "d", Value: strings.Repeat("x", replica.MaxCommand)}
	if _, err := client.Do(t.Context(), long); err == nil || !strings.Contains(err.Error(), "must be at most") {
		t.Errorf("a command that is too long: %v", err)
	}
}
