package twophase_test

import (
	"context"
	"os"

	"synod/checker"
	"synod/examples/twophase"
)

func ExampleSource() {
	src, err := twophase.Source(twophase.Config{Managers: 1})
	if err != nil {
		panic(err)
	}
	r := checker.BFS(context.Background(), src, checker.Options{})
	defer r.Close()
	r.WriteText(os.Stdout)
	// Output:
	// Example of "commit agreed":
	//   0. initial state
	//        state: {Stages:[working],Decision:none,Sent:[false],Received:[false]}
	//   1. Prepare(0)
	//        state.Sent[0]: false → true
	//        state.Stages[0]: working → prepared
	//   2. ReceivePrepared(0)
	//        state.Received[0]: false → true
	//   3. TransactionCommits()
	//        state.Decision: none → commit
	//   4. ReceiveCommit(0)
	//        state.Stages[0]: prepared → committed
	// Example of "abort agreed":
	//   0. initial state
	//        state: {Stages:[working],Decision:none,Sent:[false],Received:[false]}
	//   1. ChooseToAbort(0)
	//        state.Stages[0]: working → aborted
	// holds       always "consistent"
	// example     sometimes "commit agreed", 4 actions
	// example     sometimes "abort agreed", 1 action
}
