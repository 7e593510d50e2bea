// Package wire is the form of the register that is not replicated on a network. Its servers send one another nothing.
package wire

import (
	registers "synod/examples/registers/wire"
	"synod/examples/singlecopy"
	"synod/internal/strictjson"
)

// Messages is the form of the servers' messages.
var Messages = registers.Codec[singlecopy.Message]{Internal: internal{}}

type internal struct{}

// Append appends the one internal message, which nobody sends.
func (internal) Append(dst []byte, _ singlecopy.Message) []byte { return append(dst, "null"...) }

// Read reads the one internal message.
func (internal) Read(r *strictjson.Reader) singlecopy.Message {
	if !r.Null() {
		r.Fail("null")
	}
	return singlecopy.Message{}
}
