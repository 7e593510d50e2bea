package zoo_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/lease"
	"synod/examples/zoo"
)

// A client that works on when its time is over, while another one has the lock.
func Example() {
	r := checker.BFS(context.Background(), zoo.Lease("outlives-clock", lease.Config{Clients: 2, Attempts: 1}),
		checker.Options{FinishWhen: checker.FirstViolation})
	defer r.Close()
	fmt.Println(r.Properties[0].Name, r.Properties[0].Verdict)
	fmt.Println(len(r.Properties[0].Path.Steps), "actions")
	// Output:
	// mutual exclusion violated
	// 6 actions
}
