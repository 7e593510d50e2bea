// Package wire is the form of the register of Attiya, Bar-Noy and Dolev on a network, that of Stateright's
// linearizable-register example.
package wire

import (
	"synod/examples/abd"
	registers "synod/examples/registers/wire"
	"synod/internal/strictjson"
	"synod/register"
)

// Messages is the form of the servers' messages.
var Messages = registers.Codec[abd.Message]{Internal: internal{}}

type internal struct{}

// Append appends a message: {"Query":1}, {"AckQuery":[1,[2,139637976796088],"X"]}, {"Record":[1,[2,139637976796088],"X"]}
// or {"AckRecord":1}.
func (internal) Append(dst []byte, m abd.Message) []byte {
	switch m := m.(type) {
	case abd.Query:
		dst = registers.AppendUint(append(dst, `{"Query":`...), m.Request)
	case abd.AckQuery:
		dst = appendCopy(append(dst, `{"AckQuery":[`...), m.Request, m.Copy)
	case abd.Record:
		dst = appendCopy(append(dst, `{"Record":[`...), m.Request, m.Copy)
	case abd.AckRecord:
		dst = registers.AppendUint(append(dst, `{"AckRecord":`...), m.Request)
	}
	return append(dst, '}')
}

func appendCopy(dst []byte, r register.Request, c abd.Copy) []byte {
	dst = append(registers.AppendUint(dst, r), ',')
	dst = append(registers.AppendPair(dst, c.Sequence.Number, c.Sequence.Writer), ',')
	return append(strictjson.AppendChar(dst, rune(c.Value)), ']')
}

// Read reads a message.
func (internal) Read(r *strictjson.Reader) (m abd.Message) {
	r.Tagged(func(tag []byte) {
		switch string(tag) {
		case "Query":
			m = abd.Query{Request: register.Request(r.Uint64())}
		case "AckQuery":
			request, c := readCopy(r)
			m = abd.AckQuery{Request: request, Copy: c}
		case "Record":
			request, c := readCopy(r)
			m = abd.Record{Request: request, Copy: c}
		case "AckRecord":
			m = abd.AckRecord{Request: register.Request(r.Uint64())}
		default:
			r.Fail("Query, AckQuery, Record or AckRecord")
		}
	})
	return m
}

func readCopy(r *strictjson.Reader) (request register.Request, c abd.Copy) {
	r.Open()
	request = register.Request(r.Uint64())
	r.Comma()
	c.Sequence.Number, c.Sequence.Writer = registers.ReadPair(r)
	r.Comma()
	c.Value = register.Value(r.Char())
	r.Close()
	return request, c
}
