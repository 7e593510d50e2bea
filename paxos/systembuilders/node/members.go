package node

import (
	"errors"
	"fmt"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// ChangeClients is the first of the clients whose updates may change the members; the last is OwnClients-1. A user
// with several programs that propose changes draws a client for each.
const ChangeClients = OwnClients - 1<<32

// changes reports whether an update of a client may change the members.
func changes(client uint64) bool { return client >= ChangeClients && client < OwnClients }

// validateMembers returns an error if the fields about members are invalid.
func (c Config) validateMembers() error {
	if c.Delay == 0 && (c.Members != nil || c.Change != nil) {
		return errors.New("node: Members and Change require a Delay")
	}
	if c.Delay > 0 && c.Change == nil {
		return errors.New("node: a Delay requires Change, which says who is a member after an update")
	}
	if c.Members != nil && len(c.Members) == 0 {
		return errors.New("node: Members is empty: must be at least one node")
	}
	for i, id := range c.Members {
		if i > 0 && c.Members[i-1] >= id || id >= actor.ID(c.NodeCount) {
			return fmt.Errorf("node: Members is %v: must be ids below NodeCount, %d, in ascending order", c.Members, c.NodeCount)
		}
	}
	return nil
}

// change returns the Change function of the actor.
func (c Config) change() func(rsm.Command[string], []actor.ID) ([]actor.ID, bool) {
	if c.Change == nil {
		return nil
	}
	return func(one rsm.Command[string], members []actor.ID) ([]actor.ID, bool) {
		if !changes(uint64(one.ID.Client)) {
			return nil, false
		}
		return c.Change([]byte(one.Op), members)
	}
}

// continues completes a configuration from the saved state of a node, or returns an error if they belong to different
// clusters.
func (c Config) continues(p PersistentState) (Config, error) {
	if c.Members == nil {
		c.Members = p.Members
	}
	if c.Delay != p.Delay || !slices.Equal(c.Members, p.Members) {
		return c, fmt.Errorf("node: the state is of a cluster with Delay %d and Members %v: must be the same, not %d and %v",
			p.Delay, p.Members, c.Delay, c.Members)
	}
	return c, nil
}

// members returns the members of the next slot, and the leader of the view among them.
func (k *core) members() (all []actor.ID, leader actor.ID) {
	st := &k.state
	if k.delay == 0 {
		all = actor.IDs(k.count)
	} else {
		all = st.Membership.Members.Slice()
	}
	return all, st.Installed.Leader(all)
}
