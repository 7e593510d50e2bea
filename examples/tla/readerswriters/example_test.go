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
	// holds actor 0 reads again and again
	// holds actor 0 writes again and again
	// holds actor 0 rests again and again
	// holds actor 1 reads again and again
	// holds actor 1 writes again and again
	// holds actor 1 rests again and again
	// holds actor 2 reads again and again
	// holds actor 2 writes again and again
	// holds actor 2 rests again and again
	// example one writes
	// 21527 59674 13
}
