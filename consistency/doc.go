// Package consistency records what clients of a shared object did and decides whether a sequential object could have
// answered so.
//
// A [History] holds the operations of every client together with their happens-before order: an operation precedes
// another if it had returned when the other was invoked. Nothing else about time is kept, so all interleavings with
// the same order are one value. A [ProgramOrder] keeps less still: each client's operations in their order.
//
// A [Spec] is a sequential object: a state and what each input does to it. [Linearizable] (Herlihy and Wing,
// "Linearizability: A Correctness Condition for Concurrent Objects", 1990) asks for one order of all operations that
// the object accepts and that contains the happens-before order; [Sequential] (Lamport, "How to Make a Multiprocessor
// Computer That Correctly Executes Multiprocess Programs", 1979) asks only that it contain each client's own order.
// The search itself is porcupine's; that of [Windows] is its own.
//
// Histories are immutable values and specifications are pure, so everything here may be used by many goroutines
// at once.
package consistency
