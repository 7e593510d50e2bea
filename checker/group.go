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
	n := e.unique()
	states, all := make([][]model.PartID, 0, n), make([]model.PartID, 0, n*len(groups))
	for state := range (&Result{engine: e}).States() {
		all = append(all, state...)
		states = append(states, all[len(all)-len(state):])
	}
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
