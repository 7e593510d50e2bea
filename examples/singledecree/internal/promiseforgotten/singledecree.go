// Package singledecree is the Synod protocol: servers that choose one value, once, after Lamport, "Paxos Made Simple"
// (2001), section 2. Every server is proposer, acceptor and learner; the server that gets a client's Put proposes its
// value, and a Get is answered once a decision is known.
package singledecree

import (
	"cmp"
	"math"
	"time"

	"synod/actor"
	"synod/register"
)

type (
	// Ballot orders proposals by round, then by the server that leads it. The zero ballot comes before any in use.
	Ballot struct {
		Round  uint32
		Leader actor.ID
	}
	// Proposal is a client's request to choose a value.
	Proposal struct {
		Request   register.Request
		Requester actor.ID
		Value     register.Value
	}
	// Vote is a proposal accepted at a ballot; with the zero ballot, none was.
	Vote struct {
		Ballot   Ballot
		Proposal Proposal
	}
	// Message is what the servers say to one another.
	//
	//sumtype:decl
	Message  interface{ phase() int }
	Prepare  struct{ Ballot Ballot } // asks for a promise to ignore lesser ballots
	Prepared struct {                // gives it, with the vote of the highest ballot so far
		Ballot   Ballot
		Accepted Vote
	}
	Accept   Vote                    // asks for a vote
	Accepted struct{ Ballot Ballot } // gives it
	Decided  Vote                    // tells that a majority voted
	// Durable is what a server keeps across a crash: its promise, its vote, and whether that is the chosen proposal.
	Durable struct {
		Ballot   Ballot
		Accepted Vote
		Decided  bool
	}
	// State is the local state of a server: what it keeps, and what it needs as a proposer.
	State struct {
		Durable
		Proposal *Proposal         // nil before its first Put
		Prepares map[actor.ID]Vote // promises for its ballot
		Accepts  map[actor.ID]bool // votes for its ballot
	}
	// Server is its configuration. If Promises + Votes exceed the number of servers, any quorum of the first phase meets
	// any of the second: Howard, Malkhi and Spiegelman, "Flexible Paxos: Quorum Intersection Revisited" (2016).
	Server struct {
		Peers           []actor.ID    // all others, in ascending order
		Promises, Votes int           // how many it takes to propose, and to decide, its own included; 0 for a majority
		Retry           time.Duration // propose anew after so long, at most twice so, and help who does; 0 for never
	}
	Out   = register.Out[Message] // what its handlers command through
	retry struct{}                // the timer of a proposer
)

func (Prepare) phase() int   { return 1 }
func (Prepared) phase() int  { return 1 }
func (Accept) phase() int    { return 2 }
func (Accepted) phase() int  { return 2 }
func (Decided) phase() int   { return 3 }
func (retry) String() string { return "retry" }

// Less tells whether b comes before c.
func (b Ballot) Less(c Ballot) bool {
	return b.Round < c.Round || b.Round == c.Round && b.Leader < c.Leader
}

// New makes the actor of a server that proposes and decides by majority, and does so once.
func New(peers []actor.ID) actor.Typed[State, register.Message] { return Server{Peers: peers}.New() }

// New makes the actor of the server.
func (s Server) New() actor.Typed[State, register.Message] {
	majority := actor.Majority(len(s.Peers) + 1)
	s.Promises, s.Votes = cmp.Or(s.Promises, majority), cmp.Or(s.Votes, majority)
	return register.Serve(s, actor.Timers(s.Timeout), actor.Durable(s.Keep, s.Recover))
}

// Start, Keep and Recover: a server starts knowing nothing, and recovers without a proposal of its own.
func (s Server) Start(actor.ID, *Out) State                     { return State{} }
func (s Server) Keep(st State) Durable                          { return st.Durable }
func (s Server) Recover(_ actor.ID, kept Durable, _ *Out) State { return State{Durable: kept} }

// Put makes the server propose, unless it does so already. If the request is the one that was chosen, it says so again.
func (s Server) Put(self actor.ID, st State, from actor.ID, r register.Request, v register.Value, out *Out) State {
	switch own := (Proposal{r, from, v}); {
	case !st.Decided && st.Proposal == nil:
		st.Proposal = &own
		return s.prepare(self, st, out)
	case st.Decided && st.Accepted.Proposal == own && s.Retry > 0:
		out.PutOk(from, r)
	}
	return st
}

// Get is answered once the decision is known.
func (s Server) Get(_ actor.ID, st State, from actor.ID, r register.Request, out *Out) State {
	if st.Decided {
		out.GetOk(from, r, st.Accepted.Proposal.Value)
	}
	return st
}

// Timeout makes the server propose again.
func (s Server) Timeout(self actor.ID, st State, _ actor.Timer, out *Out) State {
	return s.prepare(self, st, out)
}

// Receive handles the messages of the other servers. What a server did not ask for, before a crash or ever, it ignores.
func (s Server) Receive(self actor.ID, st State, from actor.ID, msg Message, out *Out) State {
	if st.Decided {
		if _, behind := msg.(Prepare); behind && s.Retry > 0 {
			out.Send(from, Decided(st.Accepted))
		}
		return st
	}
	switch m := msg.(type) {
	case Prepare:
		if st.Ballot.Less(m.Ballot) {
			st.Ballot = m.Ballot
			out.Send(from, Prepared{m.Ballot, st.Accepted}) // the promise
		}
	case Prepared:
		if st.Proposal != nil && m.Ballot == st.Ballot {
			st.Prepares[from] = m.Accepted
			return s.propose(self, st, out)
		}
	case Accept:
		if !m.Ballot.Less(st.Accepted.Ballot) {
			st.Ballot, st.Accepted = m.Ballot, Vote(m)
			out.Send(from, Accepted{m.Ballot})
		}
	case Accepted:
		if st.Proposal != nil && m.Ballot == st.Ballot {
			st.Accepts[from] = true
			return s.decide(st, out)
		}
	case Decided:
		st.Ballot, st.Accepted, st.Decided = m.Ballot, Vote(m), true
		out.Commands().CancelTimer(retry{})
	}
	return st
}

// prepare asks for promises at a ballot of the server's own.
func (s Server) prepare(self actor.ID, st State, out *Out) State {
	if st.Ballot.Round == math.MaxUint32 {
		return st // There is no higher ballot; a lower one would break promises.
	}
	st.Ballot = Ballot{st.Ballot.Round + 1, self}
	st.Prepares = map[actor.ID]Vote{self: st.Accepted}
	st.Accepts = map[actor.ID]bool{}
	out.Broadcast(s.Peers, Prepare{st.Ballot})
	if s.Retry > 0 {
		out.Commands().SetTimer(retry{}, s.Retry, 2*s.Retry)
	}
	return s.propose(self, st, out)
}

// propose asks for votes once there are enough promises.
func (s Server) propose(self actor.ID, st State, out *Out) State {
	if len(st.Prepares) == s.Promises {
		st.Proposal = choose(*st.Proposal, st.Prepares)
		st.Accepted = Vote{st.Ballot, *st.Proposal}
		st.Accepts[self] = true
		out.Broadcast(s.Peers, Accept(st.Accepted))
		st = s.decide(st, out)
	}
	return st
}

// decide tells everybody once there are enough votes.
func (s Server) decide(st State, out *Out) State {
	if len(st.Accepts) == s.Votes {
		st.Decided = true
		out.Broadcast(s.Peers, Decided{st.Ballot, *st.Proposal})
		out.PutOk(st.Proposal.Requester, st.Proposal.Request)
		out.Commands().CancelTimer(retry{})
	}
	return st
}

// choose gives the proposal of the highest vote that a majority knows of, or else the server's own.
func choose(own Proposal, promised map[actor.ID]Vote) *Proposal {
	highest := Vote{Proposal: own}
	for _, vote := range promised {
		if highest.Ballot.Less(vote.Ballot) {
			highest = vote
		}
	}
	return &highest.Proposal
}
