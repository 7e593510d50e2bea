package tla_test

import (
	"fmt"

	"synod/examples/tla"
)

func ExampleSet() {
	quorum := tla.All(3).Without(1)
	fmt.Println(quorum, quorum.Size(), quorum.Has(1), quorum.With(4).Members())
	fmt.Println(quorum.Subsets())
	// Output:
	// {0,2} 2 false [0 2 4]
	// [{} {0,2} {2} {0}]
}
