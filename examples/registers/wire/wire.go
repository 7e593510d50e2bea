// Package wire is the form that the messages of register servers have on a network: JSON, externally tagged, compact, as
// Stateright's servers write it. A protocol adds the form of its own messages.
package wire

import (
	"fmt"
	"strconv"

	"synod/actor"
	"synod/internal/strictjson"
	"synod/register"
)

// Internal is the form of the messages M that servers send one another. It is JSON.
type Internal[M any] interface {
	// Append appends a message to dst.
	Append(dst []byte, m M) []byte
	// Read reads a message. What is none, it makes a mistake of the reader.
	Read(r *strictjson.Reader) M
}

// Codec writes and reads the messages of servers with internal messages M. It is safe for concurrent use if Internal is.
type Codec[M any] struct{ Internal Internal[M] }

// Requests is the form of requests and answers alone, which is the same for all protocols. Internal messages are none.
var Requests = Codec[struct{}]{Internal: nothing{}}

type nothing struct{}

func (nothing) Append(dst []byte, _ struct{}) []byte { return append(dst, "null"...) }

func (nothing) Read(r *strictjson.Reader) struct{} {
	r.Fail("no message of servers")
	return struct{}{}
}

// Append appends a message to dst: {"Put":[2,"X"]}, {"Get":3}, {"PutOk":2}, {"PutFail":2}, {"GetOk":[3,"X"]},
// {"Expired":[2,7]} or {"Internal":…}.
func (c Codec[M]) Append(dst []byte, m register.Message) ([]byte, error) {
	switch m := m.(type) {
	case register.Put:
		return append(appendAnswer(dst, "Put", m.Request, m.Value), '}'), nil
	case register.Get:
		return append(AppendUint(append(dst, `{"Get":`...), m.Request), '}'), nil
	case register.PutOk:
		return append(AppendUint(append(dst, `{"PutOk":`...), m.Request), '}'), nil
	case register.PutFail:
		return append(AppendUint(append(dst, `{"PutFail":`...), m.Request), '}'), nil
	case register.GetOk:
		return append(appendAnswer(dst, "GetOk", m.Request, m.Value), '}'), nil
	case register.Expired:
		return append(AppendPair(append(dst, `{"Expired":`...), m.Request, m.Floor), '}'), nil
	case register.Internal[M]:
		return append(c.Internal.Append(append(dst, `{"Internal":`...), m.Message), '}'), nil
	default:
		return dst, fmt.Errorf("%T: expected a message of a register, or an internal one of this protocol", m)
	}
}

func appendAnswer(dst []byte, tag string, r register.Request, v register.Value) []byte {
	dst = append(append(append(dst, `{"`...), tag...), `":[`...)
	dst = append(AppendUint(dst, r), ',')
	return append(strictjson.AppendChar(dst, rune(v)), ']')
}

// AppendUint appends a number.
func AppendUint[N ~uint32 | ~uint64](dst []byte, n N) []byte {
	return strconv.AppendUint(dst, uint64(n), 10)
}

// AppendPair appends an array of two numbers, such as a ballot: a round and an id.
func AppendPair[N, M ~uint32 | ~uint64](dst []byte, n N, m M) []byte {
	return append(AppendUint(append(AppendUint(append(dst, '['), n), ','), m), ']')
}

// ReadPair reads what AppendPair wrote of a number of 32 bits and an id.
func ReadPair(r *strictjson.Reader) (n uint32, id actor.ID) {
	r.Open()
	n = r.Uint32()
	r.Comma()
	id = actor.ID(r.Uint64())
	r.Close()
	return n, id
}

// Decode reads a message. White space, the order of fields and unknown fields do not matter. The error is an
// *strictjson.Error.
func (c Codec[M]) Decode(data []byte) (register.Message, error) {
	r := strictjson.NewReader(data)
	var m register.Message
	r.Tagged(func(tag []byte) {
		switch string(tag) {
		case "Put":
			request, value := readAnswer(r)
			m = register.Put{Request: request, Value: value}
		case "Get":
			m = register.Get{Request: register.Request(r.Uint64())}
		case "PutOk":
			m = register.PutOk{Request: register.Request(r.Uint64())}
		case "PutFail":
			m = register.PutFail{Request: register.Request(r.Uint64())}
		case "GetOk":
			request, value := readAnswer(r)
			m = register.GetOk{Request: request, Value: value}
		case "Expired":
			m = readExpired(r)
		case "Internal":
			m = register.Internal[M]{Message: c.Internal.Read(r)}
		default:
			r.Fail("Put, Get, PutOk, PutFail, GetOk, Expired or Internal")
		}
	})
	if err := r.End(); err != nil {
		return nil, err
	}
	return m, nil
}

func readAnswer(r *strictjson.Reader) (register.Request, register.Value) {
	r.Open()
	request := register.Request(r.Uint64())
	r.Comma()
	value := register.Value(r.Char())
	r.Close()
	return request, value
}

func readExpired(r *strictjson.Reader) (m register.Expired) {
	r.Open()
	m.Request = register.Request(r.Uint64())
	r.Comma()
	m.Floor = register.Request(r.Uint64())
	r.Close()
	return m
}

// JSON reports that all messages are JSON.
func (Codec[M]) JSON() bool { return true }

// Open reports whether anybody may send a message: the requests of clients.
func (Codec[M]) Open(m register.Message) bool {
	switch m.(type) {
	case register.Put, register.Get:
		return true
	case register.PutOk, register.PutFail, register.GetOk, register.Expired, register.Internal[M]:
	}
	return false
}
