package network_test

import (
	"fmt"

	"synod/network"
)

// A mailbox is what the network holds for one actor. Here source 7 sends 3 and then 1, twice; source 5 sends 2. What is
// held, and what may be delivered of it, depends on the network.
func Example() {
	sent := []network.Letter{
		{Source: 7, Message: 3}, {Source: 7, Message: 1}, {Source: 7, Message: 1}, {Source: 5, Message: 2},
	}
	for _, semantics := range network.All() {
		var held network.Mailbox
		for _, letter := range sent {
			held = semantics.Put(nil, held, letter)
		}
		fmt.Printf("%v holds %v\n", semantics, held)
		for i, letter := range held {
			if semantics.Deliverable(held, i) {
				fmt.Printf("  after %v: %v\n", letter, semantics.Deliver(nil, held, i))
			}
		}
	}
	// Output:
	// unordered_nonduplicating holds [{5 2} {7 1} {7 1} {7 3}]
	//   after {5 2}: [{7 1} {7 1} {7 3}]
	//   after {7 1}: [{5 2} {7 1} {7 3}]
	//   after {7 3}: [{5 2} {7 1} {7 1}]
	// ordered holds [{5 2} {7 3} {7 1} {7 1}]
	//   after {5 2}: [{7 3} {7 1} {7 1}]
	//   after {7 3}: [{5 2} {7 1} {7 1}]
	// unordered_duplicating holds [{5 2} {7 1} {7 3}]
	//   after {5 2}: [{5 2} {7 1} {7 3}]
	//   after {7 1}: [{5 2} {7 1} {7 3}]
	//   after {7 3}: [{5 2} {7 1} {7 3}]
}

func ExampleParse() {
	semantics, err := network.Parse("ordered")
	fmt.Println(semantics, err)
	_, err = network.Parse("psychic")
	fmt.Println(err)
	// Output:
	// ordered <nil>
	// unknown network "psychic": expected one of unordered_nonduplicating, ordered, unordered_duplicating
}
