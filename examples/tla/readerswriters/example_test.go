package readerswriters_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/readerswriters"
)

func ExampleSource() {
	src, err := readerswriters.Source(readerswriters.Default)
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
	// holds a writer is alone
	// example all read
	// example one writes
	// 21527 59674 13
}
