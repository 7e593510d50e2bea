package harness_test

import (
	"context"
	"fmt"
	"os"

	"synod/examples/chatroom/harness"
)

// A test on virtual time.
func Example() {
	test, err := harness.Parse("hello.json", []byte(`[
		{"type": "Start", "id": 0, "port": 10000, "count": 1},
		{"type": "Connect", "id": 0},
		{"type": "Put", "id": 0, "message": "hello"},
		{"type": "Sleep", "ms": 1000},
		{"type": "Get", "id": 0}
	]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	world, err := harness.NewRehearsal(test, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	o := harness.Run(context.Background(), harness.Config{Test: test, World: world, Out: os.Stdout})
	fmt.Println(o.Verdict == harness.Passed)
	// Output:
	// Executing command Start { id: 0, port: 10000, count: 1 }
	// Executing command Connect { id: 0 }
	// Executing command Put { id: 0, message: "hello" }
	// Executing command Sleep { ms: 1000 }
	// Executing command Get { id: 0 }
	// Client 0 received message log ["hello"]
	// true
}
