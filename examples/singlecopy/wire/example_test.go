package wire_test

import (
	"fmt"

	"synod/examples/singlecopy/wire"
	"synod/register"
)

// Requests and replies are all there is; a register that was never written holds the zero character.
func Example() {
	msg, err := wire.Messages.Decode([]byte(`{"Get": 2}`))
	fmt.Println(msg, err)
	data, err := wire.Messages.Append(nil, register.GetOk{Request: 2})
	fmt.Printf("%s %v\n", data, err)
	_, err = wire.Messages.Decode([]byte(`{"Internal":1}`))
	fmt.Println(err)
	// Output:
	// {2} <nil>
	// {"GetOk":[2,"\u0000"]} <nil>
	// byte 12: expected null
}
