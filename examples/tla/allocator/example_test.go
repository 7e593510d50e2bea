package allocator_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/allocator"
)

func ExampleSource() {
	src, err := allocator.Source(allocator.Default)
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
	// holds a resource has one holder
	// holds the schedule can be kept
	// holds client 0 gets what it waits for
	// holds client 0 returns all
	// holds client 1 gets what it waits for
	// holds client 1 returns all
	// holds client 2 gets what it waits for
	// holds client 2 returns all
	// example all wait
	// 1690 5854 7
}
