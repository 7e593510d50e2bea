// Package oplog reads, writes and checks histories of client operations on running servers.
//
// A [History] is a list of events: a process invokes an operation, and later learns that it succeeded, that it failed
// and will never take effect, or that its outcome is unknown. [Writer] appends events to a file in this package's
// format, one line of JSON each, described in docs/histories.md; [Load] reads such a file, or one that Jepsen wrote,
// in EDN.
//
// [Check] reports whether an object could have given these answers: linearizability by key and window, sequential
// consistency for the whole history at once. A [Checker] checks linearizability incrementally.
package oplog
