package wire_test

import (
	"fmt"

	"synod/examples/registers/wire"
	"synod/internal/strictjson"
	"synod/register"
)

// beat is the internal message of a protocol that only tells that it is alive.
type beat struct{ Number uint64 }

type beats struct{}

func (beats) Append(dst []byte, m beat) []byte {
	return append(wire.AppendUint(append(dst, `{"Beat":`...), m.Number), '}')
}

func (beats) Read(r *strictjson.Reader) (m beat) {
	r.Tagged(func(tag []byte) {
		if string(tag) != "Beat" {
			r.Fail("Beat")
			return
		}
		m.Number = r.Uint64()
	})
	return m
}

// A protocol gives the form of its internal messages, and has that of all.
func Example() {
	codec := wire.Codec[beat]{Internal: beats{}}
	for _, m := range []register.Message{register.Put{Request: 1, Value: 'X'}, register.Internal[beat]{Message: beat{5}}} {
		data, err := codec.Append(nil, m)
		fmt.Printf("%s %v, for anybody to send: %v\n", data, err, codec.Open(m))
	}
	msg, err := codec.Decode([]byte(`{"Internal":{"Beat":6}}`))
	fmt.Println(msg, err)
	// Output:
	// {"Put":[1,"X"]} <nil>, for anybody to send: true
	// {"Internal":{"Beat":5}} <nil>, for anybody to send: false
	// {{6}} <nil>
}
