package rsm

import "maps"

// Session is the record of the commands of one client.
type Session[R any] struct {
	Done    Intervals[Local] // the executed commands, and all numbers below the floor
	Floor   Local            // the highest floor in its commands
	Answers map[Local]R      // answers to the executed commands from the floor on, if they have one; may be nil
}

// Replica is the state of one replica of a machine: the machine's own state S, and the sessions that make every
// command take effect once. It is a function of the sequence of executed commands. The zero value is not usable; see
// Start.
type Replica[S, R any] struct {
	State    S
	Sessions map[Client]Session[R] // may be nil
	Ended    Intervals[Client]     // clients whose session has ended
}

// Start returns the state of a replica that has executed nothing.
func Start[S, O, R any](m Machine[S, O, R]) Replica[S, R] { return Replica[S, R]{State: m.New()} }

// Status returns the status of a command, and the answer for its client. There is no answer if the command is New or
// Old, or was executed without a result.
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

// Execute executes a command in a slot, unless it was executed before or its client's session has ended. It returns
// the answer for its client, if there is one: for a repeated command, the first answer.
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

// raise removes the answers below a floor. Commands below it count as executed, since they are never executed again.
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
