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
	// example all wait
	// 1690 5854 7
}
