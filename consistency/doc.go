// Package consistency records client operations on a shared object and decides whether a sequential object could have
// given the same answers.
//
// A [History] holds the operations of every client together with their happens-before order: an operation precedes
// another if it had returned when the other was invoked. A history has no other notion of time, so all interleavings
// with the same order are one value. A [ProgramOrder] keeps only the order of each client's operations.
//
// A [Spec] is a sequential object: a state and the effect of each input on it. [Linearizable] (Herlihy and Wing,
// "Linearizability: A Correctness Condition for Concurrent Objects", 1990) requires one order of all operations that
// the object accepts and that contains the happens-before order; [Sequential] (Lamport, "How to Make a Multiprocessor
// Computer That Correctly Executes Multiprocess Programs", 1979) requires only that it contain each client's own
// order. The search is done by porcupine; [Windows] has its own.
//
// Histories are immutable and specifications are pure, so everything in this package is safe for concurrent use,
// unless stated otherwise.
package consistency
