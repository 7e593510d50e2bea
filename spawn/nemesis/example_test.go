package nemesis_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"synod/spawn/nemesis"
)

// A schedule is drawn, looked at, and shrunk to what a failure needs: here any moment at which the first server is down.
func Example() {
	s, err := nemesis.Generate(nemesis.Config{Servers: 3, Duration: 20 * time.Second}, rand.NewPCG(7, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(s.Faults), "faults, the first one:", s.Faults[0])
	small := nemesis.Shrink(s, func(s nemesis.Schedule) (nemesis.Schedule, bool) {
		for _, at := range s.Moments() {
			if s.At(at)[0].Down {
				return s, true
			}
		}
		return s, false
	}, 100)
	fmt.Println("shrunk:", small.Faults)
	// Output:
	// 33 faults, the first one: 147ms for 1.232s: drop 1 with probability 0.01
	// shrunk: [16.924s for 16.796875ms: kill 0]
}
