package backup_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/tutorial/backup"
	"synod/model"
	"synod/trace"
)

// check prints what a check finds, and how large the space is.
func check(c backup.Config) {
	r := checker.BFS(context.Background(), backup.System(c), checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	for _, t := range r.Traces() {
		if t.Kind == trace.Violation {
			fmt.Printf("Violation of %q:\n", t.Property)
			for i, s := range t.Steps {
				fmt.Printf("%3d. %s\n", i+1, s.Text)
			}
			if t.End() != "" {
				fmt.Printf("     %s\n", t.End())
			}
		}
	}
	for _, p := range r.Properties {
		fmt.Printf("%s: %v\n", p.Name, p.Verdict)
	}
	fmt.Println(r.Unique, "states")
}

// Chapter 1: two writes, and nothing goes wrong.
func ExampleSystem() {
	check(backup.Config{Writes: 2})
	// Output:
	// no answered write is lost: holds
	// all is written: example
	// 9 states
}

// Chapter 2: the primary answers too early.
func ExampleSystem_hasty() {
	check(backup.Config{Writes: 2, Hasty: true})
	// Output:
	// Violation of "no answered write is lost":
	//   1. client 0 → primary 1: Write(1)
	//   2. primary 1 → client 0: Written(1)
	// no answered write is lost: violated
	// all is written: example
	// 13 states
}

// Chapter 3: the backup crashes, and has forgotten.
func ExampleSystem_forgetful() {
	check(backup.Config{Writes: 1, Forgetful: true, Config: model.Config{MaxDown: 1, MaxCrashes: 1}})
	// Output:
	// Violation of "no answered write is lost":
	//   1. client 0 → primary 1: Write(1)
	//   2. primary 1 → backup 2: Copy(1)
	//   3. backup 2: crashes
	//   4. backup 2 → primary 1: Copied(1)
	//   5. primary 1 → client 0: Written(1)
	//   6. backup 2: recovers
	// no answered write is lost: violated
	// all is written: example
	// 18 states
}

// Chapter 3: the backup crashes, and has kept its value.
func ExampleSystem_durable() {
	check(backup.Config{Writes: 2, Config: model.Config{MaxDown: 1, MaxCrashes: 1}})
	// Output:
	// no answered write is lost: holds
	// all is written: example
	// 27 states
}

// Chapter 4: messages get lost, and the client asks again.
func ExampleSystem_patient() {
	check(backup.Config{Writes: 1, Patient: true, Config: model.Config{Lossy: true, TimersLast: true}})
	// Output:
	// Violation of "all gets written":
	//   1. lost: client 0 → primary 1: Write(1)
	//   2. client 0: timeout of resend
	//      steps 1 to 2 repeat for ever
	// no answered write is lost: holds
	// all is written: example
	// all gets written: violated
	// 11 states
}

// Chapter 4: at most two messages get lost.
func ExampleSystem_bounded() {
	check(backup.Config{Writes: 1, Patient: true, Config: model.Config{Lossy: true, MaxDrops: 2, TimersLast: true}})
	// Output:
	// no answered write is lost: holds
	// all is written: example
	// all gets written: holds
	// 27 states
}

// Chapter 4: any number of messages gets lost, but not all of them.
func ExampleSystem_fair() {
	check(backup.Config{Writes: 1, Patient: true, Fair: true, Config: model.Config{Lossy: true, TimersLast: true}})
	// Output:
	// no answered write is lost: holds
	// all is written: example
	// all gets written: holds
	// 11 states
}
