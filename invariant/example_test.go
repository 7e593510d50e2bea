package invariant_test

import (
	"fmt"
	"maps"

	"synod/actor"
	"synod/invariant"
)

// What two servers count may differ by one at most.
func Example() {
	inStep := invariant.All("in step", func(counts map[actor.ID]int) bool {
		least, most := 0, 0
		for _, n := range counts {
			least, most = min(least, n), max(most, n)
		}
		return most-least <= 1
	})
	fmt.Println(inStep.Check(0, maps.All(map[actor.ID]any{0: 0, 1: 1})))
	fmt.Println(inStep.Check(0, maps.All(map[actor.ID]any{0: 2, 1: 0})))
	// Output:
	// <nil>
	// "in step" does not hold
}
