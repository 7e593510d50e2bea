package singledecree

import (
	"synod/actor"
	"synod/invariant"
	"synod/paxos/singledecree"
)

// Agreement must hold of servers at every moment: those that know a decision know the same one. The model demands it by a
// projection, which is judged less often.
var Agreement = invariant.All("agreement", func(servers map[actor.ID]singledecree.State) bool {
	var known *singledecree.Proposal
	for _, st := range servers {
		if !st.Decided {
			continue
		}
		if known != nil && st.Accepted.Proposal != *known {
			return false
		}
		known = &st.Accepted.Proposal
	}
	return true
})
