package server_test

import (
	"fmt"

	"synod/examples/chatroom/server"
)

// A server that cannot be one of three.
func ExampleConfig_Validate() {
	fmt.Println(server.Config{ID: 3, Count: 3}.Validate())
	// Output:
	// server 3 of 3: must be 0 to 2
}
