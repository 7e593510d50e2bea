package client_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"synod/examples/systembuilders/client"
	"synod/examples/systembuilders/hosts"
)

// A client that reaches nobody says so. What it asked for was not ordered.
func Example() {
	err := client.Run(context.Background(), client.Settings{
		Hosts: hosts.List{{Name: "127.0.0.1", Port: 1024}}, In: strings.NewReader("one\n"), Out: os.Stdout, Err: os.Stdout,
		Patience: time.Second,
	})
	fmt.Println(errors.Is(err, client.ErrNotOrdered))
	// Output:
	// Server 0 at 127.0.0.1:1024 cannot be reached.
	// Not ordered: "one".
	// true
}
