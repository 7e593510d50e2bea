package rsm_test

import (
	"fmt"

	"synod/paxos/rsm"
)

// counter is a machine of one's own: it adds numbers, and answers with the sum.
type counter struct{ rsm.JSON[int] }

func (counter) New() int { return 0 }

func (counter) Execute(_ rsm.Slot, sum, add int) (next, result int, ok bool) {
	return sum + add, sum + add, true
}

// A command that comes again is not executed again: it has its first answer.
func ExampleExecute() {
	replica := rsm.Start(counter{})
	three := rsm.Command[int]{ID: rsm.ID{Client: 7, Local: 2}, Op: 3}
	four := rsm.Command[int]{ID: rsm.ID{Client: 7, Local: 1}, Op: 4}
	for slot, c := range []rsm.Command[int]{three, four, three} {
		answer, _ := rsm.Execute(counter{}, rsm.Slot(slot+1), &replica, c)
		fmt.Println(answer.ID, answer.Result)
	}
	fmt.Println("sum", replica.State)

	last := rsm.Command[int]{ID: rsm.ID{Client: 7, Local: 3}, End: true}
	rsm.Execute(counter{}, 4, &replica, last)
	answer, _ := rsm.Execute(counter{}, 5, &replica, three)
	fmt.Println(answer.Status)
	// Output:
	// 7.2 3
	// 7.1 7
	// 7.2 3
	// sum 7
	// refused
}
