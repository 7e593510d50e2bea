package singledecree

import (
	"fmt"
	"slices"
	"strings"

	"synod/actor"
	"synod/model"
	"synod/model/statespace"
	"synod/paxos/singledecree"
	"synod/register"
)

// explain returns what the steps of servers mean in the words of Paxos. What it says is computed from what happened
// along the path, in truth: which promises and votes were ever sent, and which values got the votes of a quorum,
// whatever the states remember of it and the protocol intends. Where the two part, it says so at that step.
func explain(servers []reader, promises, votes int) func(model.Happening[register.Message]) []string {
	return func(h model.Happening[register.Message]) []string {
		t := teller{facts: facts{servers: len(servers), promises: promises, votes: votes}, readers: servers, culprit: h.Blame}
		for _, earlier := range h.Earlier {
			if s, ok := t.look(earlier); ok {
				t.facts.learn(s)
			}
		}
		if s, ok := t.look(h); ok {
			t.step(s)
			t.facts.learn(s)
		}
		if h.Last {
			t.close(h)
		}
		return t.notes
	}
}

// step is what an explanation needs of a step of a server.
type step struct {
	number        int
	kind          statespace.Kind
	self          actor.ID
	got           said // the message of another server that is delivered, if it is one
	from          actor.ID
	asked         register.Message // the request of a client that is delivered, if it is one
	sent          []said           // to other servers, those to several once
	told          []register.Message
	before, after *view // nil while the server is down
}

// teller collects what is to be said of a step.
type teller struct {
	facts
	readers []reader
	notes   []string
	culprit func() // marks the step
}

func (t *teller) say(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// blame reports what no server of Paxos does.
func (t *teller) blame(format string, args ...any) {
	t.culprit()
	t.say(format, args...)
}

// look reads a step of a server, unless it is none.
func (t *teller) look(h model.Happening[register.Message]) (s step, ok bool) {
	if int(h.Actor) >= len(t.readers) {
		return s, false
	}
	s = step{number: h.Number, kind: h.Kind, self: h.Actor, from: h.Envelope.From}
	for _, at := range []struct {
		v  model.View
		to **view
	}{{h.Before, &s.before}, {h.After, &s.after}} {
		if st, up := t.readers[h.Actor].state(at.v); up {
			seen, known := look(st)
			if !known {
				return s, false
			}
			*at.to = &seen
		}
	}
	if h.Kind == statespace.Deliver {
		_, put := h.Envelope.Message.(register.Put)
		_, get := h.Envelope.Message.(register.Get)
		if put || get {
			s.asked = h.Envelope.Message
		} else {
			s.got = hear(h.Envelope.Message)
		}
	}
	for _, e := range h.Sent {
		if m := hear(e.Message); m.name == "" {
			s.told = append(s.told, e.Message)
		} else if !slices.Contains(s.sent, m) {
			s.sent = append(s.sent, m)
		}
	}
	return s, true
}

// ballot shows a ballot as messages do.
func ballot(b singledecree.Ballot) string { return fmt.Sprintf("(%d, %d)", b.Round, b.Leader) }

var none singledecree.Ballot

// step explains a step, in the order in which a server does things: what it is asked, what it promises, asks for and
// votes for, what it takes for chosen, and what it answers.
func (t *teller) step(s step) {
	if s.kind == statespace.Recover && s.after != nil {
		t.recovers(s)
		return
	}
	if s.before == nil || s.after == nil {
		return
	}
	t.overtaken(s)
	for _, m := range s.sent {
		switch m.name {
		case "Prepare":
			t.opens(s, m)
		case "Prepared":
			t.promise(s, m)
		case "Accept":
			t.asks(s, m)
		case "Accepted":
			t.votesFor(s, m)
		}
	}
	t.forgets(s)
	t.decides(s)
	t.answers(s)
}

// overtaken explains a ballot that is given up for a higher one, and of one that goes down.
func (t *teller) overtaken(s step) {
	old, now := s.before.ballot, s.after.ballot
	switch {
	case old == none || old == now:
	case now.Less(old):
		t.say("the ballot of server %d goes down from %s to %s", s.self, ballot(old), ballot(now))
	default:
		t.say("ballot %s overtook %s at acceptor %d", ballot(now), ballot(old), s.self)
		if s.before.proposal != nil && old.Leader == s.self && now.Leader != s.self && !s.before.decided {
			t.say("server %d gives up its own ballot %s", s.self, ballot(old))
		}
	}
}

func (t *teller) opens(s step, m said) {
	what := ""
	if s.after.proposal != nil {
		what = fmt.Sprintf(" for %v", *s.after.proposal)
	}
	t.say("server %d opens ballot %s%s", s.self, ballot(m.ballot), what)
	if at := t.opened[m.ballot]; at > 0 {
		t.blame("it was opened before, in step %d", at)
	} else if p, ok := t.highest(s.self); ok && !p.ballot.Less(m.ballot) {
		t.blame("it is not above ballot %s, which server %d promised in step %d", ballot(p.ballot), s.self, p.step)
	}
}

// promise compares a promise with those that the acceptor gave before, and what it tells with the votes that it cast.
func (t *teller) promise(s step, m said) {
	last, voted := t.vote(s.self)
	switch {
	case m.vote.ballot == none && !voted:
		t.say("acceptor %d promises ballot %s, and has not voted", s.self, ballot(m.ballot))
	case m.vote.ballot == none:
		t.blame("acceptor %d promises ballot %s, and tells of no vote, although it voted for %v at ballot %s in step %d",
			s.self, ballot(m.ballot), last.value, ballot(last.ballot), last.step)
	case voted && m.vote == last.vote:
		t.say("acceptor %d promises ballot %s, and has voted for %v at ballot %s", s.self, ballot(m.ballot),
			m.vote.value, ballot(m.vote.ballot))
	case voted:
		t.blame("acceptor %d promises ballot %s, and tells of a vote for %v at ballot %s, although its last was for %v at "+
			"ballot %s in step %d", s.self, ballot(m.ballot), m.vote.value, ballot(m.vote.ballot), last.value,
			ballot(last.ballot), last.step)
	default:
		t.blame("acceptor %d promises ballot %s, and tells of a vote for %v at ballot %s, which it did not cast",
			s.self, ballot(m.ballot), m.vote.value, ballot(m.vote.ballot))
	}
	if p, ok := t.highest(s.self); ok && m.ballot.Less(p.ballot) {
		t.blame("it takes a promise back: in step %d it promised ballot %s", p.step, ballot(p.ballot))
	}
}

// asks explains why a proposer asks for a value: who promised its ballot, in truth, and the votes that it was told of.
func (t *teller) asks(s step, m said) {
	heard := t.heard(s, m.ballot)
	if !t.openedBy(s, m.ballot) {
		t.blame("server %d did not open ballot %s", s.self, ballot(m.ballot))
	}
	if len(heard) == 0 {
		t.blame("nobody promised ballot %s to server %d", ballot(m.ballot), s.self)
	} else {
		if len(heard) < t.facts.promises {
			t.culprit()
		}
		t.say("%s promised ballot %s", t.quorum(heard, t.facts.promises), ballot(m.ballot))
	}
	if n := len(s.after.prepares); n > len(heard) {
		t.say("server %d counts %s", s.self, plural(n, "promise"))
	}
	var highest vote
	var voter actor.ID
	for _, id := range heard {
		if v := t.toldBy(s, id, m.ballot); highest.ballot.Less(v.ballot) {
			highest, voter = v, id
		}
	}
	switch {
	case len(heard) == 0:
		t.say("server %d asks for %v", s.self, m.vote.value)
	case highest.ballot == none && t.wanted(s, m.vote.value):
		t.say("none of them told of a vote, so server %d asks for its own %v", s.self, m.vote.value)
	case highest.ballot == none:
		t.blame("none of them told of a vote, but server %d asks for %v", s.self, m.vote.value)
	case highest.value == m.vote.value:
		t.say("the highest vote that they told of is that of acceptor %d for %v at ballot %s, so server %d asks for %v",
			voter, highest.value, ballot(highest.ballot), s.self, m.vote.value)
	default:
		t.blame("the highest vote that they told of is that of acceptor %d for %v at ballot %s, but server %d asks for %v",
			voter, highest.value, ballot(highest.ballot), s.self, m.vote.value)
	}
	t.cast(s, m.vote)
}

// votesFor explains a vote of an acceptor for another proposer.
func (t *teller) votesFor(s step, m said) {
	if s.got.name != "Accept" {
		t.blame("acceptor %d tells of a vote at ballot %s, for which nobody asked", s.self, ballot(m.ballot))
		return
	}
	t.say("acceptor %d votes for %v at ballot %s", s.self, s.got.vote.value, ballot(m.ballot))
	t.cast(s, vote{m.ballot, s.got.vote.value})
}

// cast compares a vote with the promises that its acceptor gave, with an earlier vote at the ballot, and with what it
// records.
func (t *teller) cast(s step, v vote) {
	if p, ok := t.highest(s.self); ok && v.ballot.Less(p.ballot) {
		t.blame("acceptor %d votes at ballot %s although in step %d it promised ballot %s", s.self, ballot(v.ballot), p.step,
			ballot(p.ballot))
	}
	for _, c := range t.given {
		if c.who == s.self && c.ballot == v.ballot && c.value != v.value {
			t.blame("acceptor %d voted for %v at that ballot before, in step %d", s.self, c.value, c.step)
		}
	}
	if s.after.accepted != v {
		t.blame("acceptor %d does not record its vote for %v at ballot %s: it has %s", s.self, v.value, ballot(v.ballot),
			recorded(s.after.accepted))
	}
}

// forgets explains a vote that is recorded or replaced although none was cast.
func (t *teller) forgets(s step) {
	if s.before.accepted == s.after.accepted || s.after.decided {
		return
	}
	for _, m := range s.sent {
		if m.name == "Accept" || m.name == "Accepted" {
			return
		}
	}
	t.blame("acceptor %d now has %s, instead of %s, and tells nobody", s.self, recorded(s.after.accepted),
		recorded(s.before.accepted))
}

func recorded(v vote) string {
	if v.ballot == none {
		return "no vote"
	}
	return fmt.Sprintf("a vote for %v at ballot %s", v.value, ballot(v.ballot))
}

// decides explains that a server takes a value for chosen, and who voted for it in truth.
func (t *teller) decides(s step) {
	if s.before.decided || !s.after.decided {
		return
	}
	taken := s.after.accepted.value
	if s.got.name == "Decided" && s.got.vote.value != taken {
		t.blame("server %d is told that %v is chosen, and takes %v for it", s.self, s.got.vote.value, taken)
		return
	}
	at, voters, chosen := t.chosen(s, taken)
	switch {
	case chosen && s.got.name == "Decided":
		t.say("server %d learns that %v is chosen", s.self, taken)
	case chosen:
		t.say("%s voted for %v at ballot %s, so it is chosen", t.quorum(voters, t.facts.votes), taken, ballot(at))
	case len(voters) > 0:
		t.blame("server %d takes %v for chosen, but at no ballot did a quorum vote for it: at most %s did, at ballot %s",
			s.self, taken, set(voters), ballot(at))
	default:
		t.blame("server %d takes %v for chosen, but nobody voted for it", s.self, taken)
	}
	if n := len(s.after.accepts); s.got.name == "Accepted" && n > 0 {
		t.counted(s, taken)
	}
}

// counted explains votes that a proposer counts and that are none for its value at its ballot.
func (t *teller) counted(s step, value register.Value) {
	for _, id := range s.after.accepts {
		if id == s.self || int(id) < t.servers && slices.ContainsFunc(t.given, func(c castVote) bool {
			return c.who == id && c.vote == (vote{s.after.ballot, value})
		}) {
			continue
		}
		if int(id) >= t.servers {
			t.blame("server %d counts %s, some of them more than once", s.self, plural(len(s.after.accepts), "vote"))
			return
		}
		t.blame("server %d counts acceptor %d, which did not vote for %v at ballot %s", s.self, id, value,
			ballot(s.after.ballot))
	}
}

// answers explains answers of a server that knows of no decision.
func (t *teller) answers(s step) {
	if s.after.decided {
		return
	}
	for _, m := range s.told {
		switch m := m.(type) {
		case register.PutOk:
			t.blame("server %d tells a client that its put is done, and knows of no decision", s.self)
		case register.PutFail:
			t.blame("server %d refuses the put of a client, and knows of no decision", s.self)
		case register.GetOk:
			t.blame("server %d tells a client of %v, and knows of no decision", s.self, m.Value)
		case register.Put, register.Get, register.Expired: // No server of Paxos sends these.
		}
	}
}

// recovers explains what a server that comes back has forgotten of what it said.
func (t *teller) recovers(s step) {
	if p, ok := t.highest(s.self); ok && s.after.ballot.Less(p.ballot) {
		has := "no ballot"
		if s.after.ballot != none {
			has = "ballot " + ballot(s.after.ballot)
		}
		t.say("server %d recovers with %s, and has forgotten that it promised ballot %s in step %d", s.self, has,
			ballot(p.ballot), p.step)
	}
	if v, ok := t.vote(s.self); ok && s.after.accepted.ballot.Less(v.ballot) {
		t.say("server %d recovers with %s, and has forgotten that it voted for %v at ballot %s in step %d", s.self,
			recorded(s.after.accepted), v.value, ballot(v.ballot), v.step)
	}
	if t.decided[s.self] && !s.after.decided {
		t.say("server %d recovers, and has forgotten that it knew of the decision", s.self)
	}
}

// close explains who decided what in the end, if anybody did, and which values were chosen in truth.
func (t *teller) close(h model.Happening[register.Message]) {
	by := make(map[register.Value][]actor.ID)
	var values []register.Value
	for i, r := range t.readers {
		st, up := r.state(h.After)
		if !up {
			continue
		}
		v, known := look(st)
		if !known || !v.decided {
			continue
		}
		if by[v.accepted.value] == nil {
			values = append(values, v.accepted.value)
		}
		by[v.accepted.value] = append(by[v.accepted.value], actor.ID(i))
	}
	if len(values) == 0 {
		return
	}
	var parts []string
	for _, value := range values {
		who := fmt.Sprintf("server %v takes", by[value][0])
		if len(by[value]) > 1 {
			who = "servers " + set(by[value]) + " take"
		}
		parts = append(parts, fmt.Sprintf("%s %v for chosen", who, value))
	}
	t.say("in the end %s", strings.Join(parts, ", and "))
}

// set names servers.
func set(ids []actor.ID) string {
	var in []string
	for _, id := range ids {
		in = append(in, id.String())
	}
	return "{" + strings.Join(in, ", ") + "}"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
