package server

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"synod/examples/systembuilders/client"
	"synod/examples/systembuilders/hosts"
	"synod/internal/authority"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
	"synod/spawn/grpc"
	"synod/spawn/secure"
)

// changing is a cluster whose members change, at first the first three of its places.
type changing struct {
	t       *testing.T
	all     hosts.List
	dirs    []string
	servers []*running
	who     *secure.Identity
}

func startChanging(t *testing.T, n int, who *secure.Identity) *changing {
	t.Helper()
	c := &changing{t: t, all: places(t, n), dirs: make([]string, n), servers: make([]*running, n), who: who}
	for i := range n {
		c.dirs[i] = t.TempDir()
	}
	for i := range 3 {
		c.start(Member{ID: i, Hosts: c.all[:3], Changing: true, New: true})
	}
	return c
}

func (c *changing) start(m Member) {
	c.t.Helper()
	m.Dir, m.Identity = c.dirs[m.ID], c.who
	c.servers[m.ID] = start(c.t, m)
}

// change has the members changed by any of these servers, and demands what they are then.
func (c *changing) change(by hosts.List, change *paxospb.MemberChange, want string) (leader int) {
	c.t.Helper()
	reply, err := client.Cluster{Hosts: by, Identity: c.who}.Change(c.t.Context(), change)
	if err != nil {
		c.t.Fatal(err)
	}
	var ids []uint64
	for _, m := range reply.GetMembers() {
		ids = append(ids, m.GetNodeId())
	}
	if fmt.Sprint(ids) != want {
		c.t.Fatalf("the members are %v: want %s", ids, want)
	}
	return int(reply.GetLeader())
}

func (c *changing) adds(id int) *paxospb.MemberChange {
	return &paxospb.MemberChange{Add: []*paxospb.Member{{NodeId: uint64(id), Address: c.all[id].String()}}}
}

func removes(id int) *paxospb.MemberChange {
	return &paxospb.MemberChange{Remove: []uint64{uint64(id)}}
}

// load has updates ordered by a client of its own, one after the other, until it is told to stop.
type load struct {
	stop  chan struct{}
	done  sync.WaitGroup
	slots []string
	err   error
}

func startLoad(c *changing, id uint64) *load {
	l := &load{stop: make(chan struct{})}
	l.done.Go(func() {
		for first := uint64(1); ; first++ {
			select {
			case <-l.stop:
				return
			default:
			}
			slot, err := c.one(c.all, id, first)
			if err != nil {
				l.err = err
				return
			}
			l.slots = append(l.slots, slot)
		}
	})
	return l
}

// one has one update ordered, and returns the line that says where.
func (c *changing) one(by hosts.List, id, first uint64) (string, error) {
	var out, problems bytes.Buffer
	err := client.Run(c.t.Context(), client.Settings{
		Hosts: by, Identity: c.who, ID: id, First: first, In: strings.NewReader(fmt.Sprintf("%d of %d", first, id)), Out: &out,
		Err: &problems, Patience: time.Minute, Connect: time.Millisecond,
	})
	if err != nil {
		return "", fmt.Errorf("update %d of %d: %w: %s", first, id, err, problems.String())
	}
	return out.String(), nil
}

// TestMembers changes the members while clients have updates ordered: one joins, a dead one is replaced, the leader is
// removed. Everything that was ordered is where it was, as the servers say that joined.
func TestMembers(t *testing.T) {
	c := startChanging(t, 5, nil)
	loads := []*load{startLoad(c, 11), startLoad(c, 12)}
	c.start(Member{ID: 3, Hosts: c.all[:4], Join: true})
	c.change(c.all[:3], c.adds(3), "[0 1 2 3]")

	c.servers[2].stop()
	c.change(c.all, removes(2), "[0 1 3]")
	c.start(Member{ID: 4, Hosts: c.all, Join: true})
	leader := c.change(c.all[:2], c.adds(4), "[0 1 3 4]")

	left := slices.DeleteFunc([]int{0, 1, 3, 4}, func(i int) bool { return i == leader })
	c.change(c.all, removes(leader), fmt.Sprint(left))
	c.servers[leader].stop()
	for _, l := range loads {
		close(l.stop)
		l.done.Wait()
		if l.err != nil {
			t.Error(l.err)
		}
	}
	for _, i := range left { // They know the members from their files, whatever the hostfile says.
		c.servers[i].stop()
		c.start(Member{ID: i, Hosts: c.all})
	}
	updates := 0
	for k, l := range loads {
		// A slot may have updates of several clients, but a client asks for one after the other.
		seen := make(map[string]bool)
		updates += len(l.slots)
		for i, slot := range l.slots {
			place, _, _ := strings.Cut(slot, ",")
			if seen[place] {
				t.Errorf("%s has two updates of a client", place)
			}
			seen[place] = true
			for _, by := range []int{3, 4} {
				if !slices.Contains(left, by) {
					continue
				}
				if again, err := c.one(c.all[by:by+1], uint64(11+k), uint64(i+1)); err != nil || again != slot {
					t.Errorf("%q is %q by server %d, %v", slot, again, by, err)
				}
			}
		}
	}
	t.Logf("%d updates", updates)
}

// TestMembersRefused asks for changes that would have no effect, or stop the cluster, and starts servers that may not be.
func TestMembersRefused(t *testing.T) {
	c := startChanging(t, 5, nil)
	ask := func(change *paxospb.MemberChange) error {
		_, err := client.Cluster{Hosts: c.all[:1]}.Change(t.Context(), change)
		return err
	}
	refused := func(name string, err error, why string) {
		t.Helper()
		if !errors.Is(err, client.ErrRefused) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v: want %q", name, err, why)
		}
	}
	if _, err := c.one(c.all[:1], 7, 1); err != nil {
		t.Fatal(err)
	}
	refused("a member", ask(c.adds(1)), "server 1 is a member already")
	refused("a place that is taken", ask(&paxospb.MemberChange{
		Add: []*paxospb.Member{{NodeId: 3, Address: c.all[1].String()}},
	}), "server 1 is at")
	refused("an id that is too high", ask(&paxospb.MemberChange{
		Add: []*paxospb.Member{{NodeId: hosts.MaxServers, Address: c.all[3].String()}},
	}), "must be 0 to 63")
	refused("no member", ask(removes(4)), "server 4 is no member")
	refused("all", ask(&paxospb.MemberChange{Remove: []uint64{0, 1, 2}}), "no member would be left")
	c.change(c.all[:1], removes(2), "[0 1]")
	refused("again", ask(c.adds(2)), "server 2 was a member")
	c.servers[0].stop()
	c.start(Member{ID: 0, Hosts: c.all, patience: time.Millisecond})
	refused("nobody there", ask(c.adds(3)), "must be started with --join first")
	c.servers[0].stop()
	c.start(Member{ID: 0, Hosts: c.all})

	// The same change, asked for again, is what it was.
	c.start(Member{ID: 3, Hosts: c.all[:4], Join: true})
	r := &transportpb.ChangeMembersRequest{ClientId: node.ChangeClients, Timestamp: 1, Change: c.adds(3)}
	for i := range 2 {
		conn, err := grpc.Connect(c.all[i].String(), plain, grpc.Anybodys)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := transportpb.NewMembershipServiceClient(conn).ChangeMembers(t.Context(), r)
		if err != nil || len(reply.GetMembers()) != 3 {
			t.Errorf("asked for by server %d: %v, %v", i, reply, err)
		}
		conn.Close()
	}

	conn, err := grpc.Connect(c.all[0].String(), plain, grpc.Anybodys)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	said := metadata.Pairs(clusterKey, clusterOf(c.all[:3], true), serverKey, "4", addressKey, c.all[4].String())
	stream, err := transportpb.NewPaxosTransportClient(conn).DeliverMessage(metadata.NewOutgoingContext(t.Context(), said))
	if err != nil {
		t.Fatal(err)
	}
	m := &paxospb.Message{Type: &paxospb.Message_Accept{Accept: &paxospb.Accept{NodeId: 40}}}
	if err := stream.Send(m); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(transportpb.Empty)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a server that nobody knows votes: %v", err)
	}

	fixed := places(t, 2)
	mistaken := func(name string, m Member, want error, why string) {
		t.Helper()
		var err error
		if m.Listener, err = Listen(m.Hosts[m.ID]); err != nil {
			t.Fatal(err)
		}
		if m.Dir == "" {
			m.Dir = t.TempDir()
		}
		if err := Run(t.Context(), m); !errors.Is(err, want) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v: want %q", name, err, why)
		}
	}
	c.servers[2].stop()
	mistaken("it lost its file", Member{ID: 2, Hosts: c.all[:3], Changing: true}, ErrMistake, "must be replaced")
	mistaken("it joins again", Member{ID: 2, Hosts: c.all[:3], Join: true}, ErrJoin, "must have an id above 3")
	mistaken("nobody is there", Member{
		ID: 4, Hosts: hosts.List{fixed[1], fixed[1], fixed[1], fixed[1], c.all[4]}, Join: true, Alone: time.Millisecond,
	}, ErrJoin, "no server answered")

	one := start(t, Member{ID: 0, Hosts: fixed[:1]})
	_, err = client.Cluster{Hosts: fixed[:1]}.Members(t.Context(), false)
	refused("members that never change", err, "never change")
	mistaken("nothing to join", Member{ID: 1, Hosts: fixed, Join: true}, ErrJoin, "never change")
	one.stop()
	mistaken("a file of others", Member{ID: 0, Hosts: fixed[:1], Dir: one.dir, Changing: true}, ErrMistake, "never change")
}

// TestMembersApart lets no server speak to one of another cluster, or of one whose members never change.
func TestMembersApart(t *testing.T) {
	all := places(t, 3)
	for name, other := range map[string]Member{
		"other first members": {ID: 1, Hosts: all[:2], Changing: true, New: true},
		"fixed":               {ID: 1, Hosts: all, New: true},
	} {
		one := start(t, Member{ID: 0, Hosts: all, Changing: true, New: true})
		two := start(t, other)
		err := client.Run(t.Context(), client.Settings{
			Hosts: all[:2], ID: 7, First: 1, In: strings.NewReader("x"), Out: new(bytes.Buffer), Err: new(bytes.Buffer),
			Patience: 500 * time.Millisecond,
		})
		if !errors.Is(err, client.ErrNotOrdered) {
			t.Errorf("%s: %v: must not be ordered by servers of two clusters", name, err)
		}
		one.stop()
		two.stop()
	}
}

// TestMembersSecure adds a server whose certificate is for its place.
func TestMembersSecure(t *testing.T) {
	a := authority.New(t)
	cert, key := a.Issue("127.0.0.1", time.Hour)
	who, err := secure.Files{Cert: cert, Key: key, CA: a.CA}.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := startChanging(t, 4, who)
	c.start(Member{ID: 3, Hosts: c.all, Join: true})
	c.change(c.all[:3], c.adds(3), "[0 1 2 3]")
	if _, err := c.one(c.all[3:], 7, 1); err != nil {
		t.Error(err)
	}
}
