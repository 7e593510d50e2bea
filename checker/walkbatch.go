package checker

import (
	"math"

	"synod/checker/internal/expand"
)

// walkBatch is a batch of walkers of one worker, which step in turn. A single walk waits for memory at every step, as each
// look-up depends on the one before; look-ups of different walks are independent. So all walkers of a batch first
// touch what they are about to read, and then step.
type walkBatch struct {
	w         *worker
	all       *walks
	walkers   []*walker
	unchecked int   // steps since the last check of the memory
	pause     int   // steps between two checks
	held      int64 // memory at the last check
	touched   uint64
}

// walksAtOnce is the number of walks that a worker runs at a time.
const walksAtOnce = 32

func newWalkBatch(w *worker, all *walks) *walkBatch {
	c := &walkBatch{w: w, all: all}
	w.follow()
	n := len(w.e.units.Of)
	for range walksAtOnce {
		k := &walker{w: w, all: all, ids: make([]uint32, n), next: make([]uint32, n), words: make([]uint64, n)}
		k.number.Store(-1)
		k.due = make([]bool, len(w.following.of))
		c.walkers = append(c.walkers, k)
	}
	return c
}

// run runs walks until there are enough, or the search must pause or stop.
func (c *walkBatch) run() {
	e := c.w.e
	for {
		e.pause()
		if e.halt.Load() != 0 || e.overflow.Load() || !c.beginAll() || c.checkMemory() || !c.meetAll() {
			return
		}
		c.touch()
		for _, k := range c.walkers {
			if !k.ended && (k.steps+1 >= e.options.WalkDepth || !k.step()) {
				k.walking = false
				c.w.deepen(k.steps + 1)
				c.all.done.Add(1)
			}
		}
	}
}

// beginAll starts a walk for every walker without one. It reports whether any walker is walking.
func (c *walkBatch) beginAll() bool {
	e := c.w.e
	anyone := false
	for _, k := range c.walkers {
		if !k.walking && !k.ended {
			n := c.all.next.Add(1) - 1
			k.number.Store(n)
			c.all.settle(e.judge)
			if e.options.Walks > 0 && n >= int64(e.options.Walks) || e.enoughWalks() {
				k.number.Store(math.MaxInt64)
				k.ended = true
				continue
			}
			k.begin(n)
		}
		anyone = anyone || k.walking
	}
	return anyone
}

// meetAll counts and judges the states that the walks are in. It reports false if a state does not fit into the
// layout or the search must stop.
func (c *walkBatch) meetAll() bool {
	w := c.w
	w.successors = w.successors[:0]
	fit := true
	for _, k := range c.walkers {
		fit = fit && (!k.walking || k.meet())
	}
	w.scatter()
	return fit && w.e.halt.Load() == 0
}

// touch prefetches what the next steps will read: first the steps of what changed, then the chosen steps, then their
// known effects.
func (c *walkBatch) touch() {
	us := c.w.e.units
	if c.w.expansion != nil {
		return // Whole-state expansion has no tables to prefetch.
	}
	touched := uint64(0)
	for _, k := range c.walkers {
		for index, word := range k.words {
			if word == 0 && k.walking {
				touched += us.Of[index].Known(k.ids[index])
			}
		}
	}
	for _, k := range c.walkers {
		if k.walking && k.steps+1 < c.w.e.options.WalkDepth && k.choose() && !us.Ranked {
			if index, _ := k.unitOf(k.drawn); k.words[index]&expand.Lone == 0 {
				touched += uint64(us.Block(k.words[index])[0])
			}
		}
	}
	for _, k := range c.walkers {
		if k.walking && k.total > 0 && !us.Ranked {
			touched += k.touchEffects()
		}
	}
	c.touched = touched
}

// touchEffects prefetches the answers to the effects of the chosen step.
func (k *walker) touchEffects() uint64 {
	us := k.w.e.units
	index, n := k.unitOf(k.drawn)
	word := k.words[index]
	if word&expand.Lone != 0 {
		return 0 // Lone steps have few effects, often those of the step before.
	}
	block := us.StepAt(word, n)
	touched := uint64(0)
	for _, effect := range block[2 : 2+block[1]] {
		target := us.Target(effect)
		touched += us.Touch(us.Of[target], k.ids[target])
	}
	return touched
}

// flush inserts everything that waits in buffers and queues. No worker may be running.
func (e *engine) flush() {
	for _, w := range e.workers {
		e.guard(w.flush)
	}
	for i := range e.states.Shards {
		e.guard(func() { e.workers[0].finish(i) })
	}
}
