package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"

	"synod/examples/catalog"
	"synod/spawn/host"
)

// Three servers of durable ABD on free ports, which keep nothing and stop at once.
func Example() {
	program, err := catalog.Program("durable-abd", nil)
	if err != nil {
		panic(err)
	}
	free := netip.MustParseAddrPort("127.0.0.1:0")
	h, err := host.Open(host.Config{
		Program: program, Members: []host.Member{{Bind: free}, {Bind: free}, {Bind: free}}, Only: -1,
		Transport: "udp", Ephemeral: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer h.Close()
	ctx, stop := context.WithCancel(context.Background())
	stop()
	fmt.Println(len(h.Servers()), "servers, one failed:", h.Serve(ctx))
	// Output: 3 servers, one failed: false
}
