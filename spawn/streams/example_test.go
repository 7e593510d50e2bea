package streams_test

import (
	"errors"
	"fmt"

	"synod/spawn/streams"
)

// What waits for somebody who is away is bounded.
func Example() {
	q := streams.NewByteQueue()
	for range streams.MaxQueue {
		if err := q.Add([]byte("message")); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(errors.Is(q.Add([]byte("one more")), streams.ErrFull))
	// Output:
	// true
}
