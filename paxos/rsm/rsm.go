// Package rsm implements replicated state machines, apart from the ordering of their commands: a deterministic
// machine, the commands of its clients, and the bookkeeping that makes every command take effect once, no matter how
// often and in which order it arrives. Packages multipaxos and systembuilders order the commands.
//
// The idea is from Schneider, "Implementing Fault-Tolerant Services Using the State Machine Approach" (1990):
// replicas that start in the same state and execute the same commands in the same order stay in the same state.
// Repeated commands are detected as in section 2 of van Renesse and Altinbuken, "Paxos Made Moderately Complex"
// (2015), where a command is a client, a number chosen by the client, and an operation.
package rsm

import (
	"encoding/json"
	"fmt"
	"strconv"

	"synod/actor"
)

type (
	// Slot is a position in the sequence of commands, counted from 1.
	Slot uint64
	// Client identifies a client.
	Client uint64
	// Local numbers the commands of one client. A client never uses a number twice; numbers may be skipped, and commands
	// may arrive in any order.
	Local uint64
	// ID identifies a command. Two commands with the same ID are the same command.
	ID struct {
		Client Client
		Local  Local
	}
)

// String returns the slot in decimal.
func (s Slot) String() string { return strconv.FormatUint(uint64(s), 10) }

// String returns client.local, in decimal.
func (id ID) String() string { return fmt.Sprintf("%d.%d", id.Client, id.Local) }

// Command is a command of a client to the machine.
type Command[O any] struct {
	ID ID
	Op O // what to execute; ignored if End is true
	// End ends the client's session instead of executing an operation: later commands of the client in the sequence are
	// refused. It is a command so that all replicas end the session at the same position.
	End bool
	// Floor is a promise that the client no longer needs answers to its commands below this number, and sends none of
	// them for the first time. Answers are kept only from Floor on; 0 keeps all.
	Floor Local
}

// Batch is the commands of one slot, in order; an empty batch does nothing.
type Batch[O any] struct{ actor.List[Command[O]] }

// BatchOf returns a batch with a copy of the commands.
func BatchOf[O any](commands ...Command[O]) Batch[O] { return Batch[O]{actor.ListOf(commands...)} }

// Same reports whether two batches have the same commands in the same order.
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

// Holds reports whether the batch contains a command.
func (b Batch[O]) Holds(id ID) bool {
	for _, c := range b.All() {
		if c.ID == id {
			return true
		}
	}
	return false
}

// Machine is a deterministic state machine with local state S, operations O and results R. Operations must be plain
// values without slices, maps or pointers; strings, actor.List and actor.Map are fine. Memory that a result refers to
// is never changed.
//
// A machine is a handler in the sense of package actor: it has no clock, no randomness and no I/O, does not depend on
// the order of a map, and is safe for concurrent use.
type Machine[S, O, R any] interface {
	// New returns the state before the first command.
	New() S
	// Execute executes one operation in a slot; a slot may have several. It owns the state, which it may change in place
	// and return. If ok is false, the client gets no answer.
	Execute(slot Slot, state S, op O) (next S, result R, ok bool)
	// Snapshot returns a state as bytes; equal states have equal bytes.
	Snapshot(state S) ([]byte, error)
	// Restore returns the state for bytes from Snapshot, or an error for other bytes.
	Restore(data []byte) (S, error)
}

// Reader is an optional interface of a Machine some of whose operations change nothing: a server that knows that its
// state is recent may answer them without a slot. They are then not part of their client's session.
type Reader[O any] interface {
	// Reads reports whether an operation never changes the state.
	Reads(op O) bool
}

// JSON implements Snapshot and Restore for a machine with state S by encoding/json, and is meant to be embedded. The
// exported fields of S, and of the values in it, must be the whole state.
type JSON[S any] struct{}

// Snapshot returns the state as JSON. Maps are sorted by key, so that equal states have equal bytes.
func (JSON[S]) Snapshot(state S) ([]byte, error) { return json.Marshal(state) }

// Restore decodes bytes from Snapshot.
func (JSON[S]) Restore(data []byte) (state S, err error) {
	err = json.Unmarshal(data, &state)
	return state, err
}

// Status is the status of a command.
type Status uint8

// The statuses of a command.
const (
	New      Status = iota // not executed
	Executed               // executed; its answer, if any, is kept
	Old                    // executed, or below its client's floor; its answer is no longer kept
	Refused                // never executed: its client's session has ended
)

var statusNames = [...]string{"new", "executed", "old", "refused"}

// String returns new, executed, old or refused.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "status " + strconv.Itoa(int(s))
}

// Answer is the answer to a command, for its client.
type Answer[R any] struct {
	ID     ID
	Status Status // Executed, Old or Refused
	Result R      // the result, if executed with a result; otherwise the zero value
}
