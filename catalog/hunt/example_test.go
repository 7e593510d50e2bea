package hunt_test

import (
	"context"
	"fmt"

	"synod/catalog/hunt"
	"synod/checker"
	"synod/examples/catalog"
)

// Two mutants of a model, each killed by a property of its own.
func ExampleMeasure() {
	e, err := catalog.Find("dining-philosophers")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := hunt.Measure(context.Background(), e, checker.Options{}, func([]string, hunt.Row) {})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range s.Worths() {
		fmt.Printf("%q kills %v\n", w.Property, w.Kills)
	}
	// Output:
	// "neighbours do not eat at once" kills [shared-fork]
	// "all have eaten" kills []
	// "nobody waits for ever" kills [guest-forgotten]
}
