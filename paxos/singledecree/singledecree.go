// Package singledecree implements the Synod protocol, in which servers choose one value, once: Lamport, "Paxos Made
// Simple" (2001), section 2. Every server is proposer, acceptor and learner. The server that receives a client's Put
// proposes its value; a Get is answered once a decision is known. If servers retry and learn, every client is
// answered eventually as long as a majority is up; see [Server].
package singledecree

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"synod/actor"
	"synod/register"
)

type (
	// Ballot orders proposals by round, then by the leading server. The zero ballot precedes all ballots in use.
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
	// Vote is a proposal accepted at a ballot. The zero ballot means no vote.
	Vote struct {
		Ballot   Ballot
		Proposal Proposal
	}
	// Message is a message between servers.
	//
	//sumtype:decl
	Message  interface{ phase() int }
	Prepare  struct{ Ballot Ballot } // asks for a promise to ignore lower ballots
	Prepared struct {                // the promise, with the acceptor's highest vote so far
		Ballot   Ballot
		Accepted Vote
	}
	Accept   Vote                    // asks for a vote
	Accepted struct{ Ballot Ballot } // the vote
	Decided  Vote                    // announces that a quorum voted
	Query    struct {                // asks for the decision or vote, for a client's Get or after a restart
		Reader  actor.ID
		Request register.Request
	}
	Report struct { // answers a Query with the vote of a server that knows no decision
		Query    Query
		Accepted Vote
	}
	// Durable is the part of the state that survives a crash: promise, vote, and whether the vote is the chosen
	// proposal.
	Durable struct {
		Ballot   Ballot
		Accepted Vote
		Decided  bool
	}
	// State is the local state of a server: its durable state and its state as a proposer.
	State struct {
		Durable
		Proposal *Proposal         // nil before the first Put
		Prepares map[actor.ID]Vote // promises for its own ballot
		Accepts  map[actor.ID]bool // votes at its own ballot
		// The remaining fields are used with Learn, and are nil or false once the decision is known.
		Waiting map[actor.ID]Wait // the last request of each client that waits for the decision
		Reports map[actor.ID]Vote // the highest vote that each other server reported
		Doubt   bool              // the timer is set because a known vote may or may not be decided
	}
	// Wait is a request that cannot be answered yet: a Put, or a Get of any value.
	Wait struct {
		Proposal Proposal
		Unvoted  map[actor.ID]bool // the servers that had not voted when asked for this Get; nil for a Put
	}
	// Server is the configuration of a server. If Promises + Votes exceeds the number of servers, every quorum of the
	// first phase intersects every quorum of the second: Howard, Malkhi and Spiegelman, "Flexible Paxos: Quorum
	// Intersection Revisited" (2016).
	Server struct {
		Peers           []actor.ID    // all other servers, in ascending order
		Promises, Votes int           // quorum sizes to propose and to decide, including the server; 0 for a majority
		Retry           time.Duration // time to a new proposal, up to doubled; helps others that propose again; 0 for never
		// Learn makes a server ask the others for the decision when it restarts and for each Get, and answer every waiting
		// client: a Get also if nothing is chosen, and a Put that was not chosen with PutFail. If no server knows whether a
		// vote was decided, the server proposes it again after Retry (section 2.3 of the paper).
		Learn bool
	}
	Out   = register.Out[Message] // collects the commands of a handler
	retry struct{}                // the timer of a proposer
)

// MaxWaiting is the maximum number of clients that wait for a server's answer. When another one arrives, one of them
// is dropped and must ask again.
const MaxWaiting = 1024

func (Prepare) phase() int   { return 1 }
func (Prepared) phase() int  { return 1 }
func (Accept) phase() int    { return 2 }
func (Accepted) phase() int  { return 2 }
func (Decided) phase() int   { return 3 }
func (Query) phase() int     { return 3 }
func (Report) phase() int    { return 3 }
func (retry) String() string { return "retry" }

// Less reports whether b comes before c.
func (b Ballot) Less(c Ballot) bool {
	return b.Round < c.Round || b.Round == c.Round && b.Leader < c.Leader
}

// New returns the actor of a server that proposes once and decides by majority, without Retry and Learn.
func New(peers []actor.ID) actor.Typed[State, register.Message] { return Server{Peers: peers}.New() }

// New returns the actor of the server.
func (s Server) New() actor.Typed[State, register.Message] {
	majority := actor.Majority(len(s.Peers) + 1)
	s.Promises, s.Votes = cmp.Or(s.Promises, majority), cmp.Or(s.Votes, majority)
	return register.Serve(s, actor.Timers(s.Timeout), actor.Durable(s.Keep, s.Recover))
}

// Start and Keep: a server starts with the zero state.
func (s Server) Start(actor.ID, *Out) State { return State{} }
func (s Server) Keep(st State) Durable      { return st.Durable }

// Recover restarts the server without a proposal of its own.
func (s Server) Recover(self actor.ID, kept Durable, out *Out) State {
	st := State{Durable: kept}
	if s.Learn && !st.Decided {
		out.Broadcast(s.Peers, Query{Reader: self})
		st = s.doubt(st, out)
	}
	return st
}

// Put makes the server propose the value, unless it has a proposal already. If the request was the chosen one, the
// server answers it again.
func (s Server) Put(self actor.ID, st State, from actor.ID, r register.Request, v register.Value, out *Out) State {
	own := Proposal{r, from, v}
	if !st.Decided {
		st = s.await(st, from, Wait{Proposal: own})
	}
	switch {
	case !st.Decided && st.Proposal == nil:
		st.Proposal = &own
		return s.prepare(self, st, out)
	case st.Decided && st.Accepted.Proposal == own && (s.Retry > 0 || s.Learn):
		out.PutOk(from, r)
	case st.Decided && s.Learn:
		out.PutFail(from, r)
	}
	return st
}

// Get is answered once the decision is known or, with Learn, once it is known that there was none when the Get
// arrived.
func (s Server) Get(self actor.ID, st State, from actor.ID, r register.Request, out *Out) State {
	switch {
	case st.Decided:
		out.GetOk(from, r, st.Accepted.Proposal.Value)
	case s.Learn:
		st = s.await(st, from, Wait{Proposal{Request: r, Requester: from}, map[actor.ID]bool{}})
		out.Broadcast(s.Peers, Query{from, r})
		if st.Accepted == (Vote{}) {
			return s.unset(st, self, Query{from, r}, out)
		}
		return s.doubt(st, out)
	}
	return st
}

// Timeout makes the server propose again.
func (s Server) Timeout(self actor.ID, st State, _ actor.Timer, out *Out) State {
	return s.prepare(self, st, out)
}

// Receive handles messages of the other servers. Answers that the server did not ask for, or asked for before a
// crash, are ignored.
func (s Server) Receive(self actor.ID, st State, from actor.ID, msg Message, out *Out) State {
	if st.Decided {
		_, behind := msg.(Prepare)
		_, asks := msg.(Query)
		if behind && (s.Retry > 0 || s.Learn) || asks {
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
		if st.Prepares != nil && m.Ballot == st.Ballot {
			st.Prepares[from] = m.Accepted
			return s.propose(self, st, out)
		}
	case Accept:
		if !m.Ballot.Less(st.Ballot) {
			st.Ballot, st.Accepted = m.Ballot, Vote(m)
			out.Send(from, Accepted{m.Ballot})
		}
	case Accepted:
		if st.Proposal != nil && m.Ballot == st.Ballot {
			st.Accepts[from] = true
			return s.decide(st, out)
		}
	case Decided:
		return s.know(st, Vote(m), out)
	case Query:
		out.Send(from, Report{m, st.Accepted})
	case Report:
		return s.report(st, from, m, out)
	}
	return st
}

// prepare asks for promises at a new ballot of the server.
func (s Server) prepare(self actor.ID, st State, out *Out) State {
	if st.Ballot.Round == math.MaxUint32 {
		return st // There is no higher ballot; a lower one would break promises.
	}
	st.Ballot = Ballot{st.Ballot.Round + 1, self}
	st.Prepares = map[actor.ID]Vote{self: st.Accepted}
	st.Accepts = map[actor.ID]bool{}
	st.Doubt = false
	out.Broadcast(s.Peers, Prepare{st.Ballot})
	if s.Retry > 0 {
		out.Commands().SetTimer(retry{}, s.Retry, 2*s.Retry)
	}
	return s.propose(self, st, out)
}

// propose asks for votes once there are enough promises.
func (s Server) propose(self actor.ID, st State, out *Out) State {
	if len(st.Prepares) == s.Promises {
		st.Proposal = choose(st.Proposal, st.Prepares)
		if st.Proposal == nil { // The vote in doubt was not chosen, and there is nothing else to propose.
			st.Prepares, st.Accepts = nil, nil
			out.Commands().CancelTimer(retry{})
			return st
		}
		st.Accepted = Vote{st.Ballot, *st.Proposal}
		st.Accepts[self] = true
		out.Broadcast(s.Peers, Accept(st.Accepted))
		st = s.decide(st, out)
	}
	return st
}

// decide announces the decision once there are enough votes.
func (s Server) decide(st State, out *Out) State {
	if len(st.Accepts) == s.Votes {
		out.Broadcast(s.Peers, Decided{st.Ballot, *st.Proposal})
		out.PutOk(st.Proposal.Requester, st.Proposal.Request)
		if st.Waiting[st.Proposal.Requester].Proposal == *st.Proposal {
			delete(st.Waiting, st.Proposal.Requester)
		}
		return s.know(st, st.Accepted, out)
	}
	return st
}

// know records a decision, and answers the clients that wait for it.
func (s Server) know(st State, chosen Vote, out *Out) State {
	st.Ballot, st.Accepted, st.Decided = chosen.Ballot, chosen, true
	out.Commands().CancelTimer(retry{})
	for _, client := range slices.Sorted(maps.Keys(st.Waiting)) {
		switch w := st.Waiting[client]; {
		case w.Unvoted != nil:
			out.GetOk(client, w.Proposal.Request, chosen.Proposal.Value)
		case w.Proposal == chosen.Proposal:
			out.PutOk(client, w.Proposal.Request)
		default:
			out.PutFail(client, w.Proposal.Request)
		}
	}
	st.Waiting, st.Reports, st.Doubt = nil, nil, false
	return st
}

// await records a client that waits for the decision.
func (s Server) await(st State, client actor.ID, w Wait) State {
	if !s.Learn {
		return st
	}
	if st.Waiting == nil {
		st.Waiting = map[actor.ID]Wait{}
	}
	if _, known := st.Waiting[client]; !known && len(st.Waiting) >= MaxWaiting {
		delete(st.Waiting, slices.Min(slices.Collect(maps.Keys(st.Waiting)))) // The dropped client must ask again.
	}
	st.Waiting[client] = w
	return st
}

// report handles another server's vote. Once enough servers voted for a proposal at one ballot, it is decided.
func (s Server) report(st State, from actor.ID, m Report, out *Out) State {
	if m.Accepted == (Vote{}) {
		return s.unset(st, from, m.Query, out)
	}
	if st.Reports[from].Ballot.Less(m.Accepted.Ballot) {
		if st.Reports == nil {
			st.Reports = map[actor.ID]Vote{}
		}
		st.Reports[from] = m.Accepted
	}
	votes := 0
	if st.Accepted == m.Accepted {
		votes = 1
	}
	for _, vote := range st.Reports {
		if vote == m.Accepted {
			votes++
		}
	}
	if votes >= s.Votes {
		return s.know(st, m.Accepted, out)
	}
	return s.doubt(st, out)
}

// unset records that a server had not voted when it was asked for a Get. Once no quorum can have voted by then, the
// Get is answered: nothing was chosen. Only the latest request of a client counts, as a client never reuses a number.
func (s Server) unset(st State, from actor.ID, q Query, out *Out) State {
	w := st.Waiting[q.Reader]
	if w.Unvoted == nil || w.Proposal.Request != q.Request {
		return st
	}
	w.Unvoted[from] = true
	if len(w.Unvoted)+s.Votes > len(s.Peers)+1 {
		out.GetOk(q.Reader, w.Proposal.Request, 0)
		if delete(st.Waiting, q.Reader); len(st.Waiting) == 0 {
			st.Waiting = nil
		}
	}
	return st
}

// doubt sets the timer to propose again if there is a vote that may or may not be decided.
func (s Server) doubt(st State, out *Out) State {
	if voted := st.Accepted != (Vote{}) || st.Reports != nil; voted && s.Retry > 0 && !st.Doubt && st.Prepares == nil {
		st.Doubt = true
		out.Commands().SetTimer(retry{}, s.Retry, 2*s.Retry)
	}
	return st
}

// choose returns the proposal of the highest vote in the promises, or else the server's own, which may be nil.
func choose(own *Proposal, promised map[actor.ID]Vote) *Proposal {
	highest := Vote{}
	for _, id := range slices.Sorted(maps.Keys(promised)) { // Only a broken protocol has two votes at a ballot.
		if vote := promised[id]; highest.Ballot.Less(vote.Ballot) {
			highest = vote
		}
	}
	if highest == (Vote{}) {
		return own
	}
	return &highest.Proposal
}
