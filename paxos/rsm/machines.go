package rsm

import (
	"fmt"
	"strconv"
)

// MaxText is the maximum length in bytes of a key, a value or an entry: 1 MiB. Programs that read commands from
// clients must reject longer ones; machines do not check.
const MaxText = 1 << 20

// Register is a machine with one value, initially the zero value, that is read and written as a whole, like a
// register in package register.
type Register[V comparable] struct{ JSON[V] }

// RegisterOp is a write or a read.
type RegisterOp[V any] struct {
	Write bool
	Value V // the zero value for a read
}

// String returns "read" or "write A".
func (o RegisterOp[V]) String() string {
	if o.Write {
		return fmt.Sprintf("write %v", o.Value)
	}
	return "read"
}

// New returns the zero value.
func (Register[V]) New() (none V) { return none }

// Execute executes a write or a read; the result is the value afterwards.
func (Register[V]) Execute(_ Slot, held V, op RegisterOp[V]) (next, result V, ok bool) {
	if op.Write {
		held = op.Value
	}
	return held, held, true
}

// Reads implements Reader.
func (Register[V]) Reads(op RegisterOp[V]) bool { return !op.Write }

// Log is a machine that appends entries and reads all of them: the state of a chatroom. An append has no answer, as
// in the published program, unless Acknowledge is set.
type Log struct{ Acknowledge bool }

// LogOp is an append or a read.
type LogOp struct {
	Append bool
	Entry  string // the empty string for a read
}

// String returns "read" or "append A".
func (o LogOp) String() string {
	if o.Append {
		return "append " + strconv.Quote(o.Entry)
	}
	return "read"
}

// LogResult is the result: the entries in order for a read, and their new number for an append. It shares no memory
// with the state.
type LogResult struct {
	Length  int
	Entries []string // nil for an append
}

// New returns the empty log.
func (Log) New() []string { return nil }

// Execute appends or reads.
func (l Log) Execute(_ Slot, held []string, op LogOp) ([]string, LogResult, bool) {
	if op.Append {
		held = append(held, op.Entry)
		return held, LogResult{Length: len(held)}, l.Acknowledge
	}
	return held, LogResult{len(held), append([]string(nil), held...)}, true
}

// Reads implements Reader.
func (Log) Reads(op LogOp) bool { return !op.Append }

// Store is a machine that maps keys to values.
type Store struct{}

// StoreKind is the kind of a [StoreOp].
type StoreKind uint8

// The operations of a store.
const (
	Get StoreKind = iota
	Put
	Delete
	Swap // compare-and-swap: sets the key to Value if its value is Old
	// SetMembers names in Value the servers that replicate the store from some slot on. Store executes it as a read: a
	// machine around it that is a Reconfigurer gives it its meaning.
	SetMembers
)

var storeKinds = [...]string{"get", "put", "delete", "cas", "members"}

// String returns get, put, delete, cas or members.
func (k StoreKind) String() string {
	if int(k) < len(storeKinds) {
		return storeKinds[k]
	}
	return "operation " + strconv.Itoa(int(k))
}

// StoreOp is an operation of a store.
type StoreOp struct {
	Kind  StoreKind
	Key   string
	Value string // for Put, Swap and SetMembers; otherwise the empty string
	Old   string // for Swap; otherwise the empty string
}

// String returns "get k", "put k v", "delete k", "cas k old new" or "members v".
func (o StoreOp) String() string {
	switch o.Kind {
	case Put:
		return fmt.Sprintf("put %s %s", o.Key, o.Value)
	case Swap:
		return fmt.Sprintf("cas %s %s %s", o.Key, o.Old, o.Value)
	case SetMembers:
		return fmt.Sprintf("%v %s", o.Kind, o.Value)
	case Get, Delete:
	}
	return fmt.Sprintf("%v %s", o.Kind, o.Key)
}

// StoreResult is the result of a [StoreOp].
type StoreResult struct {
	Found bool   // the key existed before
	Value string // value before a Get, Delete or Swap; the empty string for a Put and if the key did not exist
	Done  bool   // a Swap or SetMembers was executed; otherwise false
}

// New returns the empty store.
func (Store) New() map[string]string { return nil }

// Execute reads or changes one key. An operation of unknown kind is a read.
func (Store) Execute(_ Slot, held map[string]string, op StoreOp) (map[string]string, StoreResult, bool) {
	value, found := held[op.Key]
	result := StoreResult{Found: found, Value: value}
	switch {
	case op.Kind == Put:
		held, result.Value = set(held, op.Key, op.Value), ""
	case op.Kind == Swap && found && value == op.Old:
		held, result.Done = set(held, op.Key, op.Value), true
	case op.Kind == Delete && found:
		if delete(held, op.Key); len(held) == 0 {
			held = nil
		}
	}
	return held, result, true
}

// Reads implements Reader.
func (Store) Reads(op StoreOp) bool { return op.Kind == Get }

func set(held map[string]string, key, value string) map[string]string {
	if held == nil {
		held = map[string]string{}
	}
	held[key] = value
	return held
}
