package multipaxos

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Reconfiguration, section 2.1: which servers vote in a slot is a matter of what is decided before it. A command that
// names servers makes them the configuration WINDOW slots later. As a replica proposes for no slot beyond the window,
// it knows the configuration of every slot that it proposes for.
//
// All servers execute what is decided, whether or not they are members. A leader needs promises of a majority of every
// configuration for whose slots it asks for votes: its scout asks the members of all that it knows, and when a command
// makes another one, a further scout of the same ballot asks these. Slots of a configuration that has not promised
// wait.

// Configuration is the servers that vote in the slots from one on, up to that from which on the next configuration
// does.
type Configuration struct {
	From    rsm.Slot
	Members actor.List[actor.ID] // in ascending order, at least one
}

// Has reports whether a server is a member.
func (c Configuration) Has(id actor.ID) bool {
	for _, member := range c.Members.All() {
		if member == id {
			return true
		}
	}
	return false
}

// agrees reports whether a majority of the members is among some servers.
func (c Configuration) agrees(by map[actor.ID]bool) bool {
	n := 0
	for _, member := range c.Members.All() {
		if by[member] {
			n++
		}
	}
	return n >= actor.Majority(c.Members.Len())
}

// Configurations are those of the slots that are not executed, as far as they are known: of as many as the window has.
// They are in ascending order of their slots; none if all servers vote in all slots.
type Configurations = actor.List[Configuration]

// of returns the configuration of a slot that is not executed.
func of(all Configurations, slot rsm.Slot) (c Configuration) {
	for _, next := range all.All() {
		if c.From > 0 && next.From > slot {
			break
		}
		c = next
	}
	return c
}

// newest returns the last configuration.
func newest(all Configurations) Configuration { return all.At(all.Len() - 1) }

// has reports whether a server is a member of any configuration.
func has(all Configurations, id actor.ID) bool {
	for _, c := range all.All() {
		if c.Has(id) {
			return true
		}
	}
	return false
}

// reconfigure has the servers that a command names vote in the slots from the end of the window on.
func (r *Replica[S, O, R]) reconfigure(c rsm.Command[O], x *execution[S, O, R]) {
	if r.Configurations.Len() == 0 || c.End || !r.fresh(c) {
		return
	}
	m, ok := x.machine.(rsm.Reconfigurer[O])
	if !ok {
		return
	}
	members, ok := m.Members(c.Op)
	if !ok || !x.admits(members) {
		return
	}
	next := Configuration{r.SlotOut + x.window(), members}
	all := r.Configurations.Slice()
	if all[len(all)-1].From == next.From { // An earlier command of the same slot is overtaken.
		all = all[:len(all)-1]
	}
	r.Configurations = actor.ListOf(append(all, next)...)
}

// admits reports whether some servers may be a configuration: others than these are not known to anybody.
func (x *execution[S, O, R]) admits(members actor.List[actor.ID]) bool {
	for i, id := range members.All() {
		if !x.out.serves(id) || i > 0 && id <= members.At(i-1) {
			return false
		}
	}
	return members.Len() > 0
}

// pass forgets configurations of slots that are executed.
func (r *Replica[S, O, R]) pass() {
	all := r.Configurations
	first := 0
	for first+1 < all.Len() && all.At(first+1).From <= r.SlotOut {
		first++
	}
	if first > 0 {
		r.Configurations = actor.ListOf(all.Slice()[first:]...)
	}
}

// initial returns the configurations of a replica that has executed nothing.
func initial(members []actor.ID) Configurations {
	if members == nil {
		return Configurations{}
	}
	return actor.ListOf(Configuration{1, actor.ListOf(members...)})
}

// savedConfiguration is a Configuration in a snapshot.
type savedConfiguration struct {
	From    rsm.Slot
	Members []actor.ID
}

// errConfigurations is what a snapshot without configurations is refused with, where there are any.
var errConfigurations = errors.New("a snapshot without configurations")

// saveState returns the machine as bytes, with the configurations in a line before it, if there are any.
func saveState[S, O, R any](m rsm.Machine[S, O, R], r rsm.Replica[S, R], all Configurations) ([]byte, error) {
	data, err := rsm.Save(m, r)
	if err != nil || all.Len() == 0 {
		return data, err
	}
	var saved []savedConfiguration
	for _, c := range all.All() {
		saved = append(saved, savedConfiguration{c.From, c.Members.Slice()})
	}
	line, err := json.Marshal(saved)
	return slices.Concat(line, []byte("\n"), data), err
}

// loadState returns what saveState made the bytes of. With configurations they must be there.
func loadState[S, O, R any](
	m rsm.Machine[S, O, R], data []byte, configured bool,
) (r rsm.Replica[S, R], all Configurations, err error) {
	if configured {
		line, rest, ok := bytes.Cut(data, []byte("\n"))
		var saved []savedConfiguration
		if !ok || json.Unmarshal(line, &saved) != nil || len(saved) == 0 {
			return r, all, errConfigurations
		}
		for _, c := range saved {
			all = all.With(Configuration{c.From, actor.ListOf(c.Members...)})
		}
		data = rest
	}
	r, err = rsm.Load(m, data)
	return r, all, err
}

// configured reports whether commands may change which servers vote.
func (c *leading[O]) configured() bool { return c.configurations.Len() > 0 }

// member reports whether the leader is one of the servers that vote, or are to.
func (c *leading[O]) member() bool { return !c.configured() || has(c.configurations, c.self) }

// asks reports whether the scout is for an acceptor.
func (l *Leader[O]) asks(id actor.ID, c *leading[O]) bool {
	switch {
	case !c.configured():
		return true
	case l.Active:
		return of(c.configurations, l.Scout.From).Has(id)
	}
	return has(c.configurations, id)
}

// promised reports whether a majority has promised, of each configuration that the scout is for.
func (l *Leader[O]) promised(c *leading[O]) bool {
	switch {
	case !c.configured():
		return len(l.Scout.Promised) >= c.quorum()
	case l.Active:
		return of(c.configurations, l.Scout.From).agrees(l.Scout.Promised)
	}
	for _, configuration := range c.configurations.All() {
		if !configuration.agrees(l.Scout.Promised) {
			return false
		}
	}
	return true
}

// voted reports whether the majority of a slot has voted.
func (c *leading[O]) voted(slot rsm.Slot, commander Commander) bool {
	if c.configured() {
		return of(c.configurations, slot).agrees(commander.Voted)
	}
	return len(commander.Voted) >= c.quorum()
}

// late reports whether the answer to a scout tells of votes from a slot on only that is beyond what the scout is for:
// it is the end of what an earlier scout of the ballot asked for.
func (l *Leader[O]) late(from actor.ID, m P1b[O], c *leading[O]) bool {
	return c.configured() && m.First > max(l.Scout.From, l.Scout.Partly[from], c.first)
}

// ready reports whether it is known who votes in a slot, and a majority of them has promised the ballot.
func (l *Leader[O]) ready(slot rsm.Slot, c *leading[O]) bool {
	if !c.configured() {
		return true
	}
	return slot >= c.first && slot < c.first+c.window() && of(c.configurations, slot).From <= l.Covered
}

// wait has a slot wait for its configuration.
func (l *Leader[O]) wait(slot rsm.Slot) {
	if l.Waiting == nil {
		l.Waiting = map[rsm.Slot]bool{}
	}
	l.Waiting[slot] = true
}

// extend ends a scout for the members of a further configuration: what has the highest ballot among the pvalues is
// proposed in its slots, for none of which there was a commander of the ballot.
func (l *Leader[O]) extend(c *leading[O]) {
	from, accepted := l.Scout.From, l.Scout.PValues.From(l.Scout.From)
	l.Scout, l.Covered = nil, from
	for slot, votes := range accepted.All() {
		l.Proposals = l.Proposals.With(slot, votes.At(votes.Len()-1).Batch)
		l.wait(slot)
	}
	last, _, some := accepted.Last()
	if c.ReadIndex && some {
		l.Barrier = max(l.Barrier, last+1)
	}
	for slot := max(from, c.first); some && slot < last; slot++ {
		l.fill(slot)
	}
}

// fill proposes an empty batch for a slot without a proposal.
func (l *Leader[O]) fill(slot rsm.Slot) {
	if _, taken := l.Proposals.Get(slot); !taken && slot >= l.Floor {
		l.Proposals = l.Proposals.With(slot, rsm.Batch[O]{})
		l.wait(slot)
	}
}

// reconfigured goes on after the replica beside the leader has got to know of configurations, or executed slots.
func (l *Leader[O]) reconfigured(c *leading[O]) {
	for slot := range l.Commanders {
		if slot < c.first { // It is decided.
			delete(l.Commanders, slot)
		}
	}
	l.Commanders = unmap(l.Commanders)
	if !c.member() && !l.passive() {
		l.stepDown()
		c.out.preempted()
	}
	if l.Scout != nil && !l.Active {
		l.askJoining(c)
		if l.promised(c) {
			l.adopt(l.Scout.PValues, c)
		}
	}
	if l.Active {
		l.lead(c)
	}
}

// stepDown makes a leader passive that is no member any more. All slots up to there are decided.
func (l *Leader[O]) stepDown() {
	l.Active, l.Scout, l.Commanders, l.Waiting, l.Level = false, nil, nil, nil, nil
}

// askJoining asks the members of configurations that have become known since the scout asked.
func (l *Leader[O]) askJoining(c *leading[O]) {
	asked := map[actor.ID]bool{}
	for _, configuration := range c.configurations.All() {
		for _, id := range configuration.Members.All() {
			if configuration.From > l.Covered && !asked[id] {
				c.send(id, l.p1a(0, c), l.Scout.Promised)
			}
			asked[id] = true
		}
	}
	l.Covered = newest(c.configurations).From
}

// lead starts a scout for the members of the next configuration, commanders for slots that waited, and has the slots
// decided after which the newest configuration votes.
func (l *Leader[O]) lead(c *leading[O]) {
	if l.Scout != nil && l.promised(c) {
		l.extend(c)
	}
	for _, configuration := range c.configurations.All() {
		if l.Scout == nil && configuration.From > l.Covered {
			l.Scout = &Scout[O]{From: configuration.From, Promised: map[actor.ID]bool{}}
			l.askAgain(c)
		}
	}
	for slot := c.first; slot < newest(c.configurations).From; slot++ {
		l.fill(slot)
	}
	for _, slot := range ascending(l.Waiting) {
		if ready := l.ready(slot, c); ready || slot < c.first {
			delete(l.Waiting, slot)
			if ready {
				l.command(slot, c)
			}
		}
	}
	l.Waiting = unmap(l.Waiting)
}

// reconfigured goes on with what the configurations of the step allow: a server that has become a member votes, a
// leader that is none any more steps down, and the least of the members leads where nobody does.
func (t *turn[S, O, R]) reconfigured() {
	l, r := &t.st.Leader, &t.st.Replica
	if t.joined() {
		for _, slot := range ascending(t.st.Held) {
			m := t.st.Held[slot]
			t.accept(m.Ballot.Leader, m)
		}
		t.st.Held = nil
	}
	l.reconfigured(t.leading())
	if !has(r.Configurations, l.Known.Leader) && r.Configurations.At(0).Members.At(0) == t.self {
		l.scout(t.leading())
	}
}

// leader returns the server whose leader is to propose, as far as this one knows, or its own id. Where the last one is
// no member any more, or none is known to one that is not asked to vote, that is the least of the members.
func (t *turn[S, O, R]) leader() actor.ID {
	all, known := t.st.Replica.Configurations, t.st.Leader.Known
	switch {
	case all.Len() > 0 && (!has(all, known.Leader) || known == (Ballot{}) && !has(all, t.self)):
		return all.At(0).Members.At(0)
	case known == (Ballot{}):
		return t.self
	}
	return known.Leader
}

// joined reports whether the server is a member of a configuration, as far as it knows. One that is to join is none
// until it has executed what makes it one: until then it does not vote.
func (t *turn[S, O, R]) joined() bool {
	all := t.st.Replica.Configurations
	return all.Len() == 0 || has(all, t.self)
}

// spare reports whether another server is a member of no configuration that is known.
func (t *turn[S, O, R]) spare(id actor.ID) bool {
	all := t.st.Replica.Configurations
	return all.Len() > 0 && !has(all, id)
}

// hold keeps what the server is asked to vote for until it has joined: the newest for each slot, for as many slots as
// the window has.
func (t *turn[S, O, R]) hold(m P2a[O]) {
	if t.st.Held == nil {
		t.st.Held = map[rsm.Slot]P2a[O]{}
	}
	if t.st.Held[m.Slot].Ballot.Less(m.Ballot) {
		t.st.Held[m.Slot] = m
	}
	if slots := ascending(t.st.Held); rsm.Slot(len(slots)) > t.window() {
		delete(t.st.Held, slots[0])
	}
}

// serves reports whether there is a server of that id.
func (t *turn[S, O, R]) serves(id actor.ID) bool { return id == t.self || slices.Contains(t.Peers, id) }
