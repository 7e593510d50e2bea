package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"synod/actor"
	"synod/examples/systembuilders/client"
	"synod/examples/systembuilders/hosts"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
)

// window is the number of slots for which a leader proposes at once, and the number of slots after its own at which a
// change of the members takes effect.
const window = 16

// joinPatience is how long to wait until a server that is being added and this server have reached each other.
const joinPatience = 5 * time.Second

// memberChange is the data of an update that changes the members.
type memberChange struct {
	add    map[actor.ID]hosts.Host
	remove []actor.ID
}

// parseChange decodes a change. Empty data decodes to a change without effect.
func parseChange(data []byte) (c memberChange, err error) {
	p := new(paxospb.MemberChange)
	if err := proto.Unmarshal(data, p); err != nil {
		return c, err
	}
	if c.add, err = bookOf(p.GetAdd()); err != nil {
		return c, err
	}
	for _, id := range p.GetRemove() {
		c.remove = append(c.remove, actor.ID(id))
	}
	return c, nil
}

// after returns the members after a change, and whether they differ from those before it.
func (c memberChange) after(members []actor.ID) ([]actor.ID, bool) {
	all := slices.DeleteFunc(slices.Clone(members), func(id actor.ID) bool { return slices.Contains(c.remove, id) })
	for id := range c.add {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all, !slices.Equal(all, members)
}

// changeMembers is Config.Change of the nodes.
func changeMembers(data []byte, members []actor.ID) ([]actor.ID, bool) {
	c, err := parseChange(data)
	if err != nil {
		return nil, false
	}
	return c.after(members)
}

func membersOf(book map[actor.ID]hosts.Host) (all []*paxospb.Member) {
	for _, id := range slices.Sorted(maps.Keys(book)) {
		all = append(all, &paxospb.Member{NodeId: uint64(id), Address: book[id].String()})
	}
	return all
}

func bookOf(members []*paxospb.Member) (map[actor.ID]hosts.Host, error) {
	book := make(map[actor.ID]hosts.Host)
	for _, m := range members {
		h, err := hosts.Parse(m.GetAddress())
		if err != nil {
			return nil, err
		}
		if m.GetNodeId() >= hosts.MaxServers {
			return nil, fmt.Errorf("server %d: must be 0 to %d", m.GetNodeId(), hosts.MaxServers-1)
		}
		book[actor.ID(m.GetNodeId())] = h
	}
	return book, nil
}

// bookOfList returns the addresses of a list by id, from 0 on.
func bookOfList(all hosts.List) map[actor.ID]hosts.Host {
	book := make(map[actor.ID]hosts.Host)
	for id, h := range all {
		book[actor.ID(id)] = h
	}
	return book
}

// changingPrefix precedes the first members in the name of a cluster whose members may change.
const changingPrefix = "members that change, at first "

// clusterOf returns the name of the cluster of these servers, which are its first members if the members may change.
func clusterOf(all hosts.List, changing bool) string {
	if !changing {
		return all.String()
	}
	return changingPrefix + all.String()
}

// firstOf returns the first members of a cluster, if they may change.
func firstOf(cluster string) (first hosts.List, changing bool, err error) {
	text, changing := strings.CutPrefix(cluster, changingPrefix)
	if !changing {
		return nil, false, nil
	}
	first, err = hosts.Read(strings.NewReader(strings.ReplaceAll(text, ",", "\n")), 0)
	return first, true, err
}

// ErrJoin is returned by a server that may not join a cluster.
var ErrJoin = errors.New("the server cannot join")

// join asks the servers of the list for the first members of their cluster, and for the present ones.
func join(ctx context.Context, c Member) (first hosts.List, now map[actor.ID]hosts.Host, err error) {
	others := slices.Delete(slices.Clone(c.Hosts), c.ID, c.ID+1)
	reply, err := client.Cluster{Hosts: others, Identity: c.Identity, Patience: c.Alone}.Members(ctx, true)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrJoin, err)
	}
	book, err := bookOf(reply.GetFirst())
	if err != nil {
		return nil, nil, err
	}
	for id := range actor.ID(len(book)) {
		h, ok := book[id]
		if !ok {
			return nil, nil, fmt.Errorf("%w: the first members are %v: must have ids from 0 on", ErrJoin, book)
		}
		first = append(first, h)
	}
	if uint64(c.ID) <= reply.GetHighest() {
		return nil, nil, fmt.Errorf("%w: server %d of it was a member: must have an id above %d, as nobody becomes a member twice",
			ErrJoin, c.ID, reply.GetHighest())
	}
	now, err = bookOf(reply.GetMembers())
	return first, now, err
}

// membership is the service for administrators of a cluster.
type membership struct {
	transportpb.UnimplementedMembershipServiceServer
	server *server
}

var errFixed = status.Error(codes.FailedPrecondition, "the members of this cluster never change")

// Members returns the members.
func (m *membership) Members(ctx context.Context, r *transportpb.MembersRequest) (*transportpb.MembersReply, error) {
	s := m.server
	if !s.changing {
		return nil, errFixed
	}
	if r.GetOrdered() {
		if !s.member.Load() {
			return nil, errNoMember
		}
		ctx, cancel := context.WithTimeout(ctx, orderPatience)
		defer cancel()
		u := node.Update{ClientID: node.ChangeClients + rand.Uint64N(node.OwnClients-node.ChangeClients), Timestamp: rand.Uint64()}
		if _, err := s.ordered(ctx, u); err != nil {
			return nil, err
		}
	}
	return s.members(), nil
}

// members returns the members as known to this server.
func (s *server) members() *transportpb.MembersReply {
	st := s.node.Status()
	book := make(map[actor.ID]hosts.Host)
	for _, id := range st.Members {
		if h, ok := s.answers.place(id); ok {
			book[id] = h
		}
	}
	return &transportpb.MembersReply{
		NodeId: uint64(s.ID), Members: membersOf(book), First: membersOf(bookOfList(s.first)), Changes: uint64(st.Changes),
		Leader: uint64(st.Leader), Led: leads(st), Highest: uint64(st.Highest),
	}
}

// ChangeMembers has a change ordered, and returns the members once it has taken effect.
func (m *membership) ChangeMembers(
	ctx context.Context, r *transportpb.ChangeMembersRequest,
) (*transportpb.MembersReply, error) {
	s := m.server
	g, _, ok := s.door.Guest(ctx)
	if !ok || !s.door.Guests().Client(g) {
		return nil, errBusy
	}
	ctx, cancel := context.WithTimeout(ctx, orderPatience)
	defer cancel()
	data, err := proto.Marshal(r.GetChange())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	c, err := parseChange(data)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	u := node.Update{ClientID: r.GetClientId(), Timestamp: r.GetTimestamp(), Data: data}
	if u.ClientID < node.ChangeClients || u.ClientID >= node.OwnClients {
		return nil, status.Errorf(codes.InvalidArgument, "client %d: must be %d to %d", u.ClientID, uint64(node.ChangeClients),
			uint64(node.OwnClients-1))
	}
	if !s.changing {
		return nil, errFixed
	}
	st := s.node.Status()
	select {
	case <-s.answers.pass(st.LocalAru):
	case <-ctx.Done():
		return nil, failure(ctx.Err())
	}
	if !s.answers.has(idOf(u)) { // Otherwise this is a repeated request, whose change may already have taken effect.
		if err := s.sensible(ctx, c, st); err != nil {
			return nil, err
		}
	}
	if _, err := s.ordered(ctx, u); err != nil {
		return nil, err
	}
	for s.node.Status().Changes > 0 {
		select { // The slots in between get empty proposals at once.
		case <-time.After(tick):
		case <-ctx.Done():
			return nil, failure(ctx.Err())
		}
	}
	now := s.node.Status().Members
	if all, _ := c.after(now); !slices.Equal(all, now) {
		return nil, status.Error(codes.FailedPrecondition, "another change came first, and this one had no effect")
	}
	return s.members(), nil
}

// sensible returns an error for a change that would have no effect, or would stop the cluster. A server that is added
// must be up, and reachable in both directions: it counts for majorities once the change has taken effect.
func (s *server) sensible(ctx context.Context, c memberChange, st node.Status) error {
	refuse := func(format string, a ...any) error { return status.Errorf(codes.FailedPrecondition, format, a...) }
	if !slices.Contains(st.Members, actor.ID(s.ID)) {
		return errNoMember
	}
	for _, id := range c.remove {
		if !slices.Contains(st.Members, id) {
			return refuse("server %v is no member: must be one of %v", id, st.Members)
		}
	}
	if all, _ := c.after(st.Members); len(all) == 0 {
		return refuse("no member would be left: must be at least one")
	}
	for _, id := range slices.Sorted(maps.Keys(c.add)) {
		at, known := s.answers.place(id)
		switch {
		case slices.Contains(st.Members, id):
			return refuse("server %v is a member already, at %v", id, at)
		case known || id <= st.Highest:
			return refuse("server %v was a member: must be an id above %v, as nobody becomes a member twice", id, st.Highest)
		}
		for _, m := range st.Members {
			if at, _ := s.answers.place(m); at == c.add[id] {
				return refuse("server %v is at %v: must be another place", m, at)
			}
		}
		if err := s.links.meets(ctx, id, c.add[id]); err != nil {
			return err
		}
	}
	return nil
}

// leads reports whether the leader known to a node may be current: whether the node is in the leader's view.
func leads(st node.Status) bool { return st.State != systembuilders.LeaderElection }

// ordered has an update ordered, and returns it with its slot.
func (s *server) ordered(ctx context.Context, u node.Update) (o node.OrderedUpdate, err error) {
	answer, stop := s.answers.await(idOf(u))
	defer stop()
	err = s.node.Propose(ctx, u)
	var passed <-chan struct{}
	switch {
	case errors.Is(err, node.ErrProposalDropped): // Its slot is about to be known, or is no longer known.
		passed = s.answers.pass(s.node.Status().LocalAru)
	case err != nil:
		return o, failure(err)
	}
	select {
	case o := <-answer:
		return o, nil
	case <-passed:
	case <-ctx.Done():
		return o, failure(ctx.Err())
	}
	select {
	case o := <-answer:
		return o, nil
	default:
		return o, status.Error(codes.AlreadyExists, "the update was ordered before; where is no longer known")
	}
}
