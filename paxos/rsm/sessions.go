package rsm

import "maps"

// Session is what is kept about the commands of one client.
type Session[R any] struct {
	Done    Intervals[Local] // the commands that were executed, and all below the client's floor
	Floor   Local            // the highest floor of its commands
	Answers map[Local]R      // to those of them from the floor on that have an answer; nil for none
}

// Replica is the state of one replica of a machine: the machine's own state S, and what makes every command take effect
// once. It is a function of the sequence of commands that were executed. The zero value is not usable; see Start.
type Replica[S, R any] struct {
	State    S
	Sessions map[Client]Session[R] // nil for none
	Ended    Intervals[Client]     // clients whose session has ended
}

// Start returns the state of a replica that has executed nothing.
func Start[S, O, R any](m Machine[S, O, R]) Replica[S, R] { return Replica[S, R]{State: m.New()} }

// Status returns what became of a command, and the answer to give its client. There is an answer unless the command is
// New, or was executed without a result, or is Old.
func (r *Replica[S, R]) Status(id ID) (Status, Answer[R], bool) {
	answer := Answer[R]{ID: id, Status: r.status(id)}
	switch answer.Status {
	case Executed:
		result, ok := r.Sessions[id.Client].Answers[id.Local]
		answer.Result = result
		return Executed, answer, ok
	case Refused:
		return Refused, answer, true
	case New, Old:
	}
	return answer.Status, answer, false
}

func (r *Replica[S, R]) status(id ID) Status {
	s, open := r.Sessions[id.Client]
	switch {
	case r.Ended.Has(id.Client):
		return Refused
	case !open || !s.Done.Has(id.Local):
		return New
	case id.Local < s.Floor:
		return Old
	}
	return Executed
}

// Execute executes a command in a slot, unless it was executed before or its client's session has ended, and returns
// what its client is to be told, if it is told anything: the first answer for a repeat.
func Execute[S, O, R any](m Machine[S, O, R], slot Slot, r *Replica[S, R], c Command[O]) (Answer[R], bool) {
	if status, answer, ok := r.Status(c.ID); status != New {
		return answer, ok
	}
	if c.End {
		delete(r.Sessions, c.ID.Client)
		if len(r.Sessions) == 0 {
			r.Sessions = nil
		}
		r.Ended = r.Ended.Add(c.ID.Client)
		return Answer[R]{ID: c.ID, Status: Executed}, true
	}
	state, result, answered := m.Execute(slot, r.State, c.Op)
	r.State = state
	s := r.Sessions[c.ID.Client]
	s.Done = s.Done.Add(c.ID.Local)
	if answered {
		if s.Answers == nil {
			s.Answers = map[Local]R{}
		}
		s.Answers[c.ID.Local] = result
	}
	s.raise(c.Floor)
	if r.Sessions == nil {
		r.Sessions = map[Client]Session[R]{}
	}
	r.Sessions[c.ID.Client] = s
	return Answer[R]{ID: c.ID, Status: Executed, Result: result}, answered
}

// raise forgets the answers below a floor. What is below it counts as executed, as it is never executed any more.
func (s *Session[R]) raise(floor Local) {
	if floor <= s.Floor {
		return
	}
	s.Floor = floor
	s.Done = s.Done.AddAll(Interval[Local]{0, floor - 1})
	maps.DeleteFunc(s.Answers, func(l Local, _ R) bool { return l < floor })
	if len(s.Answers) == 0 {
		s.Answers = nil
	}
}
