package udp_test

import (
	"fmt"
	"net/netip"
	"time"

	"synod/spawn"
	"synod/spawn/udp"
)

// Two sockets with free ports; what one sends comes from its address.
func Example() {
	here := netip.MustParseAddrPort("127.0.0.1:0")
	a, err := udp.Listen(here)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := udp.Listen(here)
	if err != nil {
		fmt.Println(err)
		return
	}
	to, err := spawn.IDOf(b.Address())
	fmt.Println(err, a.Send(to, []byte("hello")))
	from, data, err := b.Receive(time.Minute)
	fmt.Printf("%s %v %v\n", data, err, spawn.Describe(from) == a.Address().String())
	fmt.Println(a.Close(), b.Close())
	// Output:
	// <nil> <nil>
	// hello <nil> true
	// <nil> <nil>
}
