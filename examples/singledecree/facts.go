package singledecree

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"synod/actor"
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
	prepares []actor.ID      // whose promises it counts, in ascending order
	accepts  []actor.ID      // whose votes it counts, in ascending order
}

// vote is a singledecree.Vote without who asked for it.
type vote struct {
	ballot singledecree.Ballot
	value  register.Value
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
		decided:  s.FieldByName("Decided").Bool(),
		prepares: keys(s.FieldByName("Prepares")), accepts: keys(s.FieldByName("Accepts")),
	}
	if p := s.FieldByName("Proposal"); !p.IsNil() {
		value := valueOf(p.Elem())
		v.proposal = &value
	}
	return v, true
}

func keys(m reflect.Value) []actor.ID {
	var all []actor.ID
	for _, id := range m.MapKeys() {
		all = append(all, actor.ID(id.Uint()))
	}
	slices.Sort(all)
	return all
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

// said is a message of a server to another. A Prepare, an Accepted and a Prepared have a ballot, an Accept, a Decided and
// a Prepared a vote: what is asked for, what is chosen, and what was voted.
type said struct {
	name   string // of its type; empty for what is no such message
	ballot singledecree.Ballot
	vote   vote
}

// hear reads a message.
func hear(m register.Message) (s said) {
	inner := reflect.ValueOf(m).FieldByName("Message")
	if !inner.IsValid() || inner.Kind() != reflect.Interface || inner.IsNil() {
		return s
	}
	of := inner.Elem()
	s.name, _, _ = strings.Cut(of.Type().Name(), "[")
	if b := of.FieldByName("Ballot"); b.IsValid() {
		s.ballot = ballotOf(b)
	}
	switch s.name {
	case "Prepared":
		s.vote = voteOf(of.FieldByName("Accepted"))
	case "Accept", "Decided":
		s.vote = voteOf(of)
	}
	return s
}

// facts are what happened along a path, whatever the states remember of it.
type facts struct {
	servers, promises, votes int // how many there are, and how many it takes to propose and to choose
	opened                   map[singledecree.Ballot]int
	promised                 []promise
	given                    []castVote
	reached                  []promise // promises that reached the proposer
	wants                    map[actor.ID]register.Value
	decided                  map[actor.ID]bool // servers that have ever known of a decision
}

// promise is one that an acceptor gave, with the vote that it told of.
type promise struct {
	who    actor.ID
	ballot singledecree.Ballot
	told   vote
	step   int
	to     actor.ID // itself, for a proposer that opens the ballot
}

// castVote is a vote that an acceptor told of, or that a proposer gives itself when it asks for others.
type castVote struct {
	who actor.ID
	vote
	step int
}

// learn adds what a step did.
func (f *facts) learn(s step) {
	if f.opened == nil {
		f.opened, f.wants = make(map[singledecree.Ballot]int), make(map[actor.ID]register.Value)
		f.decided = make(map[actor.ID]bool)
	}
	if put, ok := s.asked.(register.Put); ok {
		if s.before != nil && s.before.proposal == nil && !s.before.decided {
			f.wants[s.self] = put.Value
		}
	}
	if s.got.name == "Prepared" {
		f.reached = append(f.reached, promise{s.from, s.got.ballot, s.got.vote, s.number, s.self})
	}
	for _, m := range s.sent {
		switch m.name {
		case "Prepare":
			f.opened[m.ballot] = s.number
			own := vote{}
			if s.before != nil {
				own = s.before.accepted
			}
			f.promised = append(f.promised, promise{s.self, m.ballot, own, s.number, s.self})
		case "Prepared":
			f.promised = append(f.promised, promise{s.self, m.ballot, m.vote, s.number, s.from})
		case "Accept":
			f.given = append(f.given, castVote{s.self, m.vote, s.number})
		case "Accepted":
			if s.got.name == "Accept" {
				f.given = append(f.given, castVote{s.self, vote{m.ballot, s.got.vote.value}, s.number})
			}
		}
	}
	if s.after != nil && s.after.decided {
		f.decided[s.self] = true
	}
}

// highest returns the promise at the highest ballot that a server ever gave; a vote at a ballot is one too.
func (f *facts) highest(who actor.ID) (p promise, ok bool) {
	for _, q := range f.promised {
		if q.who == who && p.ballot.Less(q.ballot) {
			p, ok = q, true
		}
	}
	for _, c := range f.given {
		if c.who == who && p.ballot.Less(c.ballot) {
			p, ok = promise{who: who, ballot: c.ballot, step: c.step}, true
		}
	}
	return p, ok
}

// vote returns the vote at the highest ballot that a server ever cast.
func (f *facts) vote(who actor.ID) (v castVote, ok bool) {
	for _, c := range f.given {
		if c.who == who && v.ballot.Less(c.ballot) {
			v, ok = c, true
		}
	}
	return v, ok
}

// openedBy reports whether the server of a step has opened a ballot by its end.
func (f *facts) openedBy(s step, b singledecree.Ballot) bool {
	return slices.ContainsFunc(f.promised, func(p promise) bool { return p.who == s.self && p.to == s.self && p.ballot == b }) ||
		slices.ContainsFunc(s.sent, func(m said) bool { return m.name == "Prepare" && m.ballot == b })
}

// heard returns who promised a ballot to its proposer by the end of a step, itself included if it opened it.
func (f *facts) heard(s step, b singledecree.Ballot) []actor.ID {
	var all []actor.ID
	if f.openedBy(s, b) {
		all = append(all, s.self)
	}
	for _, p := range f.reached {
		if p.to == s.self && p.ballot == b {
			all = append(all, p.who)
		}
	}
	if s.got.name == "Prepared" && s.got.ballot == b {
		all = append(all, s.from)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// toldBy returns the vote that a server told the proposer of, with its promise of a ballot.
func (f *facts) toldBy(s step, who actor.ID, b singledecree.Ballot) (v vote) {
	if who == s.self {
		for _, p := range f.promised {
			if p.who == who && p.to == who && p.ballot == b {
				v = p.told
			}
		}
		return v
	}
	for _, p := range f.reached {
		if p.who == who && p.to == s.self && p.ballot == b {
			v = p.told
		}
	}
	if s.got.name == "Prepared" && s.from == who && s.got.ballot == b {
		v = s.got.vote
	}
	return v
}

// wanted reports whether a value is the one that a client asked the proposer for.
func (f *facts) wanted(s step, v register.Value) bool {
	want, asked := f.wants[s.self]
	if put, ok := s.asked.(register.Put); ok && !asked {
		want, asked = put.Value, true
	}
	return asked && want == v
}

// chosen finds the ballot at which most servers voted for a value by the end of a step, and whether they are a quorum.
func (f *facts) chosen(s step, value register.Value) (at singledecree.Ballot, voters []actor.ID, quorum bool) {
	all := *f
	all.given = slices.Clone(f.given)
	all.opened, all.wants, all.decided = nil, nil, nil
	all.learn(s)
	by := make(map[singledecree.Ballot][]actor.ID)
	for _, c := range all.given {
		if c.value == value && !slices.Contains(by[c.ballot], c.who) {
			by[c.ballot] = append(by[c.ballot], c.who)
		}
	}
	for b, who := range by {
		if len(who) > len(voters) || len(who) == len(voters) && b.Less(at) {
			at, voters = b, who
		}
	}
	slices.Sort(voters)
	return at, voters, len(voters) >= f.votes
}

// quorum names servers, of which so many are a quorum, and whom they missed.
func (f *facts) quorum(members []actor.ID, least int) string {
	if len(members) < least {
		return "only " + set(members) + ", no quorum,"
	}
	var out []string
	for _, id := range actor.IDs(f.servers) {
		if !slices.Contains(members, id) {
			out = append(out, id.String())
		}
	}
	text := "quorum " + set(members)
	switch len(out) {
	case 0:
	case 1:
		text += ", which missed acceptor " + out[0] + ","
	default:
		text += fmt.Sprintf(", which missed acceptors %s,", strings.Join(out, " and "))
	}
	return text
}
