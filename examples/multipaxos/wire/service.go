package wire

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"synod/consistency/oplog"
	"synod/paxos/rsm"
	"synod/spawn/machine"
	"synod/spawn/service"
)

// Store is the client interface of the Multi-Paxos key-value store, including the operation that changes its servers.
var Store = func() service.Service {
	config := store
	config.Wire, config.Operations = Messages, append(slices.Clip(store.Operations), setMembers)
	return service.Must(config)
}()

// StoreBy returns the client interface of the key-value store for servers of any protocol, with the given message
// encoding.
func StoreBy(form machine.Wire[rsm.Message]) service.Service {
	config := store
	config.Wire = form
	return service.Must(config)
}

// store is the part of Store that does not depend on the message encoding.
var store = service.Config[string, rsm.StoreOp, rsm.StoreResult, rsm.Message]{
	Object: rsm.Spec("key-value store", rsm.Machine[map[string]string, rsm.StoreOp, rsm.StoreResult](rsm.Store{})),
	Operations: []service.Operation[rsm.StoreOp]{
		{
			Name: "put", Doc: "Store a value under a key", Arguments: []string{"KEY", "VALUE"},
			Parse: func(args []string) (rsm.StoreOp, error) {
				return checked(rsm.StoreOp{Kind: rsm.Put, Key: args[0], Value: args[1]})
			},
			Draw: func(d service.Draw) rsm.StoreOp {
				return rsm.StoreOp{Kind: rsm.Put, Key: key(d), Value: string(d.Value)}
			},
		},
		{
			Name: "get", Doc: "Print the value of a key", Arguments: []string{"KEY"}, Reads: true,
			Parse: func(args []string) (rsm.StoreOp, error) { return checked(rsm.StoreOp{Kind: rsm.Get, Key: args[0]}) },
			Draw:  func(d service.Draw) rsm.StoreOp { return rsm.StoreOp{Kind: rsm.Get, Key: key(d)} },
		},
		{
			Name: "delete", Doc: "Remove a key", Arguments: []string{"KEY"},
			Parse: func(args []string) (rsm.StoreOp, error) { return checked(rsm.StoreOp{Kind: rsm.Delete, Key: args[0]}) },
			Draw:  func(d service.Draw) rsm.StoreOp { return rsm.StoreOp{Kind: rsm.Delete, Key: key(d)} },
		},
		{
			Name: "cas", Doc: "Store a value under a key if the key has a given value", Arguments: []string{"KEY", "OLD", "NEW"},
			Parse: func(args []string) (rsm.StoreOp, error) {
				return checked(rsm.StoreOp{Kind: rsm.Swap, Key: args[0], Old: args[1], Value: args[2]})
			},
			Draw: func(d service.Draw) rsm.StoreOp {
				return rsm.StoreOp{Kind: rsm.Swap, Key: key(d), Old: string('A' + rune(d.Random%26)), Value: string(d.Value)}
			},
		},
	},
	Request: func(number uint64, op rsm.StoreOp) rsm.Message {
		// A client has one request at a time, and never repeats one after starting the next.
		local := rsm.Local(number)
		return rsm.Request[rsm.StoreOp]{Command: rsm.Command[rsm.StoreOp]{ID: rsm.ID{Local: local}, Op: op, Floor: local}}
	},
	Answer: func(m rsm.Message) (uint64, rsm.StoreResult, bool) {
		r, ok := m.(rsm.Reply[rsm.StoreResult])
		return uint64(r.Answer.ID.Local), r.Answer.Result, ok && r.Answer.Status == rsm.Executed
	},
	Print: func(server string, op rsm.StoreOp, out rsm.StoreResult) string {
		switch {
		case op.Kind == rsm.Put:
			return server + " has stored it."
		case op.Kind == rsm.SetMembers && out.Done:
			return fmt.Sprintf("%s are to vote.", op.Value)
		case op.Kind == rsm.SetMembers:
			return "not changed: all servers vote, or there are no such servers"
		case op.Kind == rsm.Swap && out.Done:
			return server + " has stored it instead."
		case op.Kind == rsm.Swap && out.Found:
			return fmt.Sprintf("not stored: the value is %s", out.Value)
		case !out.Found:
			return "none"
		case op.Kind == rsm.Delete:
			return fmt.Sprintf("%s has removed %s.", server, out.Value)
		}
		return out.Value
	},
	Key:     func(op rsm.StoreOp) string { return op.Key },
	History: history{},
}

// history encodes operations in histories of a key-value store. It omits two parts of answers: whether a put found a
// value, and the value found by a failed cas. With them, an operation of unknown outcome could affect any other, and
// the cost of checks would be exponential in their number.
type history struct{}

// Spec returns the specification of the object.
func (history) Spec() oplog.Spec { return oplog.KV }

// Invoked returns the history event of an invocation.
func (history) Invoked(_ int, op rsm.StoreOp) oplog.Event {
	e := oplog.Event{Op: oplog.Read, Key: oplog.Text(op.Key)}
	switch op.Kind {
	case rsm.Put:
		e.Op, e.Value = oplog.Write, oplog.Text(op.Value)
	case rsm.Delete:
		e.Op = oplog.Delete
	case rsm.Swap:
		e.Op, e.Old, e.Value = oplog.Cas, oplog.Text(op.Old), oplog.Text(op.Value)
	case rsm.Get, rsm.SetMembers: // SetMembers never occurs in a history.
	}
	return e
}

// Told returns the history event of an answer.
func (h history) Told(i int, op rsm.StoreOp, out rsm.StoreResult) oplog.Event {
	e := h.Invoked(i, op)
	e.Old = oplog.None
	switch {
	case op.Kind == rsm.SetMembers:
		e.Refused = !out.Done
		return e
	case op.Kind == rsm.Put:
		return e
	case op.Kind == rsm.Swap:
		e.Value = oplog.Truth(out.Done)
	case out.Found:
		e.Value = oplog.Text(out.Value)
	default:
		e.Value = oplog.None
	}
	e.Told = true
	return e
}

// Limits on messages in flight. Except for Window they ensure that every message fits in a datagram; the largest one
// is an acceptor's answer to a scout, with its votes. A larger Window reduces waiting only for few clients, while
// many clients would share fewer slots, which costs messages.
const (
	Window    = 8      // slots
	SlotBytes = 3_800  // bytes of the commands of a slot, in JSON
	Part      = 32     // slots in one answer to a scout
	PartBytes = 11_400 // bytes of the commands in it
	Chunk     = 7_000  // bytes of a snapshot in one message; each may take two bytes in JSON
)

// Limits on executed slots that are kept.
const (
	Collect      = 1 << 10 // slots after which a replica makes a snapshot
	Retain       = 1 << 8  // maximum number of slots kept below it
	CollectBytes = 4 << 20 // bytes of the commands after which a snapshot is made, and of those kept
)

// Size returns the number of bytes that a command of the store takes in a message, including a comma after it.
var Size = SizeOf[rsm.StoreOp](SlotBytes + 1)

// longest is a command whose numbers have the maximum length.
var longest = rsm.Command[rsm.StoreOp]{
	ID: rsm.ID{Client: math.MaxUint64, Local: math.MaxUint64}, Floor: math.MaxUint64,
}

func checked(op rsm.StoreOp) (rsm.StoreOp, error) {
	command := longest
	command.Op = op
	if !utf8.ValidString(op.Key) || !utf8.ValidString(op.Value) || !utf8.ValidString(op.Old) {
		return op, errors.New("keys and values must be UTF-8")
	}
	if n := Size(command); n > SlotBytes {
		return op, fmt.Errorf("%d bytes in JSON: must be at most %d, with all keys and values", n, SlotBytes)
	}
	return op, nil
}

// key returns one of four keys, so that clients contend for them.
func key(d service.Draw) string { return string('a' + rune(d.Random>>32%4)) }
