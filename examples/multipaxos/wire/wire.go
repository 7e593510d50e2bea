// Package wire defines how servers of Multi-Paxos communicate and store data: the encoding of messages and of durable
// state, and the client interface of the replicated key-value store.
package wire

import (
	"synod/paxos/rsm"
	"synod/spawn/jsonwire"
	"synod/spawn/replica"
)

// Version is the version of the encoding of messages and durable state.
const Version = replica.Version

// Messages is the encoding of messages between servers and clients of the store, as JSON objects keyed by their type.
// A client sends
//
//	{"Request":{"command":{"id":{"client":0,"local":1},"op":{"kind":1,"key":"k","value":"v","old":""},"end":false,"floor":0}}}
//
// where the kind is 0 for get, 1 for put, 2 for delete and 3 for cas, and client 0 stands for the sender.
var Messages = MessagesOf[rsm.StoreOp, rsm.StoreResult]()

// MessagesOf is replica.Messages for types known to be encodable. It panics if they are not.
func MessagesOf[O, R any]() *jsonwire.Codec[rsm.Message] { return must(replica.Messages[O, R]()) }

// Records is the encoding of the durable state of a server of the store.
var Records = RecordsOf[rsm.StoreOp]()

// RecordsOf is replica.NewRecords for operations known to be encodable. It panics if they are not.
func RecordsOf[O any]() *replica.Records[O] { return must(replica.NewRecords[O]()) }

// SizeOf returns a function that returns the number of bytes that a command takes in a message, including a comma
// after it. It returns without for a command that cannot be encoded, which would stop the server.
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
