// Package checker explores the states of a model and judges its properties. BFS, DFS and Walk are small drivers over one
// engine, which never stores a state as a Go value: a state is a short vector of small integers, packed into a few
// bytes, exactly. The package knows parts, steps and properties; it does not know what an actor is.
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
	// Decided ends a search once every property is violated or has its example.
	Decided FinishWhen = iota
	// FirstViolation ends it at the first violation of an always property.
	FirstViolation
	// Exhausted never ends it early.
	Exhausted
)

var finishNames = [...]string{"decided", "first-violation", "exhausted"}

// String is the name that ParseFinishWhen understands.
func (f FinishWhen) String() string { return finishNames[f] }

// ParseFinishWhen returns the FinishWhen of a name.
func ParseFinishWhen(name string) (FinishWhen, error) {
	for i, n := range finishNames {
		if n == name {
			return FinishWhen(i), nil
		}
	}
	return 0, fmt.Errorf("unknown condition %q: expected decided, first-violation or exhausted", name)
}

// Options describes how to search. The zero value searches everything with all cores until every property is decided.
type Options struct {
	Workers     int           // goroutines; 0 for one per core (DFS: 1)
	Timeout     time.Duration // 0 for none
	MaxDepth    int           // states on a path, the first included; those at this depth are judged but not expanded; 0 for no limit
	MaxStates   int           // ends the search after the level, or at the state, that reaches so many; 0 for no limit
	MemoryLimit int64         // bytes of the whole process; 0 for nine tenths of the machine's, where that is known (Linux)
	// OwnMemory makes both the memory limit and the reported memory refer to an estimate of what the search itself holds,
	// without what the garbage collector keeps in reserve: for a search beside other work of the process.
	OwnMemory  bool
	FinishWhen FinishWhen
	Reduce     statespace.Reduction // what is left out of states, and proved not to matter: nothing unless set
	Symmetry   bool                 // states that differ only in which of what is interchangeable is which are taken for one
	Strict     bool                 // what never mattered in an exhausted search fails the check, see Result.Vacuous

	Seed      uint64 // of random walks
	Walks     int    // how many random walks; 0 for as many as Timeout allows, which is then 10 s by default
	WalkDepth int    // states on a walk, the first included; 0 for 1,000

	From *trace.Trace // the search begins at the end of this path, not in an initial state; nil for none

	Progress func(Progress) // called a few times a second from a goroutine of its own, nil for none
	Interval time.Duration  // between calls of Progress; 0 for 200 ms
	Control  *Control       // pauses the search, nil for none
	Found    func(Found)    // called by a breadth-first search, from its goroutine, for each discovery; nil for none

	only string // if not empty, the name of the only property that is judged
}

// Progress is how far a search is.
type Progress struct {
	Generated, Unique int
	Depth             int
	Frontier          int   // states that wait to be expanded
	Memory            int64 // bytes
	Elapsed           time.Duration
}

func (o Options) workers() int {
	if o.Workers == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

// maxWorkers bounds the buffers that workers hold for one another.
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
