package faults_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"synod/spawn/faults"
)

// What becomes of a message depends on the plan and on random numbers, and nothing else.
func ExamplePlan_Draw() {
	plan := faults.Plan{Drop: 0.5, Duplicate: 0.5, DelayMin: time.Millisecond, DelayMax: 3 * time.Millisecond}
	random := rand.NewPCG(1, 2)
	lost, twice := 0, 0
	for range 1000 {
		switch plan.Draw(random).Count {
		case 0:
			lost++
		case 2:
			twice++
		}
	}
	fmt.Println(lost > 450 && lost < 550, twice > 200 && twice < 300)
	fmt.Println(faults.Plan{}.Draw(random))
	// Output:
	// true true
	// {[0s 0s] 1 false 0}
}
