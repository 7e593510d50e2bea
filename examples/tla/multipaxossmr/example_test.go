package multipaxossmr_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tla/multipaxossmr"
)

func ExampleSource() {
	src, err := multipaxossmr.Source(multipaxossmr.Default)
	if err != nil {
		panic(err)
	}
	r := checker.BFS(context.Background(), src, checker.Options{})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Verdict, p.Name)
	}
	// Output:
	// holds linearizable
	// holds replicas commit the same
	// holds no deadlock
	// example every command is answered
	// example a command is adopted
}
