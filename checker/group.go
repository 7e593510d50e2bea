package checker

import (
	"slices"

	"synod/model"
)

const (
	firstGrouping  = 2_000
	secondGrouping = 50_000
	// maxTogether is how many combinations of slots may become one unit. Each costs a list of steps.
	maxTogether = 1_024
)

// wantsGroups tells whether units should be chosen anew at n states: twice in a search, when enough are known to see
// which slots go together.
func (e *engine) wantsGroups(n int) bool {
	due := n >= firstGrouping && e.regrouped < firstGrouping || n >= secondGrouping && e.regrouped < secondGrouping
	if due {
		e.regrouped = n
	}
	return due
}

// chooseGroups decides which slots become units together: those whose combinations stay few on all states seen so far.
// The choice depends on the set of states only, not on the order in which they were found.
func (e *engine) chooseGroups() [][]int {
	groups := make([][]int, e.space.Slots())
	for slot := range groups {
		groups[slot] = []int{slot}
	}
	states := e.allStates()
	for len(groups) > 1 {
		left, right, ok := fewestTogether(groups, states)
		if !ok {
			break
		}
		merged := append(slices.Clone(groups[left]), groups[right]...)
		slices.Sort(merged)
		groups[left] = merged
		groups = slices.Delete(groups, right, right+1)
	}
	return groups
}

// allStates gives the visited states as rows of parts.
func (e *engine) allStates() [][]model.PartID {
	var states [][]model.PartID
	now := snapshot{e.units, e.layout, e.shards}
	state := make([]model.PartID, e.space.Slots())
	ids := make([]uint32, len(e.layout.fields))
	for i, s := range e.shards {
		s.set.Each(func(key uint64, _ uint8) bool {
			now.unpack(e.layout.mixer.Unmix(e.layout.mixed(i, key)), ids, state)
			states = append(states, slices.Clone(state))
			return true
		})
	}
	return states
}

// fewestTogether gives the two groups with the fewest combinations, if these are few.
func fewestTogether(groups [][]int, states [][]model.PartID) (left, right int, ok bool) {
	fewest := min(maxTogether, len(states)/8) + 1
	for i := range groups {
		for k := i + 1; k < len(groups); k++ {
			n := combinations(groups[i], groups[k], states, fewest)
			if n < fewest {
				left, right, fewest, ok = i, k, n, true
			}
		}
	}
	return left, right, ok
}

// combinations counts what two groups hold together, up to a limit.
func combinations(a, b []int, states [][]model.PartID, limit int) int {
	distinct := make(map[string]bool)
	var key []byte
	for _, state := range states {
		key = key[:0]
		for _, group := range [][]int{a, b} {
			for _, slot := range group {
				id := state[slot]
				key = append(key, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
			}
		}
		if !distinct[string(key)] {
			distinct[string(key)] = true
			if len(distinct) >= limit {
				break
			}
		}
	}
	return len(distinct)
}
