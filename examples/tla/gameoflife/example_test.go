package gameoflife_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/gameoflife"
)

func ExampleSource() {
	src, err := gameoflife.Source(gameoflife.Config{Side: 3})
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
	// example a still life
	// holds nothing comes of nothing
	// 512 1024 1
}
