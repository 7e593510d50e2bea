// Package checker explores the states of a model and judges its properties. BFS, DFS and Walk are small drivers over
// one engine. The engine stores no state as a Go value: a state is a short vector of small integers, packed
// losslessly into a few bytes. The package knows parts, steps and properties; it does not know what an actor is.
package checker

import (
	"fmt"
	"runtime"
	"time"

	"synod/model/statespace"
	"synod/trace"
)

// FinishWhen describes when a search may end before it is exhausted.
type FinishWhen uint8

const (
	// Decided ends a search once every property is violated or has an example.
	Decided FinishWhen = iota
	// FirstViolation ends a search at the first violation of an always property.
	FirstViolation
	// Exhausted never ends a search early.
	Exhausted
)

var finishNames = [...]string{"decided", "first-violation", "exhausted"}

// String returns the name that ParseFinishWhen accepts.
func (f FinishWhen) String() string { return finishNames[f] }

// ParseFinishWhen returns the FinishWhen with a name.
func ParseFinishWhen(name string) (FinishWhen, error) {
	for i, n := range finishNames {
		if n == name {
			return FinishWhen(i), nil
		}
	}
	return 0, fmt.Errorf("unknown condition %q: expected decided, first-violation or exhausted", name)
}

// Options configures a search. The zero value searches everything on all cores until every property is decided.
type Options struct {
	Workers     int           // goroutines; 0 for one per core (DFS: 1)
	Timeout     time.Duration // 0 for none
	MaxDepth    int           // states on a path, the first included; the last is judged, not expanded; 0 for no limit
	MaxStates   int           // ends the search after the level, or at the state, that reaches it; 0 for no limit
	MemoryLimit int64         // bytes of the process; 0 for nine tenths of the machine's memory, where known (Linux)
	// OwnMemory applies the memory limit and the reported memory to an estimate of what the search itself holds, without
	// the reserve of the garbage collector, for a search that shares its process with other work.
	OwnMemory  bool
	FinishWhen FinishWhen
	Reduce     statespace.Reduction // what is left out of states, if proved irrelevant; default nothing
	Symmetry   bool                 // treat states that differ only in a permutation of interchangeable parts as one
	Strict     bool                 // fail the check if an exhausted search is partly vacuous, see Result.Vacuous

	Seed      uint64 // of random walks
	Walks     int    // number of random walks; 0 for as many as Timeout allows (10 s if that is 0)
	WalkDepth int    // states on a walk, the first included; 0 for 1,000

	From *trace.Trace // the search begins at the end of this path; nil for the initial states

	Progress func(Progress) // called a few times a second from its own goroutine; may be nil
	Interval time.Duration  // between calls of Progress; 0 for 200 ms
	Control  *Control       // pauses the search; may be nil
	Found    func(Found)    // called by a breadth-first search, from its goroutine, for each discovery; may be nil

	only string // the name of the only property to judge; empty for all
}

// Progress describes the progress of a search.
type Progress struct {
	Generated, Unique int
	Depth             int
	Frontier          int   // states waiting to be expanded
	Memory            int64 // bytes
	Elapsed           time.Duration
}

func (o Options) workers() int {
	if o.Workers == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

// maxWorkers bounds the number of buffers, which grows with the workers.
const maxWorkers = 1024

func (o Options) validate() error {
	switch {
	case o.Workers < 0 || o.Workers > maxWorkers:
		return fmt.Errorf("%d workers: must be 1 to %d, or 0 for one per core", o.Workers, maxWorkers)
	case o.Timeout < 0:
		return fmt.Errorf("timeout %v: must be positive, or 0 for none", o.Timeout)
	case o.MaxDepth < 0:
		return fmt.Errorf("maximum depth %d: must be at least 1, or 0 for no limit", o.MaxDepth)
	case o.MaxStates < 0:
		return fmt.Errorf("maximum of %d states: must be at least 1, or 0 for no limit", o.MaxStates)
	case o.MemoryLimit < 0:
		return fmt.Errorf("memory limit of %d bytes: must be positive, or 0 for none", o.MemoryLimit)
	case o.Reduce > statespace.Everything:
		return fmt.Errorf("unknown reduction %d", o.Reduce)
	case o.FinishWhen > Exhausted:
		return fmt.Errorf("unknown FinishWhen %d", o.FinishWhen)
	case o.Walks < 0:
		return fmt.Errorf("%d walks: must be at least 1, or 0 for as many as time allows", o.Walks)
	case o.WalkDepth < 0:
		return fmt.Errorf("walks of %d states: must be at least 1, or 0 for the default", o.WalkDepth)
	}
	return nil
}
