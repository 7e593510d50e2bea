package multipaxos

import (
	"maps"
	"slices"
	"strings"

	"synod/actor"
	"synod/model"
	"synod/paxos/rsm"
)

// Section 2.1: the servers that vote in a slot depend on what is chosen before it. Here they are derived only from
// the votes ever cast, independently of the configurations that servers know.

// changes returns the members after each command of the administrator, by the command's name.
func (c Config) changes(administrator actor.ID) map[string]Voters {
	all := map[string]Voters{}
	for k := range c.Changes {
		id := rsm.ID{Client: rsm.Client(administrator), Local: rsm.Local(k + 1)}
		all[id.String()] = c.members(k + 1)
	}
	return all
}

// filled returns the maximum number of slots that leaders fill so that new configurations take effect.
func (c Config) filled() rsm.Slot { return rsm.Slot(c.Changes * c.Window) }

// electorate is the set of voters in the slots from one on.
type electorate struct {
	from    rsm.Slot
	members Voters
}

// electorates are in ascending order of slots; the first one starts at slot 1.
type electorates []electorate

// of returns the voters in a slot.
func (all electorates) of(slot rsm.Slot) Voters {
	at := len(all) - 1
	for at > 0 && all[at].from > slot {
		at--
	}
	return all[at].members
}

func (all electorates) last() Voters { return all[len(all)-1].members }

// electorates returns the voters by slot, derived from the chosen commands.
func (sys *system[O]) electorates(c Cast) electorates {
	all := electorates{{1, sys.electorate}}
	if sys.changes == nil {
		return all
	}
	votes := slices.SortedFunc(maps.Keys(c.Votes), byBallot)
	done := map[string]bool{}
	for slot := rsm.Slot(1); ; slot++ {
		at := slices.IndexFunc(votes, func(in Election) bool { return in.Slot == slot && all.of(slot).agree(c.Votes[in]) })
		if at < 0 {
			return all
		}
		for name := range strings.SplitSeq(votes[at].Batch, ",") {
			if members, changes := sys.changes[name]; changes && !done[name] {
				all = append(all, electorate{slot + rsm.Slot(sys.config.Window), members})
			}
			done[name] = true
		}
	}
}

// reconfiguring adds the properties of section 2.1.
func (sys *system[O]) reconfiguring() {
	window := rsm.Slot(sys.config.Window)
	sys.Always("section 2.1: replicas know who votes in which slots", func(v model.View) bool {
		all := sys.electorates(sys.cast.In(v))
		for _, projection := range sys.replicas {
			r, up := projection.In(v)
			if !up {
				continue
			}
			for slot := r.SlotOut; slot < r.SlotOut+window; slot++ {
				if !slices.Equal(all.of(slot), knows(r, slot)) {
					return false
				}
			}
		}
		return true
	})
	sys.Always("section 2.1: a majority of those who vote in a slot has promised the ballot at which they are asked", func(v model.View) bool {
		c := sys.cast.In(v)
		all := sys.electorates(c)
		for _, p := range sys.commanded(v) {
			var by Voters
			for id, ballot := range c.Promised {
				if !ballot.Less(p.Ballot) {
					by = by.with(id)
				}
			}
			if !all.of(p.Slot).agree(by) {
				return false
			}
		}
		return true
	})
	sys.Always("section 2.1: who joins has executed what makes it a member before it votes", func(v model.View) bool {
		c := sys.cast.In(v)
		all := sys.electorates(c)
		for i, projection := range sys.replicas {
			r, up := projection.In(v)
			if up && sys.voted(c, i) && r.SlotOut <= joins(all, i, window) {
				return false
			}
		}
		return true
	})
	sys.Always("section 2.1: who is no member any more does not lead", func(v model.View) bool {
		for i, projection := range sys.replicas {
			r, up1 := projection.In(v)
			l, up2 := sys.leaders[i].In(v)
			if up1 && up2 && (l.Active || l.Scout != nil) && !sys.member(r, i) {
				return false
			}
		}
		return true
	})
	sys.Sometimes("reconfigured", func(v model.View) bool {
		all := sys.electorates(sys.cast.In(v))
		for _, projection := range sys.replicas {
			if r, up := projection.In(v); up && len(all) > 1 && r.SlotOut > all[1].from {
				return true
			}
		}
		return false
	})
}

// knows returns the voters in a slot according to a replica.
func knows[O any](r *replica[O], slot rsm.Slot) (members Voters) {
	for _, c := range r.Configurations.All() {
		if c.From <= slot {
			members = c.Members.Slice()
		}
	}
	return members
}

// member reports whether a replica knows a configuration that includes its server.
func (sys *system[O]) member(r *replica[O], server int) bool {
	for _, c := range r.Configurations.All() {
		if c.Has(actor.ID(server)) {
			return true
		}
	}
	return false
}

// voted reports whether a server has ever voted.
func (sys *system[O]) voted(c Cast, server int) bool {
	for _, by := range c.Votes {
		if by.has(actor.ID(server)) {
			return true
		}
	}
	return false
}

// joins returns the slot of the command that made a server a member; 0 for an initial member or a server that never
// was one.
func joins(all electorates, server int, window rsm.Slot) rsm.Slot {
	for _, e := range all {
		switch {
		case !e.members.has(actor.ID(server)):
		case e.from == 1:
			return 0
		default:
			return e.from - window
		}
	}
	return 0
}
