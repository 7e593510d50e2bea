// Package wire says how servers of Multi-Paxos run for real: the form of their messages on a network and of what they keep
// on disk, and what clients ask of the key-value store that they replicate.
package wire

import (
	"synod/paxos/rsm"
	"synod/spawn/jsonwire"
	"synod/spawn/replica"
)

// Version changes with the form of messages and of what is kept.
const Version = replica.Version

// Messages is the form of the messages of servers and clients of the store: JSON by their types. A client asks by
//
//	{"Request":{"command":{"id":{"client":0,"local":1},"op":{"kind":1,"key":"k","value":"v","old":""},"end":false,"floor":0}}}
//
// where the kind is 0 for get, 1 for put, 2 for delete and 3 for cas, and client 0 stands for who sends it.
var Messages = MessagesOf[rsm.StoreOp, rsm.StoreResult]()

// MessagesOf is replica.Messages for types that are known to have a form. It panics if they have none.
func MessagesOf[O, R any]() *jsonwire.Codec[rsm.Message] { return must(replica.Messages[O, R]()) }

// Records is the form of what a server of the store keeps.
var Records = RecordsOf[rsm.StoreOp]()

// RecordsOf is replica.NewRecords for operations that are known to have a form. It panics if they have none.
func RecordsOf[O any]() *replica.Records[O] { return must(replica.NewRecords[O]()) }

// SizeOf returns a function that returns how many bytes a command takes in a message, with a comma behind it: so many if it
// has no form, and would stop the server.
func SizeOf[O any](without int) func(rsm.Command[O]) int {
	form := must(jsonwire.NewForm[rsm.Command[O]]())
	return func(c rsm.Command[O]) int {
		data, err := form.Append(nil, c)
		if err != nil {
			return without
		}
		return len(data) + 1
	}
}

func must[F any](form F, err error) F {
	if err != nil {
		panic(err)
	}
	return form
}
