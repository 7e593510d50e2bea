// Package record records what servers do as they do it: a line of JSON for every event, with all its effects, so that
// package replay can validate the run against the model. The wire format is not affected.
package record

import (
	"time"

	"synod/actor"
	"synod/spawn/machine"
	"synod/storage"
)

// Format names the version of the format, which docs/records.md describes. A change that an older reader would not
// understand gets a new number.
const Format = "synod.record/1"

// Header is the first line of a record, written before the first event of a server's process. The headers of a
// cluster's servers differ only in Server, Build and Wall.
type Header struct {
	Server    actor.ID
	Servers   []actor.ID        // the servers of the cluster, in ascending order
	Model     string            // the name in the catalogue
	Version   uint32            // the version of the format of its records
	Config    map[string]string // other settings of the servers, as the catalogue defines them; may be nil
	Durable   bool              // servers persist state; otherwise a restarted server starts empty
	Transport string            // udp or tcp
	Faults    bool              // messages may be lost, duplicated and reordered, whatever the transport
	Build     string            // the version of the program
	Wall      time.Time         // when it was written; replay uses it to order otherwise unordered events
}

// Line is one line of a record: a header, or an event of a server with the fields of its kind.
type Line struct {
	Server actor.ID
	Header *Header // if not nil, the line is a header, and only Server is set besides

	Step  uint64        // the number of the event in its process, from 1
	At    time.Duration // the server's monotonic time
	Wall  time.Time     // At as time of day, according to the clock at the first event
	Joins bool          // changes of preceding events were not yet saved: they are saved with its own, or not at all
	Event Event

	From     actor.ID // the sender of a message
	Data     []byte   // the message; nil if it was too large
	Size     int      // the size of a message too large to record, in bytes
	Timer    []byte   // the canonical encoding of the timer that fired
	Option   []byte   // the canonical encoding of the chosen option
	Records  []storage.Record
	Rejected string // why the message was rejected, as text of machine.Reason; else empty
	Reason   string // why the server stopped; empty if it stopped normally

	Save   []storage.Record
	Send   []machine.Message
	Arm    []Alarm
	Disarm [][]byte // timers
	Drawn  [][]byte // options, which become events of their own
	State  uint64   // the hash of the local state after the event
}

// Alarm is a timer that was set, and the time until it fires.
type Alarm struct {
	Timer []byte
	In    time.Duration
}

// Event is the kind of an event.
type Event uint8

// The kinds of events: those of package machine, and the end of a process that stops itself.
const (
	Start   = Event(machine.Start)
	Recover = Event(machine.Recover) // Records
	Receive = Event(machine.Receive) // From, and Data or Size; possibly Rejected
	Timeout = Event(machine.Timeout) // Timer
	Choose  = Event(machine.Choice)  // Option
	Stop    = Choose + 1             // Reason
	// Crash is in no line, since a killed process writes nothing. Package replay inserts it before the next header.
	Crash = Stop + 1
)

// words are the names of the kinds in lines, and that of Crash.
var words = [...]string{
	Start: "start", Recover: "recover", Receive: "receive", Timeout: "timeout", Choose: "choose", Stop: "stop", Crash: "crash",
}

// String returns the name used in lines.
func (e Event) String() string {
	if int(e) < len(words) && words[e] != "" {
		return words[e]
	}
	return "none"
}
