// Package twophase is two-phase commit after Gray and Lamport, "Consensus on Transaction Commit" (2006), section 3: a
// transaction manager asks resource managers to commit or abort a transaction, all of them the same. It is a plain
// model, without actors: the messages sent are part of the state, and are never removed.
package twophase

import (
	"fmt"
	"slices"

	"synod/model"
)

// Stage is how far a resource manager is with the transaction.
type Stage int

// The stages of a resource manager.
const (
	Working Stage = iota
	Prepared
	Committed
	Aborted
)

var stageNames = [...]string{"working", "prepared", "committed", "aborted"}

// String is the stage in lower case.
func (s Stage) String() string { return stageNames[s] }

// Decision is what the transaction manager told everybody.
type Decision uint8

// The decisions. As long as there is none, the transaction manager is in its initial state.
const (
	None Decision = iota
	Commit
	Abort
)

var decisionNames = [...]string{"none", "commit", "abort"}

// String is the decision in lower case.
func (d Decision) String() string { return decisionNames[d] }

// State is a state of all managers and the messages between them. All slices are indexed by resource manager. The
// message of a decision has been sent if and only if the decision was made, so that it needs no field of its own.
type State struct {
	Stages   []Stage
	Decision Decision
	Sent     []bool // the manager's Prepared message
	Received []bool // the transaction manager has taken it into account
}

// Action is a step of one manager.
//
//sumtype:decl
type Action interface{ action() }

// The actions. Those of a resource manager name it, counting from 0.
type (
	// TransactionCommits decides to commit, once every manager's Prepared was received.
	TransactionCommits struct{}
	// TransactionAborts decides to abort.
	TransactionAborts struct{}
	// ReceivePrepared takes a manager's Prepared into account, perhaps once more.
	ReceivePrepared struct{ Manager int }
	// Prepare makes a working manager ready, and sends Prepared.
	Prepare struct{ Manager int }
	// ChooseToAbort is a working manager's own decision.
	ChooseToAbort struct{ Manager int }
	// ReceiveCommit accepts the decision of the transaction manager.
	ReceiveCommit struct{ Manager int }
	// ReceiveAbort does so too.
	ReceiveAbort struct{ Manager int }
)

func (TransactionCommits) action() {}
func (TransactionAborts) action()  {}
func (ReceivePrepared) action()    {}
func (Prepare) action()            {}
func (ChooseToAbort) action()      {}
func (ReceiveCommit) action()      {}
func (ReceiveAbort) action()       {}

// Config is the number of resource managers.
type Config struct{ Managers int } // 1 to MaxManagers

// MaxManagers bounds Config.Managers; a space of so many is far beyond any search.
const MaxManagers = 64

// Default is three resource managers.
var Default = Config{Managers: 3}

// Validate returns what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	if c.Managers < 1 || c.Managers > MaxManagers {
		return fmt.Errorf("%d managers: expected 1 to %d", c.Managers, MaxManagers)
	}
	return nil
}

// Initial is everybody working, and nothing sent.
func (c Config) Initial() []State {
	return []State{{
		Stages: make([]Stage, c.Managers), Sent: make([]bool, c.Managers), Received: make([]bool, c.Managers),
	}}
}

// Actions returns what may happen in a state.
func (c Config) Actions(s State) []Action {
	var actions []Action
	if s.Decision == None {
		if !slices.Contains(s.Received, false) {
			actions = append(actions, TransactionCommits{})
		}
		actions = append(actions, TransactionAborts{})
	}
	for manager, stage := range s.Stages {
		if s.Decision == None && s.Sent[manager] {
			actions = append(actions, ReceivePrepared{manager})
		}
		if stage == Working {
			actions = append(actions, Prepare{manager}, ChooseToAbort{manager})
		}
		switch s.Decision {
		case Commit:
			actions = append(actions, ReceiveCommit{manager})
		case Abort:
			actions = append(actions, ReceiveAbort{manager})
		case None:
		}
	}
	return actions
}

// Next returns what an action makes of a state; every action that Actions gives is possible.
func (c Config) Next(s State, a Action) (State, bool) {
	stage := func(manager int, to Stage) {
		s.Stages = slices.Clone(s.Stages)
		s.Stages[manager] = to
	}
	mark := func(flags []bool, manager int) []bool {
		flags = slices.Clone(flags)
		flags[manager] = true
		return flags
	}
	switch a := a.(type) {
	case TransactionCommits:
		s.Decision = Commit
	case TransactionAborts:
		s.Decision = Abort
	case ReceivePrepared:
		s.Received = mark(s.Received, a.Manager)
	case Prepare:
		stage(a.Manager, Prepared)
		s.Sent = mark(s.Sent, a.Manager)
	case ChooseToAbort:
		stage(a.Manager, Aborted)
	case ReceiveCommit:
		stage(a.Manager, Committed)
	case ReceiveAbort:
		stage(a.Manager, Aborted)
	}
	return s, true
}

// Source is the model with its properties, or the error of a configuration that is not valid.
func Source(c Config) (*model.Plain[State, Action], error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := model.NewPlain[State, Action](c)
	p.Interchangeable(c.Managers, "Stages", "Sent", "Received")
	p.Always("consistent", func(s State) bool {
		return !slices.Contains(s.Stages, Committed) || !slices.Contains(s.Stages, Aborted)
	})
	p.Sometimes("commit agreed", func(s State) bool { return all(s, Committed) })
	p.Sometimes("abort agreed", func(s State) bool { return all(s, Aborted) })
	return p, nil
}

func all(s State, stage Stage) bool {
	return !slices.ContainsFunc(s.Stages, func(other Stage) bool { return other != stage })
}
