// Package acp is the non-blocking atomic commitment protocol of Babaoğlu and Toueg ("Understanding Non-Blocking Atomic
// Commitment", 1993), after the TLA+ example ACP_NB: who learns of the decision tells all others before it decides.
package acp

import (
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the number of participants.
type Config struct{ Participants int } // 1 to MaxParticipants

// MaxParticipants bounds Config.Participants.
const MaxParticipants = 4

// Default is what the original checks.
var Default = Config{Participants: 2}

// Decision is what somebody decided or tells of.
type Decision uint8

// The decisions.
const (
	Undecided Decision = iota // or: not told of
	Commit
	Abort
)

// String is the decision in lower case.
func (d Decision) String() string { return [...]string{"undecided", "commit", "abort"}[d] }

// Ballot is what the coordinator knows of a vote.
type Ballot uint8

// The ballots.
const (
	Waiting Ballot = iota
	Yes
	No
)

// String is the ballot in lower case.
func (b Ballot) String() string { return [...]string{"waiting", "yes", "no"}[b] }

// State is the coordinator and all participants, who are numbered from 0.
type State struct {
	Coordinator Coordinator
	Willing     tla.Set    // who would vote yes
	Alive       tla.Set    // who has not crashed
	Voted       tla.Set    // who has sent the vote
	Decided     []Decision // by participant
	// By participant: what it told each. What it told itself is what it has heard, and is going to decide.
	Told [][]Decision
}

// Coordinator is what only it knows, and what it has sent.
type Coordinator struct {
	Dead     bool
	Decision Decision
	Asked    tla.Set    // for their votes
	Votes    []Ballot   // by participant
	Told     []Decision // by participant
}

// Action is a step.
//
//sumtype:decl
type Action interface{ action() }

// The actions of the coordinator. Those that are about a participant name it.
type (
	// Ask asks for a vote.
	Ask struct{ Participant int }
	// TakeVote takes a vote into account.
	TakeVote struct{ Participant int }
	// DetectFault aborts, as a participant crashed before it voted.
	DetectFault struct{ Participant int }
	// Decide decides by the votes.
	Decide struct{}
	// Tell informs a participant of the decision.
	Tell struct{ Participant int }
	// Die is a crash of the coordinator.
	Die struct{}
)

// The actions of participants.
type (
	// Vote sends the vote, perhaps again.
	Vote struct{ Participant int }
	// AbortOnVote is the decision of one who votes no.
	AbortOnVote struct{ Participant int }
	// AbortUnasked is that of one who was not asked before the coordinator crashed.
	AbortUnasked struct{ Participant int }
	// AbortUntold is that of one who knows that the coordinator, and all who crashed, told nobody who has not.
	AbortUntold struct{ Participant int }
	// Hear makes ready to decide what the coordinator told.
	Hear struct{ Participant int }
	// HearFrom makes ready to decide what another one told.
	HearFrom struct{ Participant, From int }
	// Forward informs another one of it.
	Forward struct{ Participant, To int }
	// Follow decides, when all others were told, perhaps again.
	Follow struct{ Participant int }
	// Crash is a participant's.
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

// Initial is any wishes.
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

// Actions returns what may happen in a state.
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

// untold reports whether nobody who is alive was told anything by the coordinator, and none by one who crashed.
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

// Witnesses is how often TLC finds an action: the original lets any two participants take any step of a participant, also
// one that is about the first of them only, and to abort there is a reason for each no.
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

// Next returns what an action makes of a state.
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

// Source is the model with its properties, or the error of a configuration that is not valid.
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
