// Package record writes down what servers do, as they do it: a line of JSON for every event, with all that the server
// made of it, so that package replay can hold the run against the model. The wire is left as it is.
package record

import (
	"time"

	"synod/actor"
	"synod/spawn/machine"
	"synod/storage"
)

// Format names the form of the lines; docs/records.md describes it. A change that an older reader would not understand
// gets another number.
const Format = "synod.record/1"

// Header is the first line of a record, before the first event of a server's process. All servers of a
// cluster have the same one, but for Server, Build and Wall.
type Header struct {
	Server    actor.ID
	Servers   []actor.ID        // of the cluster, in ascending order
	Model     string            // as the catalogue calls it
	Version   uint32            // of the form of its records
	Config    map[string]string // what else its servers depend on, as the catalogue understands it; nil for nothing
	Durable   bool              // servers keep what they have to; else they forget everything when they stop
	Transport string            // udp or tcp
	Faults    bool              // messages may get lost, be repeated and overtake one another, whatever the transport is
	Build     string            // of the program, for people
	Wall      time.Time         // when it was written; replay orders by it what nothing else orders
}

// Line is one line of a record: a header, or an event of a server. Of an event the fields count that its kind has.
type Line struct {
	Server actor.ID
	Header *Header // not nil: a header, and no other field counts but Server

	Step  uint64        // the events of a process, from 1
	At    time.Duration // the server's own time, which never goes back
	Wall  time.Time     // the same in time of day: what the clock would say had nobody set it since the first event
	Joins bool          // the changes of events right before it were not saved yet: they are saved with its own, or none of them
	Event Event

	From     actor.ID // of a message
	Data     []byte   // of a message; nil if it was too large
	Size     int      // of a message that was too large to be written down, in bytes
	Timer    []byte   // the canonical encoding of the timer that fired
	Option   []byte   // the canonical encoding of the option that was chosen
	Records  []storage.Record
	Rejected string // why the message was refused, as machine.Reason says it; empty if it was not
	Reason   string // why the server stopped; empty if it did so in order

	Save   []storage.Record
	Send   []machine.Message
	Arm    []Alarm
	Disarm [][]byte // timers
	Drawn  [][]byte // options, which come as events of their own
	State  uint64   // the hash of the local state after the event
}

// Alarm is a timer that was set, and after how long it is due.
type Alarm struct {
	Timer []byte
	In    time.Duration
}

// Event is a kind of events.
type Event uint8

// The kinds of events: those of package machine, and the end of a process that does not just break off.
const (
	Start   = Event(machine.Start)
	Recover = Event(machine.Recover) // Records
	Receive = Event(machine.Receive) // From, and Data or Size; perhaps Rejected
	Timeout = Event(machine.Timeout) // Timer
	Choose  = Event(machine.Choice)  // Option
	Stop    = Choose + 1             // Reason
	// Crash is in no line: who is killed writes nothing. Package replay puts it before the header that follows.
	Crash = Stop + 1
)

// words are the kinds in lines, and crash.
var words = [...]string{
	Start: "start", Recover: "recover", Receive: "receive", Timeout: "timeout", Choose: "choose", Stop: "stop", Crash: "crash",
}

// String is the word for it in lines.
func (e Event) String() string {
	if int(e) < len(words) && words[e] != "" {
		return words[e]
	}
	return "none"
}
