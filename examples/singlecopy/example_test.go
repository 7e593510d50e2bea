package singlecopy_test

import (
	"context"
	"os"

	"synod/checker"
	"synod/examples/singlecopy"
)

// Two servers that know nothing of one another: a client that was told that its put is done reads none.
func ExampleSystem() {
	r := checker.BFS(context.Background(), singlecopy.System(singlecopy.Default), checker.Options{})
	defer r.Close()
	r.WriteText(os.Stdout)
	// Output:
	// Violation of "linearizable":
	//   0. initial state
	//        server 0: {}
	//          client 2 → server 0: Put(2, 'A')
	//        server 1: {}
	//          client 3 → server 1: Put(3, 'B')
	//        client 2: {Awaiting:2,Requests:1,Resent:0}
	//        client 3: {Awaiting:3,Requests:1,Resent:0}
	//        linearizable: client 2: write 'A' -> ?
	//          client 3: write 'B' -> ?
	//   1. client 2 → server 0: Put(2, 'A')
	//        server 0.Value: none → 'A'
	//        server 0.mailbox - client 2 → server 0: Put(2, 'A')
	//        client 2.mailbox + server 0 → client 2: PutOk(2)
	//   2. server 0 → client 2: PutOk(2)
	//        server 1.mailbox + client 2 → server 1: Get(4)
	//        client 2.Awaiting: 2 → 4
	//        client 2.Requests: 1 → 2
	//        client 2.mailbox - server 0 → client 2: PutOk(2)
	//        linearizable + client 2's put 'A' is done
	//        linearizable + client 2's get begins
	//   3. client 2 → server 1: Get(4)
	//        server 1.mailbox - client 2 → server 1: Get(4)
	//        client 2.mailbox + server 1 → client 2: GetOk(4, none)
	//   4. server 1 → client 2: GetOk(4, none)
	//      » not linearizable: client 2's get, from step 2 to step 4, returns none; 'A' or 'B' would have been allowed
	//      » client 2's put 'A', from the start to step 2, is done
	//      » client 3's put 'B' is pending since the start
	//        client 2.Awaiting: 4 → 0
	//        client 2.mailbox - server 1 → client 2: GetOk(4, none)
	//        linearizable + client 2's get returns none
	// Example of "value chosen":
	//   0. initial state
	//        server 0: {}
	//          client 2 → server 0: Put(2, 'A')
	//        server 1: {}
	//          client 3 → server 1: Put(3, 'B')
	//        client 2: {Awaiting:2,Requests:1,Resent:0}
	//        client 3: {Awaiting:3,Requests:1,Resent:0}
	//        linearizable: client 2: write 'A' -> ?
	//          client 3: write 'B' -> ?
	//   1. client 2 → server 0: Put(2, 'A')
	//        server 0.Value: none → 'A'
	//        server 0.mailbox - client 2 → server 0: Put(2, 'A')
	//        client 2.mailbox + server 0 → client 2: PutOk(2)
	//   2. server 0 → client 2: PutOk(2)
	//        server 1.mailbox + client 2 → server 1: Get(4)
	//        client 2.Awaiting: 2 → 4
	//        client 2.Requests: 1 → 2
	//        client 2.mailbox - server 0 → client 2: PutOk(2)
	//        linearizable + client 2's put 'A' is done
	//        linearizable + client 2's get begins
	//   3. client 3 → server 1: Put(3, 'B')
	//        server 1.Value: none → 'B'
	//        server 1.mailbox - client 3 → server 1: Put(3, 'B')
	//        client 3.mailbox + server 1 → client 3: PutOk(3)
	//   4. client 2 → server 1: Get(4)
	//        server 1.mailbox - client 2 → server 1: Get(4)
	//        client 2.mailbox + server 1 → client 2: GetOk(4, 'B')
	// violated    always "linearizable", 4 actions
	// example     sometimes "value chosen", 4 actions
	// The search ended early (every property is decided), with 8 states left to expand.
}
