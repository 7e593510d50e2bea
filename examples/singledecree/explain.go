package singledecree

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"synod/actor"
	"synod/model"
	"synod/paxos/singledecree"
	"synod/register"
)

// Broken variants of the protocol have types of their own, with the same names. So states and messages are read by name,
// and what lacks one is not explained.

// view is what an explanation needs of a server's state.
type view struct {
	ballot   singledecree.Ballot
	accepted vote
	decided  bool
	proposal *register.Value // the value that the server proposes; nil for none
	prepares map[actor.ID]vote
	accepts  []actor.ID // in ascending order
}

// vote is a singledecree.Vote without who asked for it.
type vote struct {
	ballot singledecree.Ballot
	value  register.Value
}

// explain says what the steps of servers mean in the words of Paxos: which ballot overtakes which, what a promise or a vote
// commits to, and which quorum missed whom.
func explain(servers []reader) func(model.Happening[register.Message]) []string {
	return func(h model.Happening[register.Message]) []string {
		if int(h.Actor) >= len(servers) || h.Kind != model.Deliver {
			return nil
		}
		before, wasUp := servers[h.Actor].state(h.Before)
		after, isUp := servers[h.Actor].state(h.After)
		if !wasUp || !isUp {
			return nil
		}
		e := explanation{self: h.Actor, servers: len(servers)}
		var known, same bool
		e.before, known = look(before)
		e.after, same = look(after)
		if !known || !same {
			return nil
		}
		if _, put := h.Envelope.Message.(register.Put); put {
			e.proposes()
		} else if inner := reflect.ValueOf(h.Envelope.Message).FieldByName("Message"); inner.Kind() == reflect.Interface {
			e.receives(inner.Elem())
		}
		return e.notes
	}
}

// look reads a server's state.
func look(st any) (v view, ok bool) {
	s := reflect.ValueOf(st)
	if s.Kind() != reflect.Struct {
		return v, false
	}
	for _, name := range []string{"Ballot", "Accepted", "Decided", "Proposal", "Prepares", "Accepts"} {
		if !s.FieldByName(name).IsValid() {
			return v, false
		}
	}
	v = view{
		ballot: ballotOf(s.FieldByName("Ballot")), accepted: voteOf(s.FieldByName("Accepted")),
		decided: s.FieldByName("Decided").Bool(), prepares: make(map[actor.ID]vote),
	}
	if p := s.FieldByName("Proposal"); !p.IsNil() {
		value := valueOf(p.Elem())
		v.proposal = &value
	}
	for id, promised := range s.FieldByName("Prepares").Seq2() {
		v.prepares[actor.ID(id.Uint())] = voteOf(promised)
	}
	for id := range s.FieldByName("Accepts").Seq2() {
		v.accepts = append(v.accepts, actor.ID(id.Uint()))
	}
	slices.Sort(v.accepts)
	return v, true
}

func ballotOf(v reflect.Value) singledecree.Ballot {
	return singledecree.Ballot{
		Round: uint32(v.FieldByName("Round").Uint()), Leader: actor.ID(v.FieldByName("Leader").Uint()),
	}
}

func voteOf(v reflect.Value) vote {
	return vote{ballotOf(v.FieldByName("Ballot")), valueOf(v.FieldByName("Proposal"))}
}

func valueOf(proposal reflect.Value) register.Value {
	return register.Value(proposal.FieldByName("Value").Int())
}

// explanation collects what is to be said of a step of a server.
type explanation struct {
	self          actor.ID
	servers       int
	before, after view
	notes         []string
}

func (e *explanation) say(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// ballot shows a ballot as messages do.
func ballot(b singledecree.Ballot) string { return fmt.Sprintf("(%d, %d)", b.Round, b.Leader) }

// overtaken tells of a ballot that is given up for a higher one.
func (e *explanation) overtaken() {
	old, now := e.before.ballot, e.after.ballot
	if old == (singledecree.Ballot{}) || !old.Less(now) {
		return
	}
	e.say("ballot %s overtook %s at acceptor %d", ballot(now), ballot(old), e.self)
	if e.before.proposal != nil && old.Leader == e.self && now.Leader != e.self && !e.before.decided {
		e.say("server %d gives up its own ballot %s", e.self, ballot(old))
	}
}

func (e *explanation) proposes() {
	if e.before.proposal != nil || e.after.proposal == nil {
		return
	}
	e.overtaken()
	e.say("server %d opens ballot %s for %v", e.self, ballot(e.after.ballot), *e.after.proposal)
}

// receives tells of a message of another server.
func (e *explanation) receives(m reflect.Value) {
	switch m.Type().Name() {
	case "Prepare":
		e.overtaken()
		if e.before.ballot != e.after.ballot {
			e.promises()
		}
	case "Prepared":
		e.quorumPromised()
	case "Accept":
		e.overtaken()
		if voted := e.after.accepted; voted != e.before.accepted {
			e.say("acceptor %d votes for %v at ballot %s", e.self, voted.value, ballot(voted.ballot))
		}
	case "Accepted":
		if !e.before.decided && e.after.decided && e.after.proposal != nil {
			e.say("%s voted at ballot %s, so %v is chosen", quorum(e.after.accepts, e.servers), ballot(e.after.ballot),
				*e.after.proposal)
		}
	case "Decided":
		if !e.before.decided && e.after.decided {
			e.say("server %d learns that %v is chosen", e.self, e.after.accepted.value)
		}
	}
}

func (e *explanation) promises() {
	if voted := e.after.accepted; voted.ballot != (singledecree.Ballot{}) {
		e.say("acceptor %d promises ballot %s, and has voted for %v at ballot %s", e.self, ballot(e.after.ballot),
			voted.value, ballot(voted.ballot))
		return
	}
	e.say("acceptor %d promises ballot %s, and has not voted", e.self, ballot(e.after.ballot))
}

// quorumPromised tells of the promise that makes a majority: what the proposer asks for now.
func (e *explanation) quorumPromised() {
	if len(e.after.accepts) == len(e.before.accepts) || e.before.proposal == nil || e.after.proposal == nil {
		return
	}
	promised := slices.Sorted(maps.Keys(e.after.prepares))
	e.say("%s promised ballot %s", quorum(promised, e.servers), ballot(e.after.ballot))
	var highest vote
	var voter actor.ID
	for _, id := range promised {
		if v := e.after.prepares[id]; highest.ballot.Less(v.ballot) {
			highest, voter = v, id
		}
	}
	asks := *e.after.proposal
	switch {
	case highest.ballot == singledecree.Ballot{}:
		e.say("none of them has voted, so server %d asks for its own %v", e.self, asks)
	case highest.value == asks:
		e.say("the highest vote among them is that of acceptor %d for %v at ballot %s, so server %d asks for %v",
			voter, highest.value, ballot(highest.ballot), e.self, asks)
	default:
		e.say("the highest vote among them is that of acceptor %d for %v at ballot %s, but server %d asks for %v",
			voter, highest.value, ballot(highest.ballot), e.self, asks)
	}
}

// quorum names a quorum of servers, and whom it missed.
func quorum(members []actor.ID, servers int) string {
	var in, out []string
	for _, id := range members {
		in = append(in, id.String())
	}
	for _, id := range actor.IDs(servers) {
		if !slices.Contains(members, id) {
			out = append(out, id.String())
		}
	}
	text := "quorum {" + strings.Join(in, ", ") + "}"
	switch len(out) {
	case 0:
	case 1:
		text += ", which missed acceptor " + out[0] + ","
	default:
		text += ", which missed acceptors " + strings.Join(out, " and ") + ","
	}
	return text
}
