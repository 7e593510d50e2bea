package multipaxos

import (
	"maps"
	"slices"
	"strings"

	"synod/actor"
	"synod/model"
	"synod/network"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// system is a model and the data that its properties read.
type system[O any] struct {
	*model.System[rsm.Message]
	config Config
	last   multipaxos.Ballot
	// electorate is the set of voters in the first slot, and in all slots without changes. changes maps the names of the
	// commands that change membership to the new voters.
	electorate Voters
	changes    map[string]Voters
	acceptors  []model.Projection[*multipaxos.Acceptor[O]]
	leaders    []model.Projection[*multipaxos.Leader[O]]
	replicas   []model.Projection[*replica[O]]
	clocks     []model.Projection[int]  // the readings of clocks; only with leases
	leases     []model.Projection[bool] // whether each server answers reads under a lease; only with leases
	clients    []model.Ref[rsm.ClientState]
	commands   []rsm.ID                                            // all commands of clients
	asked      model.Selection[rsm.Message, *multipaxos.PValue[O]] // requests for votes in flight
	cast       model.History[Cast]
	seen       func(model.View) any // the history of clients
	// executes returns the machine after the batches chosen in the slots up to last.
	executes func(chosen map[rsm.Slot]string, last rsm.Slot) string
}

// replica is the part of a replica's state that properties read.
type replica[O any] struct {
	SlotOut   rsm.Slot
	Proposals multipaxos.Slots[O]
	Decisions multipaxos.Slots[O]
	Faithful  bool     // the machine equals its snapshot, or a new machine, with its decisions executed
	Snapshot  rsm.Slot // 0 for none
	Machine   string   // encoded; empty without a snapshot
	// Configurations are the configurations that the replica knows.
	Configurations multipaxos.Configurations
}

// readReplica returns the part of a replica's state that properties read. It checks the machine by executing the
// decisions again, each command only the first time, without using the protocol's own detection of repeated commands.
func readReplica[S, O, R any](m rsm.Machine[S, O, R], r multipaxos.Replica[S, O, R]) replica[O] {
	is := replica[O]{
		SlotOut: r.SlotOut, Proposals: r.Proposals, Decisions: r.Decisions, Snapshot: r.Snapshot.Slot,
		Configurations: r.Configurations,
	}
	from := rsm.Start(m)
	if is.Snapshot > 0 {
		data := r.Snapshot.Data
		if r.Configurations.Len() > 0 {
			_, data, _ = strings.Cut(data, "\n")
		}
		var err error
		if from, err = rsm.Load(m, []byte(data)); err != nil {
			return is
		}
	}
	state := from.State
	done, ended := map[rsm.ID]bool{}, map[rsm.Client]bool{}
	for slot := max(is.Snapshot, 1); slot < r.SlotOut; slot++ {
		b, _ := r.Decisions.Get(slot)
		for _, c := range b.All() {
			status, _, _ := from.Status(c.ID)
			switch {
			case status != rsm.New || done[c.ID] || ended[c.ID.Client]:
			case c.End:
				ended[c.ID.Client] = true
			default:
				done[c.ID] = true
				state, _, _ = m.Execute(slot, state, c.Op)
			}
		}
	}
	want, err1 := m.Snapshot(state)
	have, err2 := m.Snapshot(r.Machine.State)
	is.Faithful = err1 == nil && err2 == nil && string(want) == string(have)
	if is.Snapshot > 0 {
		is.Machine = string(have)
	}
	return is
}

// demand adds the properties: the invariants of sections 2 and 4 of the paper, under the names used there.
func (sys *system[O]) demand() {
	sys.asked = model.Select(sys.System, p2as[O])
	sys.cast = model.Record(sys.System, Votes[O](sys.config.Servers > 0))
	sys.replicaInvariants()
	sys.acceptorInvariants()
	sys.leaderInvariants()
	if sys.config.collects() {
		sys.collecting()
	}
	if sys.config.Changes > 0 {
		sys.reconfiguring()
	}
	sys.examples()
	sys.watch(sys.commands)
	if sys.config.answersAll() {
		sys.quiescent()
	}
	if sys.config.Live {
		sys.live()
	}
	sys.Explain(sys.explain)
}

// answersAll reports whether every client must have its answers when no further step is possible. With leases there
// always is one, as clocks tick.
func (c Config) answersAll() bool {
	return !c.Lossy && c.MaxDown == 0 && c.MaxPartitions == 0 && c.Resends == 0 && c.Lease == 0
}

func (sys *system[O]) replicaInvariants() {
	sys.Always("R1: replicas agree on what is decided in a slot", func(v model.View) bool {
		return agree(values(v, sys.replicas, func(r *replica[O]) multipaxos.Slots[O] { return r.Decisions }))
	})
	each := func(name string, holds func(r *replica[O]) bool) {
		sys.Always(name, func(v model.View) bool {
			for _, projection := range sys.replicas {
				if r, up := projection.In(v); up && !holds(r) {
					return false
				}
			}
			return true
		})
	}
	each("R2: all slots below slot_out are decided", func(r *replica[O]) bool {
		for slot := max(r.Snapshot, 1); slot < r.SlotOut; slot++ {
			if _, decided := r.Decisions.Get(slot); !decided {
				return false
			}
		}
		return true
	})
	each("R3: the machine executed what is decided, in order, each command once", func(r *replica[O]) bool {
		return r.Faithful
	})
	sys.forwards()
	window := rsm.Slot(sys.config.Window)
	each("R5: proposals stay within the window", func(r *replica[O]) bool {
		for slot := range r.Proposals.All() {
			if slot >= r.SlotOut+window {
				return false
			}
		}
		return true
	})
}

// values returns a map of every actor that is up.
func values[T, O any](
	v model.View, from []model.Projection[*T], of func(*T) multipaxos.Slots[O],
) []multipaxos.Slots[O] {
	var all []multipaxos.Slots[O]
	for _, projection := range from {
		if part, up := projection.In(v); up {
			all = append(all, of(part))
		}
	}
	return all
}

// agree reports whether all maps agree on the batch of each slot.
func agree[O any](all []multipaxos.Slots[O]) bool {
	for i, one := range all {
		for _, other := range all[:i] {
			for slot, b := range one.All() {
				if c, known := other.Get(slot); known && !b.Same(c) {
					return false
				}
			}
		}
	}
	return true
}

// place is a slot at a ballot.
type place struct {
	ballot multipaxos.Ballot
	slot   rsm.Slot
}

func (sys *system[O]) acceptorInvariants() {
	sys.Always("A2: acceptors vote at ballots that they promised", func(v model.View) bool {
		for _, projection := range sys.acceptors {
			a, up := projection.In(v)
			if !up {
				continue
			}
			for _, votes := range a.Accepted.All() {
				for _, vote := range votes.All() {
					if a.Ballot.Less(vote.Ballot) {
						return false
					}
				}
			}
		}
		return true
	})
	sys.Always("A4: votes for a slot at a ballot are for the same commands", func(v model.View) bool {
		batches := map[place]string{}
		for in := range sys.cast.In(v).Votes {
			at := place{in.Ballot, in.Slot}
			if b, known := batches[at]; known && b != in.Batch {
				return false
			}
			batches[at] = in.Batch
		}
		return true
	})
	sys.Always("A5: what is chosen in a slot is all that is voted for there later", func(v model.View) bool {
		c := sys.cast.In(v)
		return !sys.contradicted(c, slices.Collect(maps.Keys(c.Votes)))
	})
}

// commanded returns the pvalues with a commander or with a P2a in flight.
func (sys *system[O]) commanded(v model.View) []multipaxos.PValue[O] {
	var all []multipaxos.PValue[O]
	for _, pvalue := range sys.asked.InFlight(v) {
		all = append(all, *pvalue)
	}
	for _, projection := range sys.leaders {
		l, up := projection.In(v)
		if !up {
			continue
		}
		for _, slot := range slices.Sorted(maps.Keys(l.Commanders)) {
			b, _ := l.Proposals.Get(slot)
			all = append(all, multipaxos.PValue[O]{Ballot: l.Ballot, Slot: slot, Batch: b})
		}
	}
	return all
}

// p2as selects the pvalues of P2a messages.
func p2as[O any](e actor.Envelope[rsm.Message]) (*multipaxos.PValue[O], bool) {
	if internal, ok := e.Message.(rsm.Internal[multipaxos.Message]); ok {
		if m, ok := internal.Message.(multipaxos.P2a[O]); ok {
			p := m.PValue()
			return &p, true
		}
	}
	return nil, false
}

func (sys *system[O]) leaderInvariants() {
	sys.Always("C1: commanders of a slot at a ballot are for the same commands", func(v model.View) bool {
		batches := map[place]rsm.Batch[O]{}
		for _, p := range sys.commanded(v) {
			at := place{p.Ballot, p.Slot}
			if b, known := batches[at]; known && !b.Same(p.Batch) {
				return false
			}
			batches[at] = p.Batch
		}
		return true
	})
	sys.Always("C2: commanders of higher ballots are for what is chosen", func(v model.View) bool {
		var all []Election
		for _, p := range sys.commanded(v) {
			all = append(all, Election{p.Ballot, p.Slot, text(p.Batch)})
		}
		return !sys.contradicted(sys.cast.In(v), all)
	})
}

func (sys *system[O]) examples() {
	decided := func(name string, what func(slot rsm.Slot, b rsm.Batch[O], r *replica[O]) bool) {
		if sys.config.collects() { // Replicas then know few decisions.
			return
		}
		sys.Sometimes(name, func(v model.View) bool {
			for _, projection := range sys.replicas {
				r, up := projection.In(v)
				if !up {
					continue
				}
				for slot, b := range r.Decisions.All() {
					if what(slot, b, r) {
						return true
					}
				}
			}
			return false
		})
	}
	decided("decided", func(_ rsm.Slot, b rsm.Batch[O], _ *replica[O]) bool { return b.Len() > 0 })
	if sys.config.rivals() {
		sys.preempted()
		if sys.config.adopts() {
			sys.adopted()
		}
		if sys.config.Part == 1 && sys.config.crowded() && sys.config.adopts() {
			sys.partly()
		}
		if sys.config.gaps() {
			decided("a hole filled", func(_ rsm.Slot, b rsm.Batch[O], _ *replica[O]) bool { return b.Len() == 0 })
		}
	}
	// Commands are batched if they wait while the window is full.
	if sys.config.Batch > 1 && min(sys.config.Pipeline, sys.config.Commands) >= sys.config.Window+2 {
		decided("a batch", func(_ rsm.Slot, b rsm.Batch[O], _ *replica[O]) bool { return b.Len() > 1 })
	}
}

// rivals reports whether more than one leader tries to lead. If there is a single initial member, it leads, and
// servers that join leave it in the lead unless their patience runs out.
func (c Config) rivals() bool {
	joined := c.Changes > 0 && c.Members == 1 && c.Next == c.Servers && !c.Patient
	return c.Ballots > 1 && max(c.Servers, c.Leaders) > 1 && !joined
}

// adopts reports whether a leader can find votes at a ballot below its first one. With two servers, each promises its
// own ballot at once, so the lower ballot never gets both promises, and only a third ballot can follow one that got
// them.
func (c Config) adopts() bool { return c.Servers != 2 || c.Ballots > 2 && c.Clients > 1 }

// crowded reports whether a replica can have two commands waiting for slots at the same time.
func (c Config) crowded() bool { return c.Pipeline > 1 && c.Commands > 1 && c.Window > 1 }

// gaps reports whether a leader can receive a proposal for a slot and none for an earlier one, because proposals
// overtake each other.
func (c Config) gaps() bool { return c.crowded() && c.Network != network.Ordered }

func (sys *system[O]) preempted() {
	sys.Sometimes("preempted", func(v model.View) bool {
		for _, projection := range sys.leaders {
			l, up := projection.In(v)
			if up && l.Ballot != (multipaxos.Ballot{}) && l.Ballot.Less(l.Known) && !l.Active && l.Scout == nil {
				return true
			}
		}
		return false
	})
}

// partly adds an example in which a scout has received a part of an acceptor's votes.
func (sys *system[O]) partly() {
	sys.Sometimes("told in parts", func(v model.View) bool {
		for _, projection := range sys.leaders {
			if l, up := projection.In(v); up && l.Scout != nil && l.Scout.Partly != nil {
				return true
			}
		}
		return false
	})
}

// adopted adds an example in which a leader asks for votes for a batch that was voted for at a lower ballot.
func (sys *system[O]) adopted() {
	sys.Sometimes("adopted from an earlier ballot", func(v model.View) bool {
		votes := sys.cast.In(v).Votes
		for _, p := range sys.commanded(v) {
			for in := range votes {
				if in.Slot == p.Slot && in.Ballot.Less(p.Ballot) && in.Batch != "" && in.Batch == text(p.Batch) {
					return true
				}
			}
		}
		return false
	})
}

// quiescent adds the property that every client has its answers when no further step is possible.
func (sys *system[O]) quiescent() { sys.Quiescent("every command is answered", sys.answered) }

// live adds liveness properties, on every fair path: every client gets its answers eventually, then no replica stays
// behind, and a decision that one replica knows reaches a replica that asks for it. As a model has a limited number
// of ballots, nobody leads after the leader of the last ballot has crashed; only the last property applies to such
// paths.
func (sys *system[O]) live() {
	sys.Eventually("every client is served", func(v model.View) bool { return sys.answered(v) || sys.spent(v) })
	sys.Eventually("every replica catches up", func(v model.View) bool {
		if sys.spent(v) {
			return true
		}
		slots := rsm.Slot(0)
		for i, projection := range sys.replicas {
			r, up := projection.In(v)
			if !up || i > 0 && r.SlotOut != slots {
				return false
			}
			slots = r.SlotOut
		}
		return sys.answered(v)
	})
	sys.LeadsTo("a decision that a replica lacks is told to it", sys.lacking,
		func(v model.View) bool { return !sys.lacking(v) })
}

// spent reports whether the leader of the last ballot no longer leads because it crashed, so that nobody can lead.
func (sys *system[O]) spent(v model.View) bool {
	last := sys.config.Ballots - 1
	l, up := sys.leaders[last%len(sys.leaders)].In(v)
	if !up || l.Active || l.Scout != nil {
		return false
	}
	return !l.Known.Less(sys.last) || !l.Ballot.Less(sys.last)
}

// lacking reports whether a replica lacks a decision that another one knows or has collected, and can tell because it
// has a decision of a later slot.
func (sys *system[O]) lacking(v model.View) bool {
	for _, projection := range sys.replicas {
		r, up := projection.In(v)
		if !up {
			continue
		}
		if last, _, _ := r.Decisions.Last(); last <= r.SlotOut {
			continue
		}
		for _, other := range sys.replicas {
			if o, up := other.In(v); up {
				if _, known := o.Decisions.Get(r.SlotOut); known || r.SlotOut < o.Snapshot {
					return true
				}
			}
		}
	}
	return false
}

// answered reports whether every client has all its answers.
func (sys *system[O]) answered(v model.View) bool {
	for _, client := range sys.clients {
		if st, _ := client.In(v); st.Awaiting != nil {
			return false
		}
	}
	return true
}
