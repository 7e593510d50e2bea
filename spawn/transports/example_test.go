package transports_test

import (
	"fmt"

	"synod/spawn/transports"
)

func Example() {
	for _, t := range transports.All() {
		fmt.Println(t.Name, t.Ordered)
	}
	// Output:
	// udp false
	// tcp true
	// grpc true
}
