package replay

import (
	"bytes"
	"fmt"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/record"
	"synod/storage"
)

// server is a server of the run, in its state after the events so far.
type server struct {
	*sequence
	header  *record.Header  // of its current or last process; nil before the first
	program *spawn.Program  // program of the server; nil before the first process
	machine spawn.Inspected // nil while it is down
	draws   draws
	kept    []storage.Record // contents of its disk
	at      time.Duration    // local time of its last event
	wall    time.Time        // wall clock of its last line
	steps   uint64           // steps of its process
	undone  bool             // its last event was undone
	unsaved bool             // the next event may join the last one
	summary Summary
}

// execute executes the event of a line and compares the effects.
func (s *server) execute(l *record.Line) (machine.Effects, *mismatch, error) {
	e, wrong := s.event(l)
	if wrong != nil {
		return machine.Effects{}, wrong, nil
	}
	s.draws.load(l)
	effects, err := s.machine.Step(e, l.At)
	if err != nil {
		return effects, &mismatch{"an event that the server can take", err.Error()}, nil
	}
	if wrong := compare(l, effects, l.At); wrong != nil {
		return effects, wrong, nil
	}
	if s.draws.problem != nil {
		return effects, s.draws.problem, nil
	}
	state, err := s.machine.StateHash()
	if err != nil {
		return effects, nil, err
	}
	if state != l.State {
		return effects, s.otherState(l, state), nil
	}
	return effects, nil, nil
}

// otherState reports a state that differs, possibly because the program does.
func (s *server) otherState(l *record.Line, state uint64) *mismatch {
	found := fmt.Sprintf("%016x", l.State)
	if text, err := s.machine.StateText(); err == nil {
		return &mismatch{fmt.Sprintf("the state %s with the hash %016x", text, state), "another one, with " + found}
	}
	return &mismatch{fmt.Sprintf("a state with the hash %016x", state), found}
}

// event returns the machine event of a line.
func (s *server) event(l *record.Line) (machine.Event, *mismatch) {
	e := machine.Event{Kind: machine.Kind(l.Event), From: l.From, Data: l.Data, Records: l.Records}
	switch l.Event {
	case record.Receive:
		if l.Size > 0 {
			e.Data = make([]byte, machine.MaxMessage+1)
		}
	case record.Timeout:
		for _, a := range s.machine.Alarms() {
			if !bytes.Equal(record.Encode(a.Timer), l.Timer) {
				continue
			}
			if a.At > l.At {
				return e, &mismatch{fmt.Sprintf("no timeout of %s before %v", show(l.Timer), a.At), fmt.Sprintf("one at %v", l.At)}
			}
			e.Timer = a.Timer
			return e, nil
		}
		return e, &mismatch{"the timeout of a timer that is set", "that of " + show(l.Timer) + ", which is not"}
	case record.Choose:
		next := "no choice"
		if pending := s.machine.Options(); len(pending) > 0 {
			next = "the choice of " + show(record.Encode(pending[0]))
		}
		if found := "the choice of " + show(l.Option); found != next {
			return e, &mismatch{next, found}
		}
		e, _ = s.machine.Next(l.At)
	case record.Start, record.Recover, record.Stop, record.Crash:
	}
	return e, nil
}

// begin verifies that a process begins correctly, with the records that were saved.
func (s *server) begin(l *record.Line) *mismatch {
	switch {
	case s.steps == 0 && l.Event != record.Start && l.Event != record.Recover:
		return &mismatch{"a start or a recovery first", "the event " + l.Event.String()}
	case s.steps > 0 && (l.Event == record.Start || l.Event == record.Recover):
		return &mismatch{"such an event only at the start of a process", "the event " + l.Event.String()}
	case l.Event == record.Start && len(s.kept) > 0:
		return &mismatch{"a recovery of what was saved: " + showRecords(s.kept), "a start"}
	case l.Event != record.Recover:
		return nil
	case !s.machine.Durable():
		return &mismatch{"a start, as nothing is kept", "a recovery"}
	case s.summary.Events == 0:
		// Events before the start of the record are unknown.
		s.kept, s.summary.Recovered = l.Records, true
		return nil
	case !sameRecords(s.kept, l.Records):
		return &mismatch{"what was saved: " + showRecords(s.kept), showRecords(l.Records)}
	}
	return nil
}

// keep updates the contents of the disk after an event.
func (s *server) keep(changes []storage.Record) { s.kept = storage.Apply(s.kept, changes) }

// Summary summarizes the record of a server.
type Summary struct {
	Server    actor.ID
	Processes int  // number of processes
	Events    int  // events executed by a machine
	Crashes   int  // processes that were killed and restarted
	Torn      int  // unfinished lines
	Undone    int  // events not saved when their process ended
	Recovered bool // the record begins with a recovery, whose records were accepted unchecked
	Up        bool // it had not stopped when the record ended
}
