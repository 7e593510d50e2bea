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

// A schedule says how often a distinct call is made, by how many there were before. The first are made most often, since
// a small model has few, and one range over a map of two entries that the handler makes itself goes the other way round
// only once in eight times: 48 calls miss that once in 600 times. Over maps that are part of the state or the message it
// goes as often one way as the other, and eight calls miss it as seldom.
type schedule []tier

// tier is for the calls up to a number: one in every so many is made often, the others seldom.
type tier struct{ last, every, often, seldom int64 }

var (
	// Handlers are called seldom, and what they give is used for many states. All these repeats together take less than
	// 5% of the search for Paxos with three clients, which calls them 15,606 times for 1.2 million states.
	ofHandlers = schedule{{32, 1, 48, 0}, {512, 1, 8, 0}, {math.MaxInt64, 32, 8, 2}}
	// Readers are observers, projections and selections, and the methods of plain models are no less frequent.
	ofReaders = schedule{{16, 1, 48, 0}, {256, 1, 8, 0}, {guardFirst, 1, 2, 0}, {math.MaxInt64, guardEvery, 2, 1}}
)

// A part that may be called very often is guarded in its first calls, and then by sample.
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

// report returns how often n calls were made.
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

// sampler counts distinct calls. How often each is made depends on their number only.
type sampler struct{ calls atomic.Int64 }

// times counts a call, and gives how often it is to be made.
func (s *sampler) times(by schedule) int { return by.times(s.calls.Add(1)) }

func (s *sampler) report(part string, by schedule) statespace.Guard {
	return by.report(part, s.calls.Load())
}

// turns lets the first calls of a model's functions take turns: one that changes what it shares with others is found
// before two of them at once end the process, as Go does when a map is written twice at a time.
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

// first describes the first difference: where, and what stood and stands there.
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

// ownValue watches the value that an actor's handlers belong to. It may not change.
type ownValue struct {
	value, before any  // the latter a copy
	opaque        bool // it cannot be walked
	calls         atomic.Int64
}

// A value is looked at after every one of the first calls, and then after one in ownEvery.
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

// sample reports whether the value is to be looked at after a call.
func (v *ownValue) sample() bool {
	n := v.calls.Add(1)
	return n <= ownFirst || n%ownEvery == 0
}

// changed returns how the value changed, or is empty.
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
