package lamportmutex_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/lamportmutex"
)

func ExampleSource() {
	src, err := lamportmutex.Source(lamportmutex.Default)
	if err != nil {
		panic(err)
	}
	r := checker.BFS(context.Background(), src, checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Verdict, p.Name)
	}
	fmt.Println(r.Unique, r.Generated, r.Depth)
	// Output:
	// holds mutual exclusion
	// holds at most three messages in a queue
	// example in the critical section
	// 685 1250 34
}
