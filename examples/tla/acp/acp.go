// Package acp is the non-blocking atomic commitment protocol of Babaoğlu and Toueg ("Understanding Non-Blocking
// Atomic Commitment", 1993), after the TLA+ example ACP_NB: a participant that learns the decision forwards it to all
// others before it decides.
package acp

import (
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model.
type Config struct{ Participants int } // 1 to MaxParticipants

// MaxParticipants bounds Config.Participants.
const MaxParticipants = 4

// Default is the size that the original checks.
var Default = Config{Participants: 2}

// Decision is a decision, or the decision reported in a message.
type Decision uint8

// The decisions.
const (
	Undecided Decision = iota // or: not reported
	Commit
	Abort
)

// String returns the decision in lower case.
func (d Decision) String() string { return [...]string{"undecided", "commit", "abort"}[d] }

// Ballot is a vote as known to the coordinator.
type Ballot uint8

// The ballots.
const (
	Waiting Ballot = iota
	Yes
	No
)

// String returns the ballot in lower case.
func (b Ballot) String() string { return [...]string{"waiting", "yes", "no"}[b] }

// State is the state of the coordinator and all participants, which are numbered from 0.
type State struct {
	Coordinator Coordinator
	Willing     tla.Set    // participants that would vote yes
	Alive       tla.Set    // participants that have not crashed
	Voted       tla.Set    // participants that have sent their votes
	Decided     []Decision // by participant
	// By sender and receiver: the decision that a participant reported to each. What it reported to itself is what it
	// has heard and is going to decide.
	Told [][]Decision
}

// Coordinator is the state of the coordinator, and what it has sent.
type Coordinator struct {
	Dead     bool
	Decision Decision
	Asked    tla.Set    // participants asked for their votes
	Votes    []Ballot   // by participant
	Told     []Decision // by participant
}

// Action is a step.
//
//sumtype:decl
type Action interface{ action() }

// The actions of the coordinator. Those that concern a participant name it.
type (
	// Ask asks for a vote.
	Ask struct{ Participant int }
	// TakeVote records a vote.
	TakeVote struct{ Participant int }
	// DetectFault aborts because a participant crashed before it voted.
	DetectFault struct{ Participant int }
	// Decide decides by the votes.
	Decide struct{}
	// Tell informs a participant of the decision.
	Tell struct{ Participant int }
	// Die crashes the coordinator.
	Die struct{}
)

// The actions of participants.
type (
	// Vote sends the vote, perhaps again.
	Vote struct{ Participant int }
	// AbortOnVote decides to abort after a no vote of the participant's own.
	AbortOnVote struct{ Participant int }
	// AbortUnasked decides to abort because the coordinator crashed before it asked for the vote.
	AbortUnasked struct{ Participant int }
	// AbortUntold decides to abort because neither the coordinator, which crashed, nor any other crashed participant
	// reported a decision to any live one.
	AbortUntold struct{ Participant int }
	// Hear adopts the decision that the coordinator reported, to decide it later.
	Hear struct{ Participant int }
	// HearFrom adopts the decision that another participant reported.
	HearFrom struct{ Participant, From int }
	// Forward reports the adopted decision to another participant.
	Forward struct{ Participant, To int }
	// Follow decides, perhaps again, once the decision was reported to all others.
	Follow struct{ Participant int }
	// Crash crashes a participant.
	Crash struct{ Participant int }
)

func (Ask) action()          {}
func (TakeVote) action()     {}
func (DetectFault) action()  {}
func (Decide) action()       {}
func (Tell) action()         {}
func (Die) action()          {}
func (Vote) action()         {}
func (AbortOnVote) action()  {}
func (AbortUnasked) action() {}
func (AbortUntold) action()  {}
func (Hear) action()         {}
func (HearFrom) action()     {}
func (Forward) action()      {}
func (Follow) action()       {}
func (Crash) action()        {}

// Initial returns a state for each set of participants that would vote yes.
func (c Config) Initial() (all []State) {
	n := c.Participants
	for _, willing := range tla.All(n).Subsets() {
		s := State{
			Coordinator: Coordinator{Votes: make([]Ballot, n), Told: make([]Decision, n)},
			Willing:     willing, Alive: tla.All(n), Decided: make([]Decision, n),
		}
		for range n {
			s.Told = append(s.Told, make([]Decision, n))
		}
		all = append(all, s)
	}
	return all
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	if !s.Coordinator.Dead {
		all = c.coordinator(s, all)
	}
	for _, p := range s.Alive.Members() {
		all = c.participant(s, p, all)
	}
	return all
}

func (c Config) coordinator(s State, all []Action) []Action {
	k := s.Coordinator
	all = append(all, Die{})
	for p := range c.Participants {
		if !k.Asked.Has(p) {
			all = append(all, Ask{p})
		}
		if k.Decision != Undecided && k.Told[p] == Undecided {
			all = append(all, Tell{p})
		}
		if k.Decision != Undecided || k.Asked != tla.All(c.Participants) || k.Votes[p] != Waiting {
			continue
		}
		switch {
		case s.Voted.Has(p):
			all = append(all, TakeVote{p})
		case !s.Alive.Has(p):
			all = append(all, DetectFault{p})
		}
	}
	if k.Decision == Undecided && !slices.Contains(k.Votes, Waiting) {
		all = append(all, Decide{})
	}
	return all
}

func (c Config) participant(s State, p int, all []Action) []Action {
	k, told := s.Coordinator, s.Told[p]
	all = append(all, Crash{p})
	if k.Asked.Has(p) {
		all = append(all, Vote{p})
	}
	if s.Decided[p] == Undecided {
		if s.Voted.Has(p) && !s.Willing.Has(p) {
			all = append(all, AbortOnVote{p})
		}
		if k.Dead && !k.Asked.Has(p) {
			all = append(all, AbortUnasked{p})
		}
		if k.Dead && c.untold(s) {
			all = append(all, AbortUntold{p})
		}
	}
	if told[p] == Undecided {
		if k.Told[p] != Undecided {
			all = append(all, Hear{p})
		}
		for from := range c.Participants {
			if s.Told[from][p] != Undecided {
				all = append(all, HearFrom{p, from})
			}
		}
		return all
	}
	for to, what := range told {
		if what == Undecided {
			all = append(all, Forward{p, to})
		}
	}
	if !slices.Contains(told, Undecided) {
		all = append(all, Follow{p})
	}
	return all
}

// untold reports whether no live participant received a decision from the coordinator or from a crashed participant.
func (c Config) untold(s State) bool {
	for _, p := range s.Alive.Members() {
		if s.Coordinator.Told[p] != Undecided {
			return false
		}
		for from, told := range s.Told {
			if !s.Alive.Has(from) && told[p] != Undecided {
				return false
			}
		}
	}
	return true
}

// Witnesses returns how often TLC generates an action: the original quantifies participants' steps over pairs of
// participants, even those that concern only the first, and has a reason to abort for each no vote.
func (c Config) Witnesses(s State, a Action) int {
	switch a.(type) {
	case Vote, AbortOnVote, AbortUnasked, AbortUntold, Hear, Follow, Crash:
		return c.Participants
	case Decide:
		n := 0
		for _, vote := range s.Coordinator.Votes {
			if vote == No {
				n++
			}
		}
		return max(n, 1)
	case Ask, TakeVote, DetectFault, Tell, Die, HearFrom, Forward:
	}
	return 1
}

// Next returns the state after an action.
func (c Config) Next(s State, a Action) (State, bool) {
	k := &s.Coordinator
	tell := func(from, to int, what Decision) {
		s.Told = slices.Clone(s.Told)
		s.Told[from] = with(s.Told[from], to, what)
	}
	switch a := a.(type) {
	case Ask:
		k.Asked = k.Asked.With(a.Participant)
	case TakeVote:
		vote := No
		if s.Willing.Has(a.Participant) {
			vote = Yes
		}
		k.Votes = with(k.Votes, a.Participant, vote)
	case DetectFault:
		k.Decision = Abort
	case Decide:
		k.Decision = Commit
		if slices.Contains(k.Votes, No) {
			k.Decision = Abort
		}
	case Tell:
		k.Told = with(k.Told, a.Participant, k.Decision)
	case Die:
		k.Dead = true
	case Vote:
		s.Voted = s.Voted.With(a.Participant)
	case AbortOnVote:
		s.Decided = with(s.Decided, a.Participant, Abort)
	case AbortUnasked:
		s.Decided = with(s.Decided, a.Participant, Abort)
	case AbortUntold:
		s.Decided = with(s.Decided, a.Participant, Abort)
	case Hear:
		tell(a.Participant, a.Participant, k.Told[a.Participant])
	case HearFrom:
		tell(a.Participant, a.Participant, s.Told[a.From][a.Participant])
	case Forward:
		tell(a.Participant, a.To, s.Told[a.Participant][a.Participant])
	case Follow:
		s.Decided = with(s.Decided, a.Participant, s.Told[a.Participant][a.Participant])
	case Crash:
		s.Alive = s.Alive.Without(a.Participant)
	}
	return s, true
}

func with[T any](s []T, i int, v T) []T {
	s = slices.Clone(s)
	s[i] = v
	return s
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("all who decide agree", func(s State) bool {
		return !slices.Contains(s.Decided, Commit) || !slices.Contains(s.Decided, Abort)
	})
	p.Always("commit only if all vote yes", func(s State) bool {
		return !slices.Contains(s.Decided, Commit) || s.Willing == tla.All(c.Participants)
	})
	p.Always("abort only for a reason", func(s State) bool {
		crashed := s.Coordinator.Dead || s.Alive != tla.All(c.Participants)
		return !slices.Contains(s.Decided, Abort) || crashed || s.Willing != tla.All(c.Participants)
	})
	p.Sometimes("all commit", func(s State) bool {
		return !slices.ContainsFunc(s.Decided, func(d Decision) bool { return d != Commit })
	})
	return p, tla.Between("participants", c.Participants, 1, MaxParticipants)
}
