package checker

import (
	"math"
	"slices"
)

// A space whose steps have ranks (see statespace.Ranked) is expanded like any other; then the successors of disabled
// steps are dropped. The ranks of an id's steps follow its block, so that they are published with it; none of these
// steps is a lone step.

// outrank marks the successors of disabled steps as dead. Those that an effect refused are already dead, and disable
// no other step. w.dead stays sorted.
func (w *worker) outrank() {
	w.ranks = w.ranks[:0]
	for index := range w.words { // in the order of takeSteps
		for _, word := range w.words[index][:w.batch] {
			w.ranks = w.e.units.RanksOf(word, w.ranks)
		}
	}
	var lowest [batchLength]int32
	for i := range lowest {
		lowest[i] = math.MaxInt32
	}
	dead := w.dead
	for i, rank := range w.ranks {
		if len(dead) > 0 && dead[0] == uint32(i) {
			for len(dead) > 0 && dead[0] == uint32(i) { // refused by several effects
				dead = dead[1:]
			}
			continue
		}
		if source := w.sources[i]; rank >= 0 {
			lowest[source] = min(lowest[source], rank)
		}
	}
	for i, rank := range w.ranks {
		if rank > lowest[w.sources[i]] {
			w.dead = append(w.dead, uint32(i))
		}
	}
	slices.Sort(w.dead)
}

// outranked returns the disabled steps in the state of the walk, as step numbers them, in ascending order.
func (k *walker) outranked(total int) []int {
	var ranks []int32
	for _, word := range k.words {
		ranks = k.w.e.units.RanksOf(word, ranks)
	}
	lowest := int32(math.MaxInt32)
	for n, rank := range ranks {
		if rank >= 0 && rank < lowest && k.lead(n) {
			lowest = rank
		}
	}
	var all []int
	for n := range total {
		if ranks[n] > lowest {
			all = append(all, n)
		}
	}
	return all
}
