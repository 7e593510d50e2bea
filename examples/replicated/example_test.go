package replicated_test

import (
	"fmt"

	"synod/examples/replicated"
)

func Example() {
	fmt.Println(replicated.StoreOps(0, 3))
	problem := replicated.ConsensusLog{Texts: []string{"", "3.1"}, Batch: 1, Slots: 1}
	for _, choice := range problem.Actions(problem.Initial()[0]) {
		log, _ := problem.Next(replicated.Log{}, choice)
		fmt.Println(choice, log)
	}
	fmt.Println(replicated.Log{}.With(1, "3.1").With(1, "4.1"))
	// Output:
	// [put k A cas k A B get k]
	// {1 } {map[1:]}
	// {1 3.1} {map[1:3.1]}
	// {map[1:3.1 and 4.1]}
}
