// Package oplog holds what clients of running servers did: histories of operations as files, and their check.
//
// A [History] is a list of events: a process invokes an operation, and later learns that it succeeded, that it failed
// and never takes effect, or that nobody can tell. [Writer] appends events to a file in our format, one line of JSON each, which
// docs/histories.md describes; [Load] reads such a file, or one that Jepsen wrote, in EDN.
//
// [Check] tells whether an object could have answered so: key by key and window by window for linearizability, all at
// once for sequential consistency. A [Checker] does the former as events come in.
package oplog
