package wire_test

import (
	"fmt"

	"synod/examples/chatroom/wire"
)

// A put, as the published client sends it.
func Example() {
	fmt.Printf("% x\n", wire.AppendCommand(nil, wire.Command{Client: 1, Number: 2, Mode: wire.Put, Message: "hi"}))
	// Output:
	// 00 00 00 1e 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 01 00 00 00 02 00 00 00 00 00 00 00 68 69
}
