package rsm

import (
	"fmt"
	"strings"

	"synod/actor"
)

// Reconfigurer is an optional interface of a Machine with reconfiguration operations, which name the servers that
// replicate it from some slot on: isreconfig(op) in section 2.1 of "Paxos Made Moderately Complex". The machine
// itself executes them like other operations.
type Reconfigurer[O any] interface {
	// Members returns the distinct servers that an operation names, in ascending order, and whether it names any.
	Members(op O) (members actor.List[actor.ID], ok bool)
}

// Change is an operation of a machine, or a list of the servers that are to replicate it.
type Change[O any] struct {
	Members actor.List[actor.ID] // distinct and ascending; empty for an operation
	Op      O                    // the zero value if there are members
}

// String returns "members 0, 1", or the operation.
func (c Change[O]) String() string {
	if c.Members.Len() == 0 {
		return fmt.Sprint(c.Op)
	}
	names := make([]string, c.Members.Len())
	for i, id := range c.Members.All() {
		names[i] = id.String()
	}
	return "members " + strings.Join(names, ", ")
}

// Changing adds reconfiguration operations to a machine. They do not change the machine, and have the zero result.
type Changing[S, O, R any] struct{ Of Machine[S, O, R] }

// New returns the state before the first command.
func (c Changing[S, O, R]) New() S { return c.Of.New() }

// Execute executes an operation of the machine. A reconfiguration changes nothing.
func (c Changing[S, O, R]) Execute(slot Slot, state S, op Change[O]) (next S, result R, ok bool) {
	if op.Members.Len() > 0 {
		return state, result, true
	}
	return c.Of.Execute(slot, state, op.Op)
}

// Reads implements Reader, if the machine does.
func (c Changing[S, O, R]) Reads(op Change[O]) bool {
	m, ok := c.Of.(Reader[O])
	return ok && op.Members.Len() == 0 && m.Reads(op.Op)
}

// Snapshot returns the state as bytes.
func (c Changing[S, O, R]) Snapshot(state S) ([]byte, error) { return c.Of.Snapshot(state) }

// Restore returns the state for bytes from Snapshot.
func (c Changing[S, O, R]) Restore(data []byte) (S, error) { return c.Of.Restore(data) }

// Members implements Reconfigurer.
func (Changing[S, O, R]) Members(op Change[O]) (actor.List[actor.ID], bool) {
	return op.Members, op.Members.Len() > 0
}
