package writethrough_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/writethrough"
)

func ExampleSource() {
	src, err := writethrough.Source(writethrough.Default)
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
	// holds caches agree with memory and queue
	// holds one who waits is in the queue, or its cache has the value
	// example a value was read
	// 5196 28170 18
}
