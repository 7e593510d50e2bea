package nemesis

import (
	"fmt"
	"strings"
)

// Tally counts the effects of faults; Account.Counted describes what is counted for each kind. A planned fault
// without any effect is not counted.
type Tally [len(vocabulary)]uint64

// Add adds n to the count of a kind.
func (t *Tally) Add(k Kind, n uint64) { t[k] += n }

// Merge adds another tally.
func (t *Tally) Merge(o Tally) {
	for k, n := range o {
		t[k] += n
	}
}

// Missing returns the given kinds that never occurred.
func (t *Tally) Missing(kinds []Kind) []Kind {
	var all []Kind
	for _, k := range kinds {
		if t[k] == 0 {
			all = append(all, k)
		}
	}
	return all
}

// String returns the number of occurrences of each kind, as in "drop 17, kill 3", or "none".
func (t *Tally) String() string {
	var all []string
	for _, k := range AllKinds() {
		if t[k] > 0 {
			all = append(all, fmt.Sprintf("%v %d", k, t[k]))
		}
	}
	if all == nil {
		return "none"
	}
	return strings.Join(all, ", ")
}
