package server_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"synod/examples/systembuilders/client"
	"synod/examples/systembuilders/hosts"
	"synod/examples/systembuilders/server"
)

// One server is a cluster, too.
func Example() {
	dir, err := os.MkdirTemp("", "builders-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	l, err := server.Listen(hosts.Host{Name: "127.0.0.1"}) // any free port
	if err != nil {
		panic(err)
	}
	all := hosts.List{{Name: "127.0.0.1", Port: l.Address().Port()}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Run(ctx, server.Member{Hosts: all, Listener: l, Dir: dir}) }()
	var out bytes.Buffer
	err = client.Run(ctx, client.Settings{
		Hosts: all, ID: 7, First: 1, In: strings.NewReader("one\ntwo\n"), Out: &out, Err: os.Stderr,
	})
	fmt.Print(out.String())
	cancel()
	fmt.Println(err, <-ended)
	// Output:
	// Ordered update: 1, of client 7 at 1: one
	// Ordered update: 2, of client 7 at 2: two
	// <nil> <nil>
}
