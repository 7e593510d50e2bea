package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"synod/examples/systembuilders/client"
	"synod/examples/systembuilders/hosts"
	"synod/internal/authority"
	"synod/internal/ports"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
	"synod/spawn/grpc"
	"synod/spawn/secure"
)

var _, plain = grpc.Credentials(nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick lets a node wait less for others than it does by default.
func quick(c node.Config) node.Config {
	c.ProgressTicks, c.UpdateTicks, c.ProofTicks, c.ResendTicks = 30, 20, 10, 10
	return c
}

// places returns addresses of servers, which are kept for the test.
func places(t *testing.T, n int) hosts.List {
	t.Helper()
	block, err := ports.Take(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { block.Close() })
	var all hosts.List
	for _, a := range block.Addresses {
		all = append(all, hosts.Host{Name: a.Addr().String(), Port: a.Port()})
	}
	return all
}

// running is our server that runs.
type running struct {
	stop func() // stops it, once
	dir  string
	err  chan error
}

func start(t *testing.T, c Member) *running {
	t.Helper()
	var err error
	if c.Listener, err = Listen(c.Hosts[c.ID]); err != nil {
		t.Fatal(err)
	}
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	c.tune = func(n *node.Config) { *n = quick(*n) }
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stop: cancel, dir: c.Dir, err: make(chan error, 1)}
	ended := make(chan struct{})
	go func() { defer close(ended); r.err <- Run(ctx, c) }()
	r.stop = func() { cancel(); <-ended }
	t.Cleanup(r.stop)
	return r
}

var orderedLine = regexp.MustCompile(`^Ordered update: (\d+), of client 77 at (\d+): (.*)$`)

// order has lines ordered by a client, and returns the slots.
func order(t *testing.T, all hosts.List, first int, lines ...string) (slots []string) {
	t.Helper()
	return orderAs(t, nil, all, first, lines...)
}

// orderByEach orders an update by each of three new servers. Then all of them take part: one that has not asked the others yet what
// it may have promised has no disk, like one that lost it, and only one at a time may be without.
func orderByEach(t *testing.T, all hosts.List) (slots []string) {
	t.Helper()
	for i, line := range []string{"a", "b", "c"} {
		slots = append(slots, order(t, all[i:i+1], i+1, line)...)
	}
	return slots
}

func orderAs(t *testing.T, i *secure.Identity, all hosts.List, first int, lines ...string) (slots []string) {
	t.Helper()
	var out, problems bytes.Buffer
	err := client.Run(t.Context(), client.Settings{
		Hosts: all, Identity: i, ID: 77, First: uint64(first), In: strings.NewReader(strings.Join(lines, "\n")), Out: &out, Err: &problems,
		Patience: time.Minute,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	printed := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(printed) != len(lines) {
		t.Fatalf("%d lines for %d updates: %q", len(printed), len(lines), printed)
	}
	for i, line := range printed {
		m := orderedLine.FindStringSubmatch(line)
		if m == nil || m[2] != fmt.Sprint(first+i) || m[3] != lines[i] {
			t.Fatalf("update %q: %q", lines[i], line)
		}
		slots = append(slots, m[1])
	}
	return slots
}

// TestCluster orders updates by three servers, stops one after the other, and starts it again.
func TestCluster(t *testing.T) {
	all := places(t, 3)
	var servers []*running
	var dirs []string
	for i := range all {
		dirs = append(dirs, t.TempDir())
		servers = append(servers, start(t, Member{ID: i, Hosts: all, Dir: dirs[i]}))
	}
	slots := orderByEach(t, all)
	for i := range all {
		servers[i].stop()
		if err := <-servers[i].err; err != nil {
			t.Errorf("server %d: %v", i, err)
		}
		slots = append(slots, order(t, all, 10*i+10, fmt.Sprint("without ", i))...)
		servers[i] = start(t, Member{ID: i, Hosts: all, Dir: dirs[i]})
		slots = append(slots, order(t, all[i:i+1], 10*i+11, fmt.Sprint("by ", i))...)
	}
	// The same again is where it was.
	if again := order(t, all, 1, "a", "b", "c"); fmt.Sprint(again) != fmt.Sprint(slots[:3]) {
		t.Errorf("the first updates are in slots %v now, and were in %v", again, slots[:3])
	}
	seen := make(map[string]bool)
	for _, s := range slots {
		if seen[s] {
			t.Errorf("slot %s has two updates: %v", s, slots)
		}
		seen[s] = true
	}
}

// TestDiskLost has a server lose its file. It comes back, and is as good as any: when another one is away, it orders.
func TestDiskLost(t *testing.T) {
	all := places(t, 3)
	var servers []*running
	for i := range all {
		servers = append(servers, start(t, Member{ID: i, Hosts: all}))
	}
	slots := orderByEach(t, all)
	for i := range all {
		servers[i].stop()
		servers[i] = start(t, Member{ID: i, Hosts: all})
		slots = append(slots, order(t, all[i:i+1], 10*i+10, "asked there")...)
		next := (i + 1) % len(all)
		servers[next].stop()
		slots = append(slots, order(t, all[i:i+1], 10*i+11, "without the next")...)
		servers[next] = start(t, Member{ID: next, Hosts: all, Dir: servers[next].dir})
		slots = append(slots, order(t, all[next:next+1], 10*i+12, "with all")...)
	}
	seen := make(map[string]bool)
	for _, s := range slots {
		if seen[s] {
			t.Errorf("slot %s has two updates: %v", s, slots)
		}
		seen[s] = true
	}
}

// TestStrangers runs our server in a cluster with two that have only what is published, of which one stops: they order
// what our client asks for. And a client that has only what is published asks our server.
func TestStrangers(t *testing.T) {
	all := places(t, 3)
	start(t, Member{ID: 0, Hosts: all, New: true})
	first, second := startStranger(t, 1, all), startStranger(t, 2, all)
	slots := order(t, all, 1, "a", "b", "c", "d")
	slots = append(slots, order(t, all[1:], 5, "by others")...)
	first.stop()
	slots = append(slots, order(t, all, 10, "e", "f")...)
	slots = append(slots, order(t, all[:1], 20, "g", "h")...)
	conn, err := grpc.Connect(all[0].String(), plain, grpc.Anybodys)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seq, said := byHand(ctx, t, conn, "by hand")
	if again, _ := byHand(ctx, t, conn, "by hand"); said != "by hand" || again != seq {
		t.Errorf("%q is in slot %d, and then in %d", said, seq, again)
	}
	slots = append(slots, fmt.Sprint(seq))
	second.mu.Lock()
	defer second.mu.Unlock()
	for _, o := range second.ordered {
		if len(slots) == 0 || fmt.Sprint(o.Seq) != slots[0] {
			t.Errorf("a server of others has %+v, want slots %v", o, slots)
			continue
		}
		slots = slots[1:]
	}
}

// TestSecure orders updates by servers that have certificates. A client without one is not heard, and one with a
// certificate of its own does not speak as a server.
func TestSecure(t *testing.T) {
	a := authority.New(t)
	identity := func(address string) *secure.Identity {
		cert, key := a.Issue(address, time.Hour)
		i, err := secure.Files{Cert: cert, Key: key, CA: a.CA}.Load()
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	all := places(t, 3)
	for i := range all {
		start(t, Member{ID: i, Hosts: all, Identity: identity("127.0.0.1")})
	}
	somebody := identity("192.0.2.1")
	orderAs(t, somebody, all, 1, "a", "b")
	var out, problems bytes.Buffer
	err := client.Run(t.Context(), client.Settings{
		Hosts: all, In: strings.NewReader("c"), Out: &out, Err: &problems, Patience: 50 * time.Millisecond,
	})
	if !errors.Is(err, client.ErrNotOrdered) || strings.Count(problems.String(), "cannot be reached") != 3 {
		t.Errorf("a client without a certificate: %v, %s, %s", err, out.String(), problems.String())
	}
	_, dials := grpc.Credentials(somebody)
	conn, err := grpc.Connect(all[0].String(), dials, grpc.Anybodys)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := transportpb.NewPaxosTransportClient(conn).DeliverMessage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := &paxospb.Message{Type: &paxospb.Message_Accept{Accept: &paxospb.Accept{NodeId: 1}}}
	if err := stream.Send(m); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(transportpb.Empty)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a client speaks as a server: %v", err)
	}
}

// TestAlone ends a server that reaches nobody, and leaves one that has nobody to reach.
func TestAlone(t *testing.T) {
	all := places(t, 2)
	r := start(t, Member{ID: 0, Hosts: all, Alone: time.Millisecond})
	if err := <-r.err; !errors.Is(err, ErrAlone) {
		t.Errorf("a server without the other one: %v", err)
	}
	r = start(t, Member{ID: 0, Hosts: all[:1], Alone: time.Millisecond})
	order(t, all[:1], 1, "alone", "still")
	r.stop()
	if err := <-r.err; err != nil {
		t.Errorf("a server by itself: %v", err)
	}
}

// TestUpdateRefused asks for what no server orders.
func TestUpdateRefused(t *testing.T) {
	all := places(t, 1)
	start(t, Member{ID: 0, Hosts: all})
	conn, err := grpc.Connect(all[0].String(), plain, grpc.Anybodys)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := func(u *paxospb.ClientUpdate) error {
		_, err := transportpb.NewClientServiceClient(conn).ClientUpdate(t.Context(), u)
		return err
	}
	for _, u := range []*paxospb.ClientUpdate{
		{}, {ClientId: node.OwnClients, Timestamp: 1}, {ClientId: paxospb.Nobody}, {ClientId: 1, Update: make([]byte, MaxUpdate+1)},
	} {
		if err := ask(u); status.Code(err) != codes.InvalidArgument {
			t.Errorf("client %d, timestamp %d, %d bytes: %v", u.GetClientId(), u.GetTimestamp(), len(u.GetUpdate()), err)
		}
	}
	for _, u := range []*paxospb.ClientUpdate{
		{ClientId: 1}, {Timestamp: 1}, {ClientId: node.OwnClients - 1, Update: make([]byte, MaxUpdate)},
	} {
		if err := ask(u); err != nil {
			t.Errorf("client %d, timestamp %d, %d bytes: %v", u.GetClientId(), u.GetTimestamp(), len(u.GetUpdate()), err)
		}
	}
}

// TestMessageRefused sends what no server sends.
func TestMessageRefused(t *testing.T) {
	all := places(t, 1)
	start(t, Member{ID: 0, Hosts: all})
	conn, err := grpc.Connect(all[0].String(), plain, grpc.Anybodys)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, p := range []*paxospb.Message{
		{},
		{Type: &paxospb.Message_Accept{Accept: new(paxospb.Accept)}},
		{To: 1, Type: &paxospb.Message_Accept{Accept: &paxospb.Accept{NodeId: 1}}},
	} {
		stream, err := transportpb.NewPaxosTransportClient(conn).DeliverMessage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(p); err != nil {
			t.Fatal(err)
		}
		if err := stream.RecvMsg(new(transportpb.Empty)); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%v: %v", p, err)
		}
	}
}
