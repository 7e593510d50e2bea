package checker

import (
	"sync"
	"time"
)

// crew is the workers of a search, and what they have done.
type crew struct {
	*halting
	workers []*worker
	pace    time.Duration // time of one worker per state, on the last level
}

// parallel runs f on every worker and waits for all of them.
func (c *crew) parallel(f func(w *worker)) { c.parallelOn(len(c.workers), f) }

// parallelBy is parallel for functions of the number of a worker.
func (c *crew) parallelBy(f func(worker int)) { c.parallel(func(w *worker) { f(w.number) }) }

// parallelOn runs f on the first n workers and waits for them.
func (c *crew) parallelOn(n int, f func(w *worker)) {
	if n <= 1 {
		c.guard(func() { f(c.workers[0]) })
		return
	}
	var wg sync.WaitGroup
	for _, w := range c.workers[:n] {
		wg.Go(func() { c.guard(func() { f(w) }) })
	}
	wg.Wait()
}

// inserted returns the number of visited states that workers have reported.
func (c *crew) inserted() int {
	n := int64(0)
	for _, w := range c.workers {
		n += w.inserted.Load()
	}
	return int(n)
}

// generated returns the number of initial states and successors so far.
func (c *crew) generated() int {
	n := int64(0)
	for _, w := range c.workers {
		n += w.generated.Load()
	}
	return int(n)
}

// cuts returns the number of transitions cut by the boundary so far.
func (c *crew) cuts() int {
	n := int64(0)
	for _, w := range c.workers {
		n += w.cuts.Load()
	}
	return int(n)
}

// worthwhile is the least work of a level for each worker. Waking a worker takes time, and on a small level most of
// the work is first calls of handlers, which are serialized.
const worthwhile = 2 * time.Millisecond

// handsFor returns the number of workers for a level of so many states, estimated from the previous level.
func (c *crew) handsFor(states int) int {
	return min(len(c.workers), states/batchLength+1, int(time.Duration(states)*c.pace/worthwhile)+1)
}
