package multipaxos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"synod/actor"
	"synod/model"
	"synod/model/statespace"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// explain describes a step of the roles in the terms of the paper. Statements about promises, votes and decisions are
// derived from the path, not from the state of the roles.
func (sys *system[O]) explain(h model.Happening[rsm.Message]) []string {
	t := teller[O]{sys: sys, h: h, before: sys.cast.In(h.Before), after: sys.cast.In(h.After)}
	if h.Kind == statespace.Recover {
		t.recovers()
		return t.notes
	}
	t.leads()
	t.promises()
	t.asks()
	t.votes()
	t.decides()
	t.executes()
	return t.notes
}

// teller collects the notes on a step.
type teller[O any] struct {
	sys           *system[O]
	h             model.Happening[rsm.Message]
	before, after Cast
	notes         []string
}

func (t *teller[O]) say(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// electorates returns the voters by slot, derived from the votes cast up to the end of the step.
func (t *teller[O]) electorates() electorates { return t.sys.electorates(t.after) }

// firstLeader and firstAcceptor return the first id of the leaders and acceptors; 0 for servers, whose roles share
// ids.
func (sys *system[O]) firstLeader() int   { return sys.config.Replicas }
func (sys *system[O]) firstAcceptor() int { return sys.config.Replicas + sys.config.Leaders }

// role returns a role of an actor, if the actor has it and is up.
func role[T any](v model.View, of []model.Projection[*T], id actor.ID, first int) (*T, bool) {
	if at := int(id) - first; at >= 0 && at < len(of) {
		return of[at].In(v)
	}
	return nil, false
}

func (t *teller[O]) leader(v model.View) (*multipaxos.Leader[O], bool) {
	return role(v, t.sys.leaders, t.h.Actor, t.sys.firstLeader())
}

// since returns the earlier step in which a condition became true, or "at the start" if it was true initially.
func (t *teller[O]) since(so func(Cast) bool) string {
	for _, earlier := range t.h.Earlier {
		if !so(t.sys.cast.In(earlier.Before)) && so(t.sys.cast.In(earlier.After)) {
			return fmt.Sprintf("in step %d", earlier.Number)
		}
	}
	return "at the start"
}

// leads explains a preempted ballot, the start of a scout, and an adopted ballot.
func (t *teller[O]) leads() {
	was, up1 := t.leader(t.h.Before)
	is, up2 := t.leader(t.h.After)
	if !up1 || !up2 {
		return
	}
	if (was.Active || was.Scout != nil) && (is.Ballot != was.Ballot || !is.Active && is.Scout == nil) {
		t.ends(was, is)
	}
	if is.Ballot != was.Ballot {
		t.say("leader %d starts a scout for ballot %v", t.h.Actor, is.Ballot)
	}
	if !was.Active && is.Active {
		t.say("ballot %v is adopted: %s promised it", is.Ballot, t.sys.quorumOf(t.promised(is.Ballot), t.electorates().last()))
	}
}

// ends explains why a leader stops leading at a ballot.
func (t *teller[O]) ends(was, is *multipaxos.Leader[O]) {
	r, up := role(t.h.After, t.sys.replicas, t.h.Actor, 0)
	heard := t.heard()
	switch {
	case t.sys.changes == nil || was.Ballot.Less(heard):
		t.say("ballot %v preempts ballot %v of leader %d", heard, was.Ballot, t.h.Actor)
	case is.Ballot == was.Ballot && up && !t.sys.member(r, int(t.h.Actor)):
		t.say("leader %d steps down, as it is no member any more", t.h.Actor)
	}
}

// heard returns the ballot that the acceptor reports in the delivered message.
func (t *teller[O]) heard() multipaxos.Ballot {
	switch m := message(t.h.Envelope).(type) {
	case multipaxos.P1b[O]:
		return m.Ballot
	case multipaxos.P2b:
		return m.Ballot
	case multipaxos.Confirmed:
		return m.Ballot
	}
	return multipaxos.Ballot{}
}

// told returns the promises of a ballot that its leader received up to the end of the step, in order.
func (t *teller[O]) told(b multipaxos.Ballot) map[actor.ID][]multipaxos.P1b[O] {
	all := map[actor.ID][]multipaxos.P1b[O]{}
	for _, h := range append(slices.Clone(t.h.Earlier), t.h) {
		m, ok := message(h.Envelope).(multipaxos.P1b[O])
		if ok && h.Kind == statespace.Deliver && h.Actor == b.Leader && m.Scout == b && m.Ballot == b {
			all[h.Envelope.From] = append(all[h.Envelope.From], m)
		}
	}
	return all
}

// promised returns the acceptors that promised a ballot and sent all their votes to its leader, including the
// acceptor of the leader's own server.
func (t *teller[O]) promised(b multipaxos.Ballot) (all Voters) {
	for id, parts := range t.told(b) {
		if slices.ContainsFunc(parts, func(m multipaxos.P1b[O]) bool { return m.Next == 0 }) {
			all = all.with(id)
		}
	}
	if t.sys.config.Servers > 0 {
		all = all.with(b.Leader)
	}
	return all
}

// quorumOf describes a set of acceptors, and which others are missing.
func (sys *system[O]) quorumOf(who, electorate Voters) string {
	var in, out []string
	for i := range sys.acceptors {
		id := actor.ID(sys.firstAcceptor() + i)
		if !electorate.has(id) {
			continue
		}
		if who.has(id) {
			in = append(in, fmt.Sprint(id))
		} else {
			out = append(out, fmt.Sprint(id))
		}
	}
	members := "{" + strings.Join(in, ", ") + "}"
	switch {
	case !electorate.agree(who):
		return "only " + members + ", no quorum,"
	case len(out) == 0:
		return "quorum " + members
	case len(out) == 1:
		return "quorum " + members + ", which missed acceptor " + out[0] + ","
	}
	return "quorum " + members + ", which missed acceptors " + strings.Join(out, " and ") + ","
}

// promises explains answers to scouts.
func (t *teller[O]) promises() {
	for _, e := range t.h.Sent {
		m, ok := message(e).(multipaxos.P1b[O])
		if !ok {
			continue
		}
		last := t.before.Promised[t.h.Actor]
		switch {
		case m.Ballot.Less(last):
			t.say("acceptor %d takes a promise back: it tells of ballot %v, and %s promised ballot %v", t.h.Actor, m.Ballot,
				t.since(func(c Cast) bool { return !c.Promised[t.h.Actor].Less(last) }), last)
		case m.Scout.Less(m.Ballot):
			t.say("acceptor %d has promised ballot %v, which preempts ballot %v", t.h.Actor, m.Ballot, m.Scout)
		default:
			t.say("acceptor %d promises ballot %v, and tells of %s", t.h.Actor, m.Ballot, votesIn(m.Accepted))
			t.untold(m)
			if m.Next != 0 {
				t.say("it is still to tell of slot %d and those after it", m.Next)
			}
		}
	}
}

// untold explains votes that an acceptor cast but left out of a promise.
func (t *teller[O]) untold(m multipaxos.P1b[O]) {
	for _, in := range slices.SortedFunc(maps.Keys(t.before.Votes), byBallot) {
		asked := in.Slot >= max(m.First, m.Watermark) && (m.Next == 0 || in.Slot < m.Next)
		if t.before.Votes[in].has(t.h.Actor) && asked && !t.sys.holds(m.Accepted, in) {
			t.say("it leaves out that %s it voted for %s in slot %d at ballot %v",
				t.since(func(c Cast) bool { return c.Votes[in].has(t.h.Actor) }), batch(in.Batch), in.Slot, in.Ballot)
		}
	}
}

// holds reports whether accepted has a vote or, with state reduction, one at a higher ballot.
func (sys *system[O]) holds(accepted multipaxos.PValues[O], in Election) bool {
	votes, _ := accepted.Get(in.Slot)
	for _, v := range votes.All() {
		if v.Ballot == in.Ballot || sys.config.Reduce && in.Ballot.Less(v.Ballot) {
			return true
		}
	}
	return false
}

func votesIn[O any](accepted multipaxos.PValues[O]) string {
	var all []string
	for slot, votes := range accepted.All() {
		for _, v := range votes.All() {
			all = append(all, fmt.Sprintf("its vote for %s in slot %d at ballot %v", batch(text(v.Batch)), slot, v.Ballot))
		}
	}
	if all == nil {
		return "no vote"
	}
	return strings.Join(all, ", and ")
}

// batch returns the names of the commands in a slot, or "nothing".
func batch(commands string) string {
	if commands == "" {
		return "nothing"
	}
	return commands
}

// asks explains which batches commanders propose for slots, and why.
func (t *teller[O]) asks() {
	for _, asked := range t.asked() {
		slot, b := asked.Slot, asked.Ballot
		highest := t.highest(b, slot)
		switch {
		case highest.Ballot != (multipaxos.Ballot{}) && highest.Batch == asked.Batch:
			t.say("slot %d is filled with %s, the highest vote there that those tell of, at ballot %v", slot, batch(asked.Batch),
				highest.Ballot)
		case highest.Ballot != (multipaxos.Ballot{}):
			t.say("slot %d is filled with %s, although those tell of a vote for %s there at ballot %v", slot, batch(asked.Batch),
				batch(highest.Batch), highest.Ballot)
		case asked.Batch == "":
			t.say("slot %d is a hole, and is filled with nothing", slot)
		default:
			t.say("slot %d is filled with %s at ballot %v", slot, batch(asked.Batch), b)
		}
	}
}

// asked returns the distinct proposals that the step asks votes for.
func (t *teller[O]) asked() []Election {
	var all []Election
	for _, e := range t.h.Sent {
		if m, ok := message(e).(multipaxos.P2a[O]); ok {
			in := Election{m.Ballot, m.Slot, text(m.Batch)}
			if !slices.Contains(all, in) {
				all = append(all, in)
			}
		}
	}
	return all
}

// highest returns the vote of the highest ballot in a slot, among those that the leader received with promises for
// its ballot and those of its own server's acceptor.
func (t *teller[O]) highest(b multipaxos.Ballot, slot rsm.Slot) (highest Election) {
	told := t.told(b)
	for _, id := range slices.Sorted(maps.Keys(told)) {
		for _, m := range told[id] {
			votes, _ := m.Accepted.Get(slot)
			for _, v := range votes.All() {
				if highest.Ballot.Less(v.Ballot) {
					highest = Election{v.Ballot, slot, text(v.Batch)}
				}
			}
		}
	}
	for _, in := range slices.SortedFunc(maps.Keys(t.before.Votes), byBallot) {
		beside := t.sys.config.Servers > 0 && t.before.Votes[in].has(b.Leader)
		if beside && in.Slot == slot && in.Ballot.Less(b) && highest.Ballot.Less(in.Ballot) {
			highest = in
		}
	}
	return highest
}

// votes explains votes that are cast, and votes that are refused because of a higher ballot.
func (t *teller[O]) votes() {
	var cast []Election
	for in, by := range t.after.Votes {
		if !slices.Equal(by, t.before.Votes[in]) {
			cast = append(cast, in)
		}
	}
	for _, in := range cast { // at most one per step
		t.say("acceptor %d votes for %s in slot %d at ballot %v", t.h.Actor, batch(in.Batch), in.Slot, in.Ballot)
		if last := t.before.Promised[t.h.Actor]; in.Ballot.Less(last) {
			t.say("although %s it promised ballot %v", t.since(func(c Cast) bool {
				return !c.Promised[t.h.Actor].Less(last)
			}), last)
		}
	}
	for _, e := range t.h.Sent {
		if m, ok := message(e).(multipaxos.P2b); ok && m.Commander.Less(m.Ballot) {
			t.say("acceptor %d has promised ballot %v, which preempts ballot %v", t.h.Actor, m.Ballot, m.Commander)
		}
	}
}

// decides explains decisions, and who actually voted for them.
func (t *teller[O]) decides() {
	told := map[rsm.Slot]bool{}
	for _, e := range t.h.Sent {
		m, ok := message(e).(multipaxos.Decision[O])
		is, leads := t.leader(t.h.After)
		if !ok || !leads || told[m.Slot] || message(t.h.Envelope) == nil {
			continue
		}
		if _, answer := message(t.h.Envelope).(multipaxos.Learn); answer {
			continue
		}
		told[m.Slot] = true
		in := Election{is.Ballot, m.Slot, text(m.Batch)}
		by, electorate := t.after.Votes[in], t.electorates().of(m.Slot)
		if electorate.agree(by) {
			t.say("%s voted for %s in slot %d at ballot %v, so it is decided", t.sys.quorumOf(by, electorate), batch(in.Batch),
				in.Slot, in.Ballot)
		} else {
			t.say("%s is taken for decided in slot %d, but %s voted for it at ballot %v", batch(in.Batch), in.Slot,
				t.sys.quorumOf(by, electorate), in.Ballot)
		}
		for _, other := range slices.SortedFunc(maps.Keys(t.after.Votes), byBallot) {
			if other.Slot == in.Slot && other.Batch != in.Batch && electorate.agree(t.after.Votes[other]) {
				t.say("but %s is decided there, by the votes of %s at ballot %v", batch(other.Batch),
					t.sys.quorumOf(t.after.Votes[other], electorate), other.Ballot)
			}
		}
	}
}

// byBallot orders elections by ballot, then by slot and batch.
func byBallot(a, b Election) int {
	return cmp.Or(a.Ballot.Compare(b.Ballot), cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Batch, b.Batch))
}

// executes explains the slots that a replica executes.
func (t *teller[O]) executes() {
	was, up1 := role(t.h.Before, t.sys.replicas, t.h.Actor, 0)
	is, up2 := role(t.h.After, t.sys.replicas, t.h.Actor, 0)
	switch {
	case !up1 || !up2 || was.SlotOut == is.SlotOut:
	case is.SlotOut < was.SlotOut:
		t.say("replica %d goes back to slot %d, although it had executed all before slot %d", t.h.Actor, is.SlotOut,
			was.SlotOut)
	case t.installs(was, is):
		t.say("replica %d goes on from a snapshot of replica %d, of all slots before slot %d", t.h.Actor, t.h.Envelope.From,
			is.Snapshot)
	default:
		for slot := was.SlotOut; slot < is.SlotOut; slot++ {
			if b, known := t.decided(slot, was, is); known {
				t.say("replica %d executes slot %d: %s", t.h.Actor, slot, batch(text(b)))
			} else {
				t.say("replica %d passes over slot %d, of which it knows no decision", t.h.Actor, slot)
			}
		}
	}
}

// installs reports whether a replica continues from the snapshot of another one.
func (t *teller[O]) installs(was, is *replica[O]) bool {
	_, told := message(t.h.Envelope).(multipaxos.Chunk)
	return told && was.Snapshot < is.Snapshot
}

// decided returns the decision of a slot that is known to the replica of the step. The replica may have collected it
// within the step.
func (t *teller[O]) decided(slot rsm.Slot, was, is *replica[O]) (rsm.Batch[O], bool) {
	for _, r := range []*replica[O]{is, was} {
		if b, known := r.Decisions.Get(slot); known {
			return b, true
		}
	}
	for _, e := range append([]actor.Envelope[rsm.Message]{t.h.Envelope}, t.h.Sent...) {
		if m, ok := message(e).(multipaxos.Decision[O]); ok && m.Slot == slot && is.Snapshot > slot {
			return m.Batch, true
		}
	}
	return rsm.Batch[O]{}, false
}

// recovers explains which promise or votes an acceptor has lost when it recovers.
func (t *teller[O]) recovers() {
	is, up := role(t.h.After, t.sys.acceptors, t.h.Actor, t.sys.firstAcceptor())
	if !up {
		return
	}
	last := t.before.Promised[t.h.Actor]
	if is.Ballot.Less(last) {
		t.say("acceptor %d recovers with ballot %v, and has forgotten that %s it promised ballot %v", t.h.Actor, is.Ballot,
			t.since(func(c Cast) bool { return !c.Promised[t.h.Actor].Less(last) }), last)
	}
	for _, in := range slices.SortedFunc(maps.Keys(t.before.Votes), byBallot) {
		if t.before.Votes[in].has(t.h.Actor) && in.Slot >= is.Watermark && !t.sys.holds(is.Accepted, in) {
			t.say("acceptor %d recovers, and has forgotten that %s it voted for %s in slot %d at ballot %v", t.h.Actor,
				t.since(func(c Cast) bool { return c.Votes[in].has(t.h.Actor) }), batch(in.Batch), in.Slot, in.Ballot)
		}
	}
}
