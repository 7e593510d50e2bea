// Package intern holds the reflective walker of the project and the exact intern table built on it.
//
// A [Walker] copies, compares, hashes, encodes, prints and diffs values of one static type. The facts about a type
// are compiled once into a plan, which all walkers share. The plan is then followed over raw memory, so that
// operations on the hot path use no reflection, except for maps of unusual shapes and the allocation of copies.
//
// Values are trees: sharing is not preserved, so [Walker.Check] rejects memory that can be reached in two ways, which
// includes cycles. A value that is only read may share its parts; it must pass [Walker.CheckShared], since most
// operations walk a shared part once per reference. Check and CheckShared accept any value, and so do Text, Brief,
// Diff and Tree, whose output is for people. Blank fields are not part of a value. A time.Time is its instant, the
// name of its location and its offset there; its monotonic reading is ignored. Copies share the location, which never
// changes.
//
// The walk takes addresses of parameters and loop variables. The compiler's escape analysis decides whether these may
// stay on the stack; it sees through the whole walk, which uses static calls. Do not hide pointers in a uintptr to
// keep them there: a stack that grows at the wrong moment moves what they point to (TestGrowingStack).
//
// The package depends on four facts about the Go runtime: the memory layouts of slices and of interfaces; that the
// first word of an interface determines its dynamic type; and that two map types have the same layout if their keys
// are both strings, or integers of the same size and kind, and their elements agree in size, alignment and pointers.
// The tests exercise each of them.
package intern
