package wire

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"synod/paxos/rsm"
	"synod/spawn/service"
)

// Store is what clients ask of the key-value store.
var Store = service.Must(service.Config[string, rsm.StoreOp, rsm.StoreResult, rsm.Message]{
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
			Name: "cas", Doc: "Store a value under a key if it has another one", Arguments: []string{"KEY", "OLD", "NEW"},
			Parse: func(args []string) (rsm.StoreOp, error) {
				return checked(rsm.StoreOp{Kind: rsm.Swap, Key: args[0], Old: args[1], Value: args[2]})
			},
			Draw: func(d service.Draw) rsm.StoreOp {
				return rsm.StoreOp{Kind: rsm.Swap, Key: key(d), Old: string('A' + rune(d.Random%26)), Value: string(d.Value)}
			},
		},
	},
	Wire: Messages,
	Request: func(number uint64, op rsm.StoreOp) rsm.Message {
		// A client asks for one thing at a time, and for nothing again once it has gone on.
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
	Key: func(op rsm.StoreOp) string { return op.Key },
})

// mostBytes leaves room in a datagram for what else a message of several commands has to say.
const mostBytes = 4 << 10

func checked(op rsm.StoreOp) (rsm.StoreOp, error) {
	if n := len(op.Key) + len(op.Value) + len(op.Old); n > mostBytes {
		return op, fmt.Errorf("%d bytes of keys and values: at most %d are served", n, mostBytes)
	}
	if !utf8.ValidString(op.Key) || !utf8.ValidString(op.Value) || !utf8.ValidString(op.Old) {
		return op, errors.New("keys and values must be UTF-8")
	}
	return op, nil
}

// key is one of a few, so that clients meet.
func key(d service.Draw) string { return string('a' + rune(d.Random>>32%4)) }
