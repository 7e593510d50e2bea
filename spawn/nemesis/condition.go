package nemesis

import (
	"iter"
	"slices"
	"time"

	"synod/spawn/faults"
)

// MaxDelay is the longest delay of a message that a schedule may have.
const MaxDelay = faults.MaxDelay

// Condition describes the faults that affect one server at a moment. The zero value is no fault.
type Condition struct {
	Down    bool        // the server does not run
	Off     bool        // its machine does not run either
	Paused  bool        // the process is stopped, but alive
	Network faults.Plan // for messages that it sends, and requests to it
	Cut     []int       // servers to which its link is cut in both directions, ascending
	Deaf    []int       // servers whose messages it does not receive, ascending
	Disk    faults.Disk
	Harm    Harm // damage to its file while it is down
}

// Equal reports whether two conditions are the same.
func (c Condition) Equal(d Condition) bool {
	return c.Down == d.Down && c.Off == d.Off && c.Paused == d.Paused && c.Network == d.Network && c.Disk == d.Disk && c.Harm == d.Harm &&
		slices.Equal(c.Cut, d.Cut) && slices.Equal(c.Deaf, d.Deaf)
}

// Moments returns the times at which faults begin or end, ascending and without duplicates. Conditions change only at
// these times.
func (s Schedule) Moments() []time.Duration {
	var all []time.Duration
	for _, f := range s.Faults {
		all = append(all, f.At, f.Ends())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// At returns the condition of each server at a time. Of overlapping faults of one kind the more severe one applies.
// To get the conditions of all moments, Steps is faster.
func (s Schedule) At(t time.Duration) []Condition {
	var active []Fault
	for _, f := range s.Faults {
		if f.At > t {
			break
		}
		if t < f.Ends() {
			active = append(active, f)
		}
	}
	return s.under(active)
}

// Steps yields the moments, as Moments returns them, each with the conditions of all servers from then on.
func (s Schedule) Steps() iter.Seq2[time.Duration, []Condition] {
	return func(yield func(time.Duration, []Condition) bool) {
		var active []Fault
		next := 0
		for _, t := range s.Moments() {
			active = slices.DeleteFunc(active, func(f Fault) bool { return t >= f.Ends() })
			for ; next < len(s.Faults) && s.Faults[next].At <= t; next++ {
				active = append(active, s.Faults[next])
			}
			if !yield(t, s.under(active)) {
				return
			}
		}
	}
}

// under returns the conditions under the given faults.
func (s Schedule) under(active []Fault) []Condition {
	all := make([]Condition, s.Servers)
	for _, f := range active {
		s.apply(f, all)
	}
	for i := range all {
		c := &all[i]
		slices.Sort(c.Cut)
		slices.Sort(c.Deaf)
		c.Cut, c.Deaf = slices.Compact(c.Cut), slices.Compact(c.Deaf)
	}
	return all
}

// apply adds the effects of a fault.
func (s Schedule) apply(f Fault, all []Condition) {
	for _, p := range f.Servers {
		f.Kind.spec().apply(s, f, p, all)
	}
}

// part separates a server from those on the other side of a partition.
func (s Schedule) part(f Fault, p int, all []Condition) {
	for other := range all {
		switch _, same := slices.BinarySearch(f.Servers, other); {
		case same:
		case f.Deaf:
			all[p].Deaf = append(all[p].Deaf, other)
		default:
			all[p].Cut = append(all[p].Cut, other)
			all[other].Cut = append(all[other].Cut, p)
		}
	}
}
