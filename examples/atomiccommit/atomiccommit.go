// Package atomiccommit is three-phase commit after D. Skeen, "Nonblocking Commit Protocols" (1981), with his central site
// and its backup; and, with one phase less, two-phase commit, which blocks. Sites crash and recover; the network loses
// nothing, and a site that waits longer than any message takes knows that another one crashed. Where timers may fire
// earlier than that, three-phase commit is not safe.
//
// A site sends one message a step when it tells several, by reminding itself to go on, so that it may crash halfway.
package atomiccommit

import (
	"time"

	"synod/actor"
)

// Stage is how far a site is with the transaction.
type Stage uint8

// The stages. A site that has prepared knows that all voted yes.
const (
	Working Stage = iota
	Waiting
	Prepared
	Committed
	Aborted
)

var stageNames = [...]string{"working", "waiting", "prepared", "committed", "aborted"}

// String is the stage in lower case.
func (s Stage) String() string { return stageNames[s] }

// Decided reports whether the stage is a last one.
func (s Stage) Decided() bool { return s == Committed || s == Aborted }

type (
	// Message is what sites say to one another.
	//
	//sumtype:decl
	Message interface{ commit() }
	// Vote asks for a vote.
	Vote struct{}
	// Yes is a vote for the transaction.
	Yes struct{}
	// No is a vote against it.
	No struct{}
	// Prepare reports that all voted yes.
	Prepare struct{}
	// Ack reports that a site has prepared.
	Ack struct{}
	// Decide announces the decision, Committed or Aborted.
	Decide struct{ Stage Stage }
	// Inquire asks whether there is one.
	Inquire struct{}
	// Continue reminds a site to tell the next one of a stage.
	Continue struct{ Stage Stage }
	// Out is what all handlers command through.
	Out = actor.Out[Message]
)

func (Vote) commit()     {}
func (Yes) commit()      {}
func (No) commit()       {}
func (Prepare) commit()  {}
func (Ack) commit()      {}
func (Decide) commit()   {}
func (Inquire) commit()  {}
func (Continue) commit() {}

// State is the local state of a site.
type State struct {
	Stage Stage             // all that survives a crash
	Told  int               // sites that were told of the stage, in their order
	Asked bool              // it has asked the others, and may only wait for an answer
	Heard map[actor.ID]bool // sites that answered in this stage; nil if the site does not lead
}

// Site is the configuration of a site. Exactly one, the central site, leads from the start.
type Site struct {
	Others  []actor.ID // all other sites, in ascending order
	Central bool
	Backup  bool          // decides if the central site crashes
	Phases  int           // 2 or 3
	Wait    time.Duration // longer than messages take to go and return
}

// word is the value of a timer or a choice.
type word string

// The timer and the choices of a site.
const (
	silence word = "silence" // nobody was heard of for too long
	yes     word = "yes"
	no      word = "no"
)

func (w word) String() string { return string(w) }

// New returns an actor of the site.
func (s Site) New() actor.Typed[State, Message] {
	return actor.New[State, Message](s, actor.Timers(s.Timeout), actor.Choices(s.Chosen), actor.Durable(s.Keep, s.Recover))
}

// Start begins the transaction, or waits for it.
func (s Site) Start(self actor.ID, out *Out) State {
	if s.Central {
		return s.lead(self, Waiting, out)
	}
	s.wait(out)
	return State{}
}

// lead goes to a stage and tells all others.
func (s Site) lead(self actor.ID, stage Stage, out *Out) State {
	if stage.Decided() {
		out.CancelTimer(silence)
	} else {
		s.wait(out)
	}
	return s.tell(self, State{Stage: stage, Heard: map[actor.ID]bool{}}, out)
}

// tell returns the next site of the stage.
func (s Site) tell(self actor.ID, st State, out *Out) State {
	to := s.Others[st.Told]
	switch st.Stage {
	case Waiting:
		out.Send(to, Vote{})
	case Prepared:
		out.Send(to, Prepare{})
	case Committed, Aborted:
		out.Send(to, Decide{st.Stage})
	case Working: // There is nothing to tell.
	}
	st.Told++
	if st.Told < len(s.Others) {
		out.Send(self, Continue{st.Stage})
	}
	return st
}

func (s Site) wait(out *Out) { out.SetTimer(silence, s.Wait, 2*s.Wait) }

// Receive handles the messages of other sites, and reminders.
func (s Site) Receive(self actor.ID, st State, from actor.ID, msg Message, out *Out) State {
	switch m := msg.(type) {
	case Vote:
		switch st.Stage {
		case Working:
			out.Choose(yes, no)
		case Aborted:
			out.Send(from, No{})
		case Waiting, Prepared, Committed: // It has voted.
		}
	case Yes:
		return s.heard(self, st, Waiting, from, out)
	case No:
		if st.Heard != nil && st.Stage == Waiting {
			return s.lead(self, Aborted, out)
		}
	case Prepare:
		if st.Stage == Waiting {
			st.Stage, st.Asked = Prepared, false
			s.wait(out)
			out.Send(from, Ack{})
		}
	case Ack:
		return s.heard(self, st, Prepared, from, out)
	case Decide:
		if !st.Stage.Decided() {
			out.CancelTimer(silence)
			return State{Stage: m.Stage}
		}
	case Inquire:
		if st.Stage.Decided() {
			out.Send(from, Decide{st.Stage})
		}
	case Continue:
		if st.Heard != nil && st.Stage == m.Stage && st.Told < len(s.Others) {
			return s.tell(self, st, out)
		}
	}
	return st
}

// heard counts answers to what a leader told of a stage, and goes on when there are all.
func (s Site) heard(self actor.ID, st State, stage Stage, from actor.ID, out *Out) State {
	if st.Heard == nil || st.Stage != stage {
		return st
	}
	st.Heard[from] = true
	switch {
	case len(st.Heard) < len(s.Others):
		return st
	case stage == Waiting && s.Phases > 2:
		return s.lead(self, Prepared, out)
	}
	return s.lead(self, Committed, out)
}

// Chosen votes. Who votes no aborts at once.
func (s Site) Chosen(_ actor.ID, st State, vote actor.Option, out *Out) State {
	if st.Stage != Working {
		return st
	}
	if vote == no {
		out.CancelTimer(silence)
		out.Send(s.central(), No{})
		return State{Stage: Aborted}
	}
	s.wait(out)
	out.Send(s.central(), Yes{})
	return State{Stage: Waiting}
}

// central is the site that leads from the start: the one with the least id.
func (s Site) central() actor.ID { return s.Others[0] }

// Timeout decides what to do when another site must have crashed. Before its vote a site may abort. A leader, and with
// three phases the backup, aborts if it waits, since then nobody has committed, and commits if it has prepared, since
// then nobody has aborted. All others ask, once.
func (s Site) Timeout(self actor.ID, st State, _ actor.Timer, out *Out) State {
	decides := st.Heard != nil || s.Backup && s.Phases > 2
	switch {
	case st.Stage == Working && !decides:
		return State{Stage: Aborted}
	case !decides:
		out.Broadcast(s.Others, Inquire{})
		st.Asked = true
		return st
	case st.Stage == Prepared:
		return s.lead(self, Committed, out)
	}
	return s.lead(self, Aborted, out)
}

// Keep returns the stage.
func (Site) Keep(st State) Stage { return st.Stage }

// Recover informs all sites if the site is the central one and has decided. One that has not voted, and a central site
// that has not heard all votes, aborts. Any other asks.
func (s Site) Recover(self actor.ID, kept Stage, out *Out) State {
	switch {
	case s.Central && kept.Decided():
		return s.lead(self, kept, out)
	case s.Central && kept == Waiting:
		return s.lead(self, Aborted, out)
	case kept == Working:
		return State{Stage: Aborted}
	case !kept.Decided():
		out.Broadcast(s.Others, Inquire{})
		return State{Stage: kept, Asked: true}
	}
	return State{Stage: kept}
}
