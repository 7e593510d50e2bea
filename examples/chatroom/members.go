package chatroom

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"synod/actor"
)

// Members implements rsm.Reconfigurer.
func (r Room) Members(op Op) (members actor.List[actor.ID], ok bool) {
	if op.Kind != SetMembers || r.Servers == 0 {
		return members, false
	}
	ids, err := ParseMembers(op.Message, r.Servers)
	return actor.ListOf(ids...), err == nil
}

// ParseMembers parses a text such as "0,1,2" and returns the ids in ascending order. The ids must be distinct and
// less than servers.
func ParseMembers(text string, servers int) (members []actor.ID, err error) {
	for word := range strings.SplitSeq(text, ",") {
		id, err := strconv.ParseUint(word, 10, 16)
		switch {
		case err != nil || id >= uint64(servers):
			return nil, fmt.Errorf("members %q: %q must be the id of a server, 0 to %d", text, word, servers-1)
		case slices.Contains(members, actor.ID(id)):
			return nil, fmt.Errorf("members %q: each server must be named once", text)
		}
		members = append(members, actor.ID(id))
	}
	slices.Sort(members)
	return members, nil
}

// MembersText returns ids in the format that ParseMembers parses.
func MembersText[ID ~int | ~uint64](members []ID) string {
	words := make([]string, len(members))
	for i, id := range members {
		words[i] = fmt.Sprint(id)
	}
	return strings.Join(words, ",")
}
