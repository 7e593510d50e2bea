// Package intern holds the one reflective walker of the project and the exact intern table built on it.
//
// A [Walker] copies, compares, hashes, encodes, prints and diffs values of one static type. What it must know about
// a type is compiled once into a plan, which every walker shares; the plan is then followed over raw memory, so that
// no operation of the hot path uses reflection, except maps of unusual shapes and the allocation of copies.
//
// Values are trees: what they share is not kept, so that [Walker.Check] refuses memory that can be reached in two ways,
// cycles among it. A value that is only read may share its parts; it has to pass [Walker.CheckShared], for most
// operations walk what is shared as often as they meet it. Check and CheckShared themselves take any value, and so do
// Text, Brief, Diff and Tree, which are for people. Blank fields are no part of a value. A time.Time is its
// instant, the name of its location and its offset there; its monotonic reading is ignored. The location itself is
// shared by copies, since it never changes.
//
// The walk takes addresses of parameters and loop variables. Whether these may stay on the stack is left to the
// compiler's escape analysis, which sees through all of it, as the walk goes by static calls. Do not help it by hiding
// pointers in a uintptr: a stack that grows at the wrong moment moves what they point to (TestGrowingStack).
//
// The package depends on four facts about the Go runtime: how slices and interfaces lie in memory, that the first
// word of an interface determines its dynamic type, and that two map types lie in memory alike if their keys are of
// one kind of integer size or both strings and their elements agree in size, alignment and pointers. The tests
// exercise each of them.
package intern
