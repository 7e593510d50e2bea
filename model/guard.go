package model

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"synod/internal/intern"
	"synod/model/statespace"
)

// A schedule determines how often a distinct call is repeated, by the number of calls before it. The first calls are
// repeated most, since a small model has few, and a range over a two-entry map that the handler builds itself is
// reversed only once in eight times: 48 calls miss that once in 600 times. Ranges over maps in the state or the
// message are reversed half of the time, and eight calls miss that as rarely.
type schedule []tier

// tier applies to the calls up to a number: one in every such many is made often times, the others seldom times.
type tier struct{ last, every, often, seldom int64 }

var (
	// Handlers are called rarely, and their results are used for many states. All repeats together take less than 5% of
	// the search for Paxos with three clients, which calls handlers 15,606 times for 1.2 million states.
	ofHandlers = schedule{{32, 1, 48, 0}, {512, 1, 8, 0}, {math.MaxInt64, 32, 8, 2}}
	// Readers are observers, projections and selections; the methods of plain models are called at least as often.
	ofReaders = schedule{{16, 1, 48, 0}, {256, 1, 8, 0}, {guardFirst, 1, 2, 0}, {math.MaxInt64, guardEvery, 2, 1}}
)

// A frequently called function is guarded in its first calls, and then by sample.
const (
	guardFirst = 100_000
	guardEvery = 1_000
)

// times returns how often the n-th call, counted from 1, is made.
func (s schedule) times(n int64) int {
	i := slices.IndexFunc(s, func(t tier) bool { return n <= t.last })
	if t := s[i]; n%t.every != 0 {
		return int(t.seldom)
	}
	return int(s[i].often)
}

// report returns how often the first n calls were made.
func (s schedule) report(part string, n int64) statespace.Guard {
	g, before := statespace.Guard{Part: part, Calls: int(n)}, int64(0)
	for _, t := range s {
		last := min(n, t.last)
		if last <= before {
			break
		}
		often := last/t.every - before/t.every
		seldom := last - before - often
		g.Twice += int(often)
		if t.seldom > 1 {
			g.Twice += int(seldom)
		}
		g.Repeats += int(often*(t.often-1) + seldom*max(0, t.seldom-1))
		before = last
	}
	return g
}

// sampler counts distinct calls. How often each is made depends only on their number.
type sampler struct{ calls atomic.Int64 }

// times counts a call, and returns how often to make it.
func (s *sampler) times(by schedule) int { return by.times(s.calls.Add(1)) }

func (s *sampler) report(part string, by schedule) statespace.Guard {
	return by.report(part, s.calls.Load())
}

// turns serializes the first calls of a model's functions, so that a function that changes shared memory is reported
// before two concurrent calls crash the process, as Go does on concurrent map writes.
type turns struct {
	taken atomic.Int64
	mu    sync.Mutex
}

const firstTurns = 4096

func (t *turns) run(f func()) {
	if t.taken.Add(1) <= firstTurns {
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	f()
}

// first describes the first difference: its path, and the old and new values.
func first(changes []intern.Change, between string) string {
	c := changes[0]
	where := ""
	if c.Path != "" {
		where = c.Path + ": "
	}
	return fmt.Sprintf("%s%s%s%s", where, orNothing(c.Old), between, orNothing(c.New))
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// ownValue watches the value that an actor's handlers belong to. It must not change.
type ownValue struct {
	value, before any  // before is a copy
	opaque        bool // it cannot be walked
	calls         atomic.Int64
}

// A value is checked after each of the first calls, and then after one in ownEvery.
const (
	ownFirst = 4096
	ownEvery = 16
)

func (v *ownValue) watch(value any) {
	v.value = value
	if v.opaque = anyWalker.CheckShared(value) != nil; !v.opaque {
		v.before = anyWalker.Copy(value)
	}
}

// sample reports whether to check the value after a call.
func (v *ownValue) sample() bool {
	n := v.calls.Add(1)
	return n <= ownFirst || n%ownEvery == 0
}

// changed describes how the value changed, or returns an empty string.
func (v *ownValue) changed() string {
	if v.opaque {
		return ""
	}
	changes := anyWalker.Diff(v.before, v.value)
	if len(changes) == 0 {
		return ""
	}
	return first(changes, " became ")
}
