package client_test

import (
	"context"
	"fmt"
	"strings"

	"synod/examples/chatroom/client"
)

// A client without a server, with lines from a pipe.
func Example() {
	var out strings.Builder
	err := client.Run(context.Background(), client.Options{ID: 0, In: strings.NewReader("get\nshout\n"), Out: &out})
	fmt.Printf("%q %v", out.String(), err)
	// Output:
	// "> [ERROR]: not connected to a server\n> [ERROR]: could not parse command\n> \n" <nil>
}
