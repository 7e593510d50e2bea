package jsonwire_test

import (
	"fmt"

	"synod/spawn/jsonwire"
)

type Message interface{ isMessage() }

type (
	Acquire struct {
		Request uint64
		Lock    string
	}
	Granted struct{ Request uint64 }
)

func (Acquire) isMessage() {}
func (Granted) isMessage() {}

func Example() {
	messages, err := jsonwire.New([]Message{Acquire{}}, []Message{Granted{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := messages.Append(nil, Acquire{Request: 7, Lock: "db"})
	fmt.Println(string(data), err)
	m, err := messages.Decode([]byte(`{"Granted":{"request":7}}`))
	fmt.Printf("%#v %v\n", m, err)
	_, err = messages.Decode([]byte(`{"Granted":{"request":-7}}`))
	fmt.Println(err)
	// Output:
	// {"Acquire":{"request":7,"lock":"db"}} <nil>
	// jsonwire_test.Granted{Request:0x7} <nil>
	// byte 22: expected a whole number below 2^64
}
