package figure8_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tutorial/figure8"
	"synod/trace"
)

// Counting copies of old entries is wrong.
func ExampleSystem() {
	r := checker.BFS(context.Background(), figure8.System(true), checker.Options{FinishWhen: checker.FirstViolation})
	defer r.Close()
	for _, t := range r.Traces() {
		if t.Kind == trace.Violation {
			for _, s := range t.Steps {
				fmt.Println(s.Text)
			}
		}
	}
	// Output:
	// server 3 → server 1: Appended(term 4, length 2)
	// server 5: timeout of election
	// server 5: timeout of election
	// server 5 → server 2: RequestVote(term 5, last 3, length 2)
	// server 2 → server 5: Vote(5)
	// server 5 → server 3: RequestVote(term 5, last 3, length 2)
	// server 3 → server 5: Vote(5)
}

// The rule of the paper is right.
func ExampleSystem_rule() {
	r := checker.BFS(context.Background(), figure8.System(false), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Println(p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, "states")
	// Output:
	// leader completeness holds
	// S5 leads example
	// 7764 states
}
