package multipaxos

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Reconfiguration (section 2.1): the servers that vote in a slot depend on earlier decisions. A command that names
// servers makes them the configuration WINDOW slots later. A replica proposes only for slots within the window, so it
// knows the configuration of every slot it proposes for.
//
// All servers execute decisions, whether or not they are members. A leader needs promises from a majority of each
// configuration before it asks for votes in the slots of that configuration: its scout asks the members of all known
// configurations, and when a command adds one, another scout at the same ballot asks its members. Slots wait until a
// majority of their configuration has promised.

// Configuration is the set of servers that vote in the slots from From up to the start of the next configuration.
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

// agrees reports whether a majority of the members is in by.
func (c Configuration) agrees(by map[actor.ID]bool) bool {
	n := 0
	for _, member := range c.Members.All() {
		if by[member] {
			n++
		}
	}
	return n >= actor.Majority(c.Members.Len())
}

// Configurations are the known configurations of the slots that are not executed, which cover the window, in
// ascending order of slots. It is empty if all servers vote in all slots.
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

// reconfigure makes the servers that a command names the configuration of the slots after the window.
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
	if all[len(all)-1].From == next.From { // An earlier command in the same slot is superseded.
		all = all[:len(all)-1]
	}
	r.Configurations = actor.ListOf(append(all, next)...)
}

// admits reports whether members is a valid configuration: not empty, in ascending order, and of known servers only.
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

// initial returns the configurations of a replica that has not executed anything.
func initial(members []actor.ID) Configurations {
	if members == nil {
		return Configurations{}
	}
	return actor.ListOf(Configuration{1, actor.ListOf(members...)})
}

// savedConfiguration is the encoding of a Configuration in a snapshot.
type savedConfiguration struct {
	From    rsm.Slot
	Members []actor.ID
}

// errConfigurations is returned for a snapshot without configurations if the server has Members.
var errConfigurations = errors.New("a snapshot without configurations")

// saveState returns the encoded machine, preceded by a line with the configurations if there are any.
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

// loadState decodes the output of saveState. If configured is set, the configurations are required.
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

// configured reports whether commands may change the set of voters.
func (c *leading[O]) configured() bool { return c.configurations.Len() > 0 }

// member reports whether the leader belongs to a known configuration, or all servers vote.
func (c *leading[O]) member() bool { return !c.configured() || has(c.configurations, c.self) }

// asks reports whether the scout asks an acceptor.
func (l *Leader[O]) asks(id actor.ID, c *leading[O]) bool {
	switch {
	case !c.configured():
		return true
	case l.Active:
		return of(c.configurations, l.Scout.From).Has(id)
	}
	return has(c.configurations, id)
}

// promised reports whether a majority of each configuration that the scout asks has promised.
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

// voted reports whether a majority of the slot's configuration has voted.
func (c *leading[O]) voted(slot rsm.Slot, commander Commander) bool {
	if c.configured() {
		return of(c.configurations, slot).agrees(commander.Voted)
	}
	return len(commander.Voted) >= c.quorum()
}

// late reports whether an answer to a scout has only votes of slots beyond those requested by the current scout: it
// is the last part of an answer to an earlier scout of the same ballot.
func (l *Leader[O]) late(from actor.ID, m P1b[O], c *leading[O]) bool {
	return c.configured() && m.First > max(l.Scout.From, l.Scout.Partly[from], c.first)
}

// ready reports whether the configuration of a slot is known and a majority of it has promised the ballot.
func (l *Leader[O]) ready(slot rsm.Slot, c *leading[O]) bool {
	if !c.configured() {
		return true
	}
	return slot >= c.first && slot < c.first+c.window() && of(c.configurations, slot).From <= l.Covered
}

// wait marks a slot as waiting for its configuration.
func (l *Leader[O]) wait(slot rsm.Slot) {
	if l.Waiting == nil {
		l.Waiting = map[rsm.Slot]bool{}
	}
	l.Waiting[slot] = true
}

// extend ends a scout for the members of a further configuration: it proposes the pvalue of the highest ballot in
// each of its slots. None of these slots had a commander at this ballot.
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

// reconfigured updates the leader after its server's replica has learned of configurations or executed slots.
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

// stepDown makes a leader passive that is no longer a member. All slots up to that point are decided.
func (l *Leader[O]) stepDown() {
	l.Active, l.Scout, l.Commanders, l.Waiting, l.Level = false, nil, nil, nil, nil
}

// askJoining asks the members of configurations that became known after the scout was started.
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

// lead starts a scout for the members of the next configuration and commanders for slots that were waiting, and fills
// all slots before the newest configuration so that they get decided.
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

// reconfigured applies the configurations known after this step: a server that became a member handles the votes it
// held, a leader that is no longer a member steps down, and the lowest member starts a scout if the known leader is
// not a member.
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

// leader returns the server to forward proposals to, as far as this server knows, or its own id. It is the lowest
// member if the last known leader is no longer a member, or if this server does not vote and knows no leader.
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

// joined reports whether the server is a member of a configuration that it knows. A joining server is not a member,
// and does not vote, until it has executed the command that adds it.
func (t *turn[S, O, R]) joined() bool {
	all := t.st.Replica.Configurations
	return all.Len() == 0 || has(all, t.self)
}

// spare reports whether another server is not a member of any known configuration.
func (t *turn[S, O, R]) spare(id actor.ID) bool {
	all := t.st.Replica.Configurations
	return all.Len() > 0 && !has(all, id)
}

// hold keeps a request for a vote until the server has joined. It keeps the one of the highest ballot for each slot,
// for at most as many slots as the window has.
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

// serves reports whether id is a server of the system.
func (t *turn[S, O, R]) serves(id actor.ID) bool { return id == t.self || slices.Contains(t.Peers, id) }
