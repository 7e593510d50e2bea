// Package figure8 is as much of Raft as Figure 8 of its paper needs: D. Ongaro and J. Ousterhout, "In Search of an
// Understandable Consensus Algorithm" (2014). A leader that counts copies of entries of earlier terms takes an entry for
// committed that a later leader overwrites. To keep it short, a leader sends its whole log, and an entry is its term.
package figure8

import (
	"slices"
	"time"

	"synod/actor"
)

// Term counts elections. An entry of a log is the term in which a leader took it from a client.
type Term int

type (
	// Message is what servers send one another.
	//
	//sumtype:decl
	Message interface{ term() Term }
	// RequestVote asks for a vote.
	RequestVote struct {
		Term, Last Term // Last is the term of the candidate's last entry
		Length     int  // of its log
	}
	// Vote grants it.
	Vote struct{ Term Term }
	// Append carries the log of the leader of a term.
	Append struct {
		Term    Term
		Entries actor.List[Term]
	}
	// Appended informs the leader of how many entries a server has its log.
	Appended struct {
		Term   Term
		Length int
	}
	// Out is what handlers command through.
	Out = actor.Out[Message]
)

func (m RequestVote) term() Term { return m.Term }
func (m Vote) term() Term        { return m.Term }
func (m Append) term() Term      { return m.Term }
func (m Appended) term() Term    { return m.Term }

// Role is what a server is in its term.
type Role string

// The roles.
const (
	Follower  Role = "follower"
	Candidate Role = "candidate"
	Leader    Role = "leader"
)

// State is the local state of a server. Everything but Role, Votes, Match and Committed is kept across crashes.
type State struct {
	Term      Term
	Voted     bool // in this term
	Log       actor.List[Term]
	Role      Role
	Votes     actor.Map[actor.ID, bool] // of a candidate, its own too
	Match     actor.Map[actor.ID, int]  // of a leader: how many entries of its log a server has
	Committed int                       // how many entries are
}

// Server is the configuration of a server.
type Server struct {
	Others []actor.ID
	// CountsOld lets a leader count copies of entries of earlier terms: the mistake that the figure warns of.
	CountsOld bool
}

type election struct{}

// String returns the name of the timer in paths.
func (election) String() string { return "election" }

// New returns an actor of the server.
func (s Server) New() actor.Typed[State, Message] {
	return actor.New[State, Message](s, actor.Timers(s.Timeout))
}

// Start waits for a leader.
func (Server) Start(_ actor.ID, out *Out) State {
	out.SetTimer(election{}, time.Second, 2*time.Second)
	return State{Role: Follower}
}

// Timeout stands for election.
func (s Server) Timeout(self actor.ID, st State, _ actor.Timer, out *Out) State {
	st.Term, st.Voted, st.Role = st.Term+1, true, Candidate
	st.Votes = actor.Map[actor.ID, bool]{}.With(self, true)
	out.Broadcast(s.Others, RequestVote{st.Term, last(st.Log), st.Log.Len()})
	out.SetTimer(election{}, time.Second, 2*time.Second)
	return st
}

// Receive handles a message.
func (s Server) Receive(self actor.ID, st State, from actor.ID, m Message, out *Out) State {
	if m.term() > st.Term {
		st = State{Term: m.term(), Log: st.Log, Role: Follower, Committed: st.Committed}
	}
	if m.term() < st.Term {
		return st
	}
	switch m := m.(type) {
	case RequestVote:
		newer := m.Last > last(st.Log) || m.Last == last(st.Log) && m.Length >= st.Log.Len()
		if !st.Voted && newer {
			st.Voted = true
			out.Send(from, Vote{st.Term})
		}
	case Vote:
		if st.Role == Candidate {
			st.Votes = st.Votes.With(from, true)
			if st.Votes.Len() == s.majority() {
				return s.lead(self, st, out)
			}
		}
	case Append:
		if !prefix(m.Entries, st.Log) {
			st.Log = m.Entries
		}
		out.Send(from, Appended{st.Term, m.Entries.Len()})
	case Appended:
		if st.Role == Leader {
			st.Match = st.Match.With(from, max(m.Length, st.match(from)))
			st.Committed = s.commit(st)
		}
	}
	return st
}

func (s Server) lead(self actor.ID, st State, out *Out) State {
	st.Role, st.Votes = Leader, actor.Map[actor.ID, bool]{}
	st.Match = actor.Map[actor.ID, int]{}.With(self, st.Log.Len())
	out.Broadcast(s.Others, Append{st.Term, st.Log})
	return st
}

// commit returns how many entries are committed, as a leader sees it.
func (s Server) commit(st State) int {
	for n := st.Log.Len(); n > st.Committed; n-- {
		copies := 0
		for _, have := range st.Match.All() {
			if have >= n {
				copies++
			}
		}
		if copies >= s.majority() && (s.CountsOld || st.Log.At(n-1) == st.Term) {
			return n
		}
	}
	return st.Committed
}

func (s Server) majority() int { return (len(s.Others)+1)/2 + 1 }

func (st State) match(id actor.ID) int {
	n, _ := st.Match.Get(id)
	return n
}

// last returns the term of the last entry; 0 if there is none.
func last(log actor.List[Term]) Term {
	if log.Len() == 0 {
		return 0
	}
	return log.At(log.Len() - 1)
}

// prefix reports whether a log begins with the entries of another one.
func prefix(of, log actor.List[Term]) bool {
	return of.Len() <= log.Len() && slices.Equal(of.Slice(), log.Slice()[:of.Len()])
}
