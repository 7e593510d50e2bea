package wire

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/service"
)

// Changing is a key-value store with a command that changes the servers that vote: a store with rsm.SetMembers.
type Changing struct {
	rsm.Store
	Servers []actor.ID // all servers, in ascending order
}

// Execute executes an operation. SetMembers does not change the store; it is Done if it names existing servers.
func (c Changing) Execute(
	slot rsm.Slot, held map[string]string, op rsm.StoreOp,
) (map[string]string, rsm.StoreResult, bool) {
	if op.Kind != rsm.SetMembers {
		return c.Store.Execute(slot, held, op)
	}
	_, ok := c.Members(op)
	return held, rsm.StoreResult{Done: ok}, true
}

// Members implements rsm.Reconfigurer.
func (c Changing) Members(op rsm.StoreOp) (members actor.List[actor.ID], ok bool) {
	if op.Kind != rsm.SetMembers {
		return members, false
	}
	ids, err := ParseMembers(op.Value, c.Servers)
	return actor.ListOf(ids...), err == nil
}

// ParseMembers returns the servers listed in a text such as 0,1,2, in ascending order. Each is given as its address,
// or as its index, from 0, among all servers in ascending order of addresses.
func ParseMembers(text string, servers []actor.ID) (members []actor.ID, err error) {
	for name := range strings.SplitSeq(text, ",") {
		id, err := member(name, servers)
		switch {
		case err != nil:
			return nil, err
		case slices.Contains(members, id):
			return nil, fmt.Errorf("%s: each server must be named once", name)
		}
		members = append(members, id)
	}
	slices.Sort(members)
	return members, nil
}

func member(name string, servers []actor.ID) (actor.ID, error) {
	if place, err := strconv.ParseUint(name, 10, 16); err == nil {
		if place >= uint64(len(servers)) {
			return 0, fmt.Errorf("%s: must be the place of one of %d servers, counting from 0", name, len(servers))
		}
		return servers[place], nil
	}
	at, err := netip.ParseAddrPort(name)
	if err != nil {
		return 0, fmt.Errorf("%q: must be the place of a server, counting from 0, or its address", name)
	}
	id, err := spawn.IDOf(at)
	if err == nil && !slices.Contains(servers, id) {
		err = fmt.Errorf("%s: is not the address of a server of the cluster", name)
	}
	return id, err
}

// ValidMembers reports whether a text lists distinct addresses or indexes of servers. It does not check that they
// exist.
func ValidMembers(text string) bool { return checkMembers(text) == nil }

func checkMembers(text string) error {
	seen := map[string]bool{}
	for name := range strings.SplitSeq(text, ",") {
		_, notPlace := strconv.ParseUint(name, 10, 16)
		_, notAddress := netip.ParseAddrPort(name)
		switch {
		case notPlace != nil && notAddress != nil:
			return fmt.Errorf("%q: must be the place of a server, counting from 0, or its address", name)
		case seen[name]:
			return fmt.Errorf("%s: each server must be named once", name)
		}
		seen[name] = true
	}
	return nil
}

// setMembers is the operation that changes which servers vote.
var setMembers = service.Operation[rsm.StoreOp]{
	Name: "members", Doc: "Change which servers vote", Arguments: []string{"SERVER,…"}, Administers: true,
	Parse: func(args []string) (rsm.StoreOp, error) {
		if args[0] == "" {
			return rsm.StoreOp{}, errors.New("at least one server must vote")
		}
		names := strings.Split(args[0], ",")
		for i, name := range names {
			if !strings.Contains(name, ":") {
				continue
			}
			at, err := spawn.ResolveAddress(name)
			if err != nil {
				return rsm.StoreOp{}, err
			}
			names[i] = at.String()
		}
		value := strings.Join(names, ",")
		if err := checkMembers(value); err != nil {
			return rsm.StoreOp{}, err
		}
		return checked(rsm.StoreOp{Kind: rsm.SetMembers, Value: value})
	},
}
