package consistency_test

import (
	"fmt"

	"synod/consistency"
)

// A write that is still in flight was seen by one read and not by a later one.
func Example() {
	var h consistency.History[consistency.RegisterInput[string], consistency.RegisterOutput[string]]
	for _, e := range []consistency.Event[consistency.RegisterInput[string], consistency.RegisterOutput[string]]{
		{Client: 3, Invoke: true, In: consistency.Write("A")},
		{Client: 4, Invoke: true, In: consistency.Read[string]()},
		{Client: 4, Out: consistency.Got("A")},
		{Client: 5, Invoke: true, In: consistency.Read[string]()},
		{Client: 5, Out: consistency.Got("-")},
	} {
		var err error
		if h, err = h.Advance(e); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(h)
	fmt.Println("linearizable:", consistency.Linearizable(consistency.Register("-"), h))
	fmt.Println("sequentially consistent:", consistency.Sequential(consistency.Register("-"), h))
	// Output:
	// client 3: write A -> ?
	// client 4: read -> A
	// client 5: read -> - after 1 of client 4
	// linearizable: false
	// sequentially consistent: true
}

// A counter of one's own: a state, and what an input does to it.
func ExampleSpec() {
	counter := consistency.Spec[int, int, int]{
		Name: "counter",
		Step: func(sum, add int) (int, int) { return sum + add, sum + add },
	}
	var h consistency.History[int, int]
	h, _ = h.Invoke(1, 10)
	h, _ = h.Invoke(2, 5)
	h, _ = h.Return(2, 15)
	fmt.Println(consistency.Linearizable(counter, h)) // client 1's pending operation took effect first
	h, _ = h.Return(1, 15)
	fmt.Println(consistency.Linearizable(counter, h)) // and it did not see client 2's
	// Output:
	// true
	// false
}
