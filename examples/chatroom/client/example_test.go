package client_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"synod/examples/chatroom/client"
)

// A client without a server, with lines from a pipe.
func Example() {
	err := client.Run(context.Background(), client.Options{ID: 0, In: strings.NewReader("get\nshout\n"), Out: os.Stdout})
	fmt.Println(err)
	// Output:
	// > [ERROR]: not connected to a server
	// > [ERROR]: could not parse command
	// > <nil>
}
