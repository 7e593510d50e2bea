// Package rsm is replicated state machines apart from how their commands come to be ordered: a deterministic machine,
// the commands that clients give it, and what makes every command take effect once, however often and in whatever
// order it arrives. Packages multipaxos and systembuilders order the commands.
//
// The idea is Schneider's, "Implementing Fault-Tolerant Services Using the State Machine Approach" (1990): replicas
// that start alike and execute the same commands in the same order stay alike. How repeats are told from new commands
// follows section 2 of van Renesse and Altinbuken, "Paxos Made Moderately Complex" (2015), where a command is a
// client, a number that the client gives it, and an operation.
package rsm

import (
	"encoding/json"
	"fmt"
	"strconv"

	"synod/actor"
)

type (
	// Slot is a place in the sequence of commands, counted from 1.
	Slot uint64
	// Client names a client.
	Client uint64
	// Local numbers the commands of one client. A client never uses a number twice; numbers may be skipped, and commands
	// may arrive in any order.
	Local uint64
	// ID names a command. Two commands with the same ID are the same command.
	ID struct {
		Client Client
		Local  Local
	}
)

// String is the slot in decimal.
func (s Slot) String() string { return strconv.FormatUint(uint64(s), 10) }

// String is client.local, in decimal.
func (id ID) String() string { return fmt.Sprintf("%d.%d", id.Client, id.Local) }

// Command is what a client asks the machine to do.
type Command[O any] struct {
	ID ID
	Op O // what to execute; not looked at if End is true
	// End ends the client's session instead of executing anything: commands of the client that come later in the
	// sequence are refused. It is a command, so that all replicas end the session at the same place.
	End bool
	// Floor promises that the client needs no answer to its commands below this number again, and sends none of them
	// for the first time. Answers are kept from there on only; 0 keeps all.
	Floor Local
}

// Batch is the commands of one slot, in their order; without any, the slot does nothing.
type Batch[O any] struct{ actor.List[Command[O]] }

// BatchOf returns the batch of some commands, which it copies.
func BatchOf[O any](commands ...Command[O]) Batch[O] { return Batch[O]{actor.ListOf(commands...)} }

// Same reports whether two batches are the same commands in the same order.
func (b Batch[O]) Same(other Batch[O]) bool {
	if b.Len() != other.Len() {
		return false
	}
	for i, c := range b.All() {
		if c.ID != other.At(i).ID {
			return false
		}
	}
	return true
}

// Holds reports whether a command is in the batch.
func (b Batch[O]) Holds(id ID) bool {
	for _, c := range b.All() {
		if c.ID == id {
			return true
		}
	}
	return false
}

// Machine is a deterministic state machine with local state S, operations O and results R. Operations must be plain
// values that hold no slices, maps or pointers; strings, actor.List and actor.Map are fine. Nobody changes what a
// result holds.
//
// A machine is a handler in the sense of package actor: it has no clock, no randomness and no I/O, does not depend on
// the order of a map, and is safe for concurrent use.
type Machine[S, O, R any] interface {
	// New returns the state before the first command.
	New() S
	// Execute executes one operation in a slot; a slot may have several. It owns the state, which it may change in place
	// and return. With ok false the client gets no answer.
	Execute(slot Slot, state S, op O) (next S, result R, ok bool)
	// Snapshot returns a state as bytes; equal states have equal bytes.
	Snapshot(state S) ([]byte, error)
	// Restore returns the state that Snapshot made the bytes of, or an error for other bytes.
	Restore(data []byte) (S, error)
}

// JSON implements Snapshot and Restore for a machine with state S by encoding/json: embed it. The exported fields of
// S, and what they hold, must be all there is to the state.
type JSON[S any] struct{}

// Snapshot returns the state as JSON. Maps are sorted by key, so that equal states have equal bytes.
func (JSON[S]) Snapshot(state S) ([]byte, error) { return json.Marshal(state) }

// Restore reads what Snapshot returned.
func (JSON[S]) Restore(data []byte) (state S, err error) {
	err = json.Unmarshal(data, &state)
	return state, err
}

// Status describes what became of a command.
type Status uint8

// What may have become of a command.
const (
	New      Status = iota // it was not executed
	Executed               // it was, and its answer is kept, if it has one
	Old                    // it was, or its client's floor is above it; its answer is not kept any more
	Refused                // it was not, and never will be: its client's session has ended
)

var statusNames = [...]string{"new", "executed", "old", "refused"}

// String is new, executed, old or refused.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "status " + strconv.Itoa(int(s))
}

// Answer is what a client is told about a command.
type Answer[R any] struct {
	ID     ID
	Status Status // Executed, Old or Refused
	Result R      // if it was executed and has a result; otherwise the zero value
}
