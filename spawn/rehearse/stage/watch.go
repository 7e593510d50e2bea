package stage

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

// watch observes a server's machine from outside, so that bugs of the machine and of its driver both show. It checks
// that
//
//   - a timer fires only if it was set since the process began, and is due;
//   - a restarted server finds its records as some step wrote them, and not older than the last step after which a
//     message left (save before send);
//   - the invariants of the program hold for all servers that are up.
type watch struct {
	spawn.Machine
	spawn.Inspector // of the same process

	node  *node
	begun bool // the process has taken its first step
	armed []machine.Alarm
	kept  []part   // of each record, ascending by name, as the last step wrote it
	sums  []uint64 // of all records after each step; first after the last step after which a message left
}

// part is the digest of a record.
type part struct {
	name string
	sum  uint64
}

// begin starts to observe a new machine; inside is used for inspection.
func (v *watch) begin(m spawn.Machine, inside spawn.Inspector) {
	v.Machine, v.Inspector, v.begun = m, inside, false
	v.armed = v.armed[:0]
	if v.sums == nil {
		v.sums = []uint64{0}
	}
}

// Step checks an event, passes it to the machine and records the effects.
func (v *watch) Step(e machine.Event, now time.Duration) (machine.Effects, error) {
	n := v.node
	n.w.noteEvent(n, e)
	switch e.Kind {
	case machine.Timeout:
		v.fires(e, now)
	case machine.Start, machine.Recover:
		if v.Durable() {
			v.recovers(e.Records)
		}
	case machine.Receive, machine.Choice:
	}
	effects, err := v.Machine.Step(e, now)
	if err != nil || effects.Rejected != nil {
		return effects, err
	}
	v.begun = true
	n.w.hold(n)
	for _, a := range effects.Arm {
		v.disarm(a)
		v.armed = append(v.armed, a)
	}
	for _, t := range effects.Disarm {
		v.disarm(machine.Alarm{Timer: t})
	}
	if len(effects.Save) > 0 {
		for _, r := range effects.Save {
			v.change(r)
		}
		v.sums = append(v.sums, v.sum())
		n.w.noteSave(n, effects.Save)
	}
	return effects, nil
}

// fires checks a timer that fires.
func (v *watch) fires(e machine.Event, now time.Duration) {
	at := slices.IndexFunc(v.armed, func(a machine.Alarm) bool { return a.Timer == e.Timer })
	switch {
	case at < 0:
		v.node.w.violation(v.node, fmt.Sprintf("the timer %v fired, which was not set since the server began", e.Timer))
	case v.armed[at].At > now:
		v.node.w.violation(v.node, fmt.Sprintf("the timer %v fired %v too early", e.Timer, v.armed[at].At-now))
	}
	v.disarm(machine.Alarm{Timer: e.Timer})
}

func (v *watch) disarm(a machine.Alarm) {
	v.armed = slices.DeleteFunc(v.armed, func(b machine.Alarm) bool { return a.Timer == b.Timer })
}

// recovers checks the records that a starting server finds.
func (v *watch) recovers(records []storage.Record) {
	v.kept = v.kept[:0]
	for _, r := range records {
		v.kept = append(v.kept, part{r.Name, sumOf(r)})
	}
	found := v.sum()
	if !slices.Contains(v.sums, found) {
		v.node.w.violation(v.node, fmt.Sprintf(
			"it came back with %s, which is not what it had to keep when it last sent a message, nor later", describe(records)))
	}
	v.sums = append(v.sums, found)
}

// departed records that a message has left: the states before the last step are no longer valid to recover.
func (v *watch) departed() {
	last := len(v.sums) - 1
	v.sums[0] = v.sums[last]
	v.sums = v.sums[:1]
}

// change records a changed record.
func (v *watch) change(r storage.Record) {
	at, found := slices.BinarySearchFunc(v.kept, r.Name, func(p part, name string) int {
		return strings.Compare(p.name, name)
	})
	switch {
	case r.Data == nil && found:
		v.kept = slices.Delete(v.kept, at, at+1)
	case r.Data == nil:
	case found:
		v.kept[at].sum = sumOf(r)
	default:
		v.kept = slices.Insert(v.kept, at, part{r.Name, sumOf(r)})
	}
}

// sum returns the digest of all records.
func (v *watch) sum() uint64 {
	var sum uint64
	for _, p := range v.kept {
		sum += p.sum
	}
	return sum
}

func sumOf(r storage.Record) uint64 {
	d := newDigest()
	d.text(r.Name)
	d.bytes(r.Data)
	return d.sum()
}

// describe returns records as a line of text.
func describe(records []storage.Record) string {
	if len(records) == 0 {
		return "nothing"
	}
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprintf("%s %s", r.Name, r.Data))
	}
	return strings.Join(all, ", ")
}
