package systembuilders_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/systembuilders"
)

// A client asks the leader, while the servers may change the view once.
func ExampleSystem() {
	system := systembuilders.System(systembuilders.Default)
	r := checker.BFS(context.Background(), system, checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Verdict, p.Name)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// holds linearizable
	// holds agreement: no two servers order different updates in a slot
	// holds prefix: what a server has executed begins what another one has
	// holds the machine executed what is ordered, in order, each update once
	// holds an answer means ordered
	// holds nothing is accepted in a view that is not installed
	// holds proposals stay within the window
	// holds proposals of a slot in a view are the same
	// holds no two servers lead a view
	// example view installed
	// example ordered
	// example an update carried over a view change
	// holds servers take back neither promise nor vote
	// holds a log
	// holds every update is answered
	// 17287 41118 23
}
