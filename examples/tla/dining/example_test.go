package dining_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/dining"
)

func ExampleSource() {
	src, err := dining.Source(dining.Default)
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
	// holds neighbours do not eat together
	// holds philosopher 0 eats again and again
	// holds philosopher 1 eats again and again
	// holds philosopher 2 eats again and again
	// holds philosopher 3 eats again and again
	// holds philosopher 4 eats again and again
	// example somebody eats
	// 67 336 29
}
