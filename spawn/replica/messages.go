package replica

import (
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn/jsonwire"
)

// Version is the version of the encodings of messages and records.
const Version = 4

// Messages returns the form of messages of servers of a machine with operations O and results R: JSON by their types. A
// client asks by
//
//	{"Request":{"command":{"id":{"client":0,"local":1},"op":…,"end":false,"floor":0}}}
//
// where client 0 means the sender. Unions list the types of interfaces in operations and results.
func Messages[O, R any](unions ...jsonwire.Union) (*jsonwire.Codec[rsm.Message], error) {
	return jsonwire.New(
		[]rsm.Message{rsm.Request[O]{}}, []rsm.Message{rsm.Reply[R]{}, rsm.Internal[multipaxos.Message]{}},
		append(unions, jsonwire.UnionOf[multipaxos.Message](
			multipaxos.P1a{}, multipaxos.P1b[O]{}, multipaxos.P2a[O]{}, multipaxos.P2b{},
			multipaxos.Propose[O]{}, multipaxos.Decision[O]{}, multipaxos.Ping{}, multipaxos.Learn{},
			multipaxos.Forward[O]{}, multipaxos.Chunk{}, multipaxos.Fetch{},
			multipaxos.ReadIndex{}, multipaxos.ReadAt{}, multipaxos.Confirm{}, multipaxos.Confirmed{},
		))...,
	)
}
