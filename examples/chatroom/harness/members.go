package harness

import (
	"context"
	"fmt"
	"slices"

	"synod/actor"
	"synod/examples/chatroom"
	"synod/examples/chatroom/server"
	"synod/examples/chatroom/wire"
	"synod/internal/strictjson"
)

// members parses the field members: one or more distinct ids.
func (o *object) members() []int {
	ids := []int{}
	o.each("members", func(r *strictjson.Reader) {
		id := int(min(r.Uint64(), server.MaxServers))
		switch {
		case id == server.MaxServers:
			r.Fail(fmt.Sprintf("an id from 0 to %d", server.MaxServers-1))
		case slices.Contains(ids, id):
			r.Fail("each server once")
		}
		ids = append(ids, id)
	})
	if f, ok := o.find("members"); ok && o.err == nil && len(ids) == 0 {
		o.err = o.error(f.at, "members: must be at least one server")
	}
	slices.Sort(ids)
	return ids
}

// checkMembers returns an error unless all servers start with the same members, and members are servers of the cluster.
func (t Test) checkMembers() (err error) {
	members, count := t.members(), t.Servers()
	fail := func(s Step, format string, args ...any) {
		if err == nil {
			err = &Error{File: t.Name, Line: s.Line, Column: s.Column, Text: fmt.Sprintf(format, args...)}
		}
	}
	check := func(s Step, ids []int) {
		for _, id := range ids {
			if id >= count {
				fail(s, "the member %d of %d servers: must be 0 to %d", id, count, count-1)
			}
		}
	}
	t.walk(func(s Step) {
		if c, ok := s.Command.(Start); ok {
			if !slices.Equal(c.Members, members) {
				fail(s, "Start with members %s: must be the same for all servers, and another one has %s", idsText(c.Members), idsText(members))
			}
			check(s, c.Members)
		}
		if c, ok := s.Command.(Reconfigure); ok {
			if members == nil {
				fail(s, "Reconfigure needs servers whose Start has members")
			}
			check(s, c.Members)
		}
	})
	return err
}

// reconfigure asks a server to change which servers vote, and then gets all messages. The get uses a slot of the new
// members, because the leader fills all earlier slots when it executes the change.
func (r *run) reconfigure(ctx context.Context, s Step, c Reconfigure) error {
	p, err := r.known(s, c.ID)
	switch {
	case err != nil:
		return err
	case p.conn == nil:
		return r.fail(Failed, s, "client %d is not connected", c.ID)
	}
	command := wire.Command{
		Client: uint64(c.ID), Number: r.number, Mode: wire.SetMembers, Message: chatroom.MembersText(c.Members),
	}
	r.number++
	if err := p.conn.Send(command); err != nil {
		return r.fail(Failed, s, "%v", err)
	}
	a, err := p.conn.Answer(ctx, GetPatience+r.Slack)
	switch {
	case err != nil:
		if ended := r.ended(s, c.ID); ended != nil {
			return ended
		}
		return r.fail(Undecided, s, "client %d got no answer: %v", c.ID, err)
	case a.Kind == wire.Refused:
		return r.fail(Failed, s, "refused: %s", a.Reason)
	case a.Kind != wire.Done || a.Number != command.Number:
		return r.fail(Failed, s, "answered with something else: %+v", a)
	}
	r.members = c.Members
	_, err = r.get(ctx, s, c.ID)
	return err
}

// quorum reports whether a majority of the voting servers is in ids.
func (r *run) quorum(ids []int, count int) bool {
	members := r.members
	if members == nil {
		return len(ids) >= actor.Majority(count)
	}
	n := 0
	for _, id := range members {
		if slices.Contains(ids, id) {
			n++
		}
	}
	return n >= actor.Majority(len(members))
}
