package liveness

import "slices"

// The code of a set in a status. A status is a sorted list of sets, each with its code in the low bits. A weak set
// that was taken or disabled is dropped from it.
const (
	owedWeak   = iota // enabled in all states so far, and never taken
	owedStrong        // enabled in some state, and never taken
	paid              // strong, and taken
	debtBits   = 2
)

func setOfDebt(d uint32) uint32 { return d >> debtBits }
func isOwed(d uint32) bool      { return d&(1<<debtBits-1) != paid }

// settle returns the status after reaching a state that enables the sets enabled.
func (t *tour) settle(status, enabled []uint32) []uint32 {
	next := t.spare[:0]
	for _, d := range status {
		if d&(1<<debtBits-1) == owedWeak {
			if _, is := slices.BinarySearch(enabled, setOfDebt(d)); !is {
				continue
			}
		}
		next = append(next, d)
	}
	for _, set := range enabled {
		if !t.isStrong(set) {
			continue
		}
		at, known := slices.BinarySearchFunc(next, set, func(d, set uint32) int { return int(setOfDebt(d)) - int(set) })
		if !known {
			next = slices.Insert(next, at, set<<debtBits|owedStrong)
		}
	}
	t.spare = next
	return next
}

// begin returns the status of a loop that begins in a state that enables the sets enabled.
func (t *tour) begin(enabled []uint32) []uint32 {
	status := make([]uint32, len(enabled))
	for i, set := range enabled {
		debt := uint32(owedWeak)
		if t.isStrong(set) {
			debt = owedStrong
		}
		status[i] = set<<debtBits | debt
	}
	return status
}

// take returns the status after a step with a label.
func (t *tour) take(status []uint32, label uint32) []uint32 {
	if label == 0 {
		return status
	}
	sets := t.Just.Sets(label)
	next := make([]uint32, 0, len(status))
	for _, d := range status {
		if _, is := slices.BinarySearch(sets, setOfDebt(d)); is && isOwed(d) {
			if d&(1<<debtBits-1) == owedWeak {
				continue
			}
			d = d&^(1<<debtBits-1) | paid
		}
		next = append(next, d)
	}
	return next
}

// owes reports whether any set is still owed.
func owes(status []uint32) bool { return slices.ContainsFunc(status, isOwed) }

// pays reports whether a set owed before is not owed after.
func pays(before, after []uint32) bool {
	for _, d := range before {
		if isOwed(d) && !slices.Contains(after, d) {
			return true
		}
	}
	return false
}
