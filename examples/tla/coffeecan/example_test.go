package coffeecan_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/coffeecan"
)

func ExampleSource() {
	src, err := coffeecan.Source(coffeecan.Default)
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
	// holds white beans stay odd, or even
	// holds every step takes a bean
	// holds never empty
	// example a white bean is last
	// example a black bean is last
	// 5150 20002 1
}
