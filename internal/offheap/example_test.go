package offheap_test

import (
	"fmt"

	"synod/internal/offheap"
)

func Example() {
	arena := offheap.New()
	defer arena.Close()

	memory, err := arena.Alloc(4 * 1000)
	if err != nil {
		fmt.Println(err)
		return
	}
	counters := offheap.Slice[uint32](memory)
	counters[999]++
	fmt.Println(len(counters), counters[999], arena.Bytes())
	arena.Free(memory)
	fmt.Println(arena.Bytes(), arena.Peak())
	// Output:
	// 1000 1 4096
	// 0 4096
}
