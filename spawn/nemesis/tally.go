package nemesis

import (
	"fmt"
	"strings"
)

// Tally counts what faults really did: the messages that they befell (Drop, Duplicate, Delay, Reorder, Partition), the
// servers (Kill, Pause, PowerOff, and Corrupt once one has refused its file) and the saves that failed (DiskFull, DiskFailing). A fault that was planned and met nothing is
// not in it.
type Tally [Corrupt + 1]uint64

// Add counts n more.
func (t *Tally) Add(k Kind, n uint64) { t[k] += n }

// Merge adds another tally.
func (t *Tally) Merge(o Tally) {
	for k, n := range o {
		t[k] += n
	}
}

// Missing gives those of some kinds that never happened.
func (t *Tally) Missing(kinds []Kind) []Kind {
	var all []Kind
	for _, k := range kinds {
		if t[k] == 0 {
			all = append(all, k)
		}
	}
	return all
}

// String tells how often each kind happened, "drop 17, kill 3", or "none".
func (t *Tally) String() string {
	var all []string
	for _, k := range without(0) {
		if t[k] > 0 {
			all = append(all, fmt.Sprintf("%v %d", k, t[k]))
		}
	}
	if all == nil {
		return "none"
	}
	return strings.Join(all, ", ")
}
