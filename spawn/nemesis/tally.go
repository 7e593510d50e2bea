package nemesis

import (
	"fmt"
	"strings"
)

// Tally counts what faults really did, as Account.Counted says of each kind. A fault that was planned and met nothing is not
// in it.
type Tally [len(vocabulary)]uint64

// Add counts n more.
func (t *Tally) Add(k Kind, n uint64) { t[k] += n }

// Merge adds another tally.
func (t *Tally) Merge(o Tally) {
	for k, n := range o {
		t[k] += n
	}
}

// Missing returns those of some kinds that never happened.
func (t *Tally) Missing(kinds []Kind) []Kind {
	var all []Kind
	for _, k := range kinds {
		if t[k] == 0 {
			all = append(all, k)
		}
	}
	return all
}

// String returns how often each kind happened, "drop 17, kill 3", or "none".
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
