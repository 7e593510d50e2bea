// Package nemesis plans what goes wrong in a run of a cluster, and what its clients ask meanwhile. A schedule of faults
// is data: it is made from random numbers, written to a file, read again and shrunk. Nothing here has a clock, a
// goroutine or a random number of its own, so that the same schedule affects processes of an operating system and
// servers on virtual time.
package nemesis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong, from At until At + For.
type Fault struct {
	Kind    Kind
	At      time.Duration // from the start of the run
	For     time.Duration // a server that ended is started again after so long
	Servers []int         // whom it affects, by their places from 0, ascending; of a partition, one side

	Probability float64       // of Drop, Duplicate and Reorder: what each message meets, above 0 and at most 1
	Least, Most time.Duration // of Delay: how late a message is
	Deaf        bool          // of Partition: Servers hear nothing of the others, who hear them
	Harm        Harm          // of Corrupt
	// Ambush is of Kill: the servers end together, right after a put was acknowledged and while nothing else is under
	// way, as soon as there is such a moment from At on; and what clients do next is to read, once the first of them are
	// back. What a server says before it has saved it shows then. Ambushes that begin at the same time are one; who
	// answers last is one that comes back last. Where nobody can wait for such a moment, it is a kill like others.
	Ambush bool
}

// Ends is when the fault is over.
func (f Fault) Ends() time.Duration { return f.At + f.For }

// String returns the fault in a line: "1.2s for 300ms: kill 0 2".
func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v for %v: %v", f.At, f.For, f.Kind)
	for _, s := range f.Servers {
		fmt.Fprintf(&b, " %d", s)
	}
	if k := f.Kind.spec(); k.probable {
		fmt.Fprintf(&b, " with probability %g", f.Probability)
	} else if k.tell != nil {
		b.WriteString(k.tell(f))
	}
	return b.String()
}

// MaxServers is how many servers a schedule may be for.
const MaxServers = 64

// MaxFaults is how many faults a schedule may have.
const MaxFaults = 1_000_000

// Schedule is what goes wrong in a run, and how long the run is. Its slices are not to be changed.
type Schedule struct {
	Servers  int
	Duration time.Duration
	Faults   []Fault // ascending by At
}

// Kinds returns the kinds of its faults, each once, in their order.
func (s Schedule) Kinds() []Kind {
	var all []Kind
	for _, f := range s.Faults {
		all = append(all, f.Kind)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Validate returns what is wrong with a schedule, or nil.
func (s Schedule) Validate() error {
	switch {
	case s.Servers < 1 || s.Servers > MaxServers:
		return fmt.Errorf("%d servers: expected 1 to %d", s.Servers, MaxServers)
	case s.Duration <= 0:
		return fmt.Errorf("run of %v: must be positive", s.Duration)
	case len(s.Faults) > MaxFaults:
		return fmt.Errorf("%d faults: expected at most %d", len(s.Faults), MaxFaults)
	}
	for i, f := range s.Faults {
		if err := s.verify(f); err != nil {
			return fmt.Errorf("fault %d: %w", i, err)
		}
		if i > 0 && f.At < s.Faults[i-1].At {
			return fmt.Errorf("fault %d begins before the previous one; sort faults by their beginning", i)
		}
	}
	return nil
}

func (s Schedule) verify(f Fault) error {
	if !f.Kind.known() {
		return errors.New("the fault has no kind")
	}
	if f.At < 0 || f.For <= 0 || f.Ends() > s.Duration || f.Ends() < f.At {
		return fmt.Errorf("from %v for %v: must begin and end within the run of %v", f.At, f.For, s.Duration)
	}
	if len(f.Servers) == 0 {
		return errors.New("the fault affects no server")
	}
	for i, p := range f.Servers {
		if p < 0 || p >= s.Servers || i > 0 && p <= f.Servers[i-1] {
			return fmt.Errorf("server %d: expected places from 0 to %d, ascending", p, s.Servers-1)
		}
	}
	if err := f.verifyBadness(); err != nil {
		return err
	}
	if err := f.Harm.verify(f.Kind); err != nil {
		return err
	}
	if f.Ambush && !f.Kind.spec().ambush {
		return fmt.Errorf("kill-after-ack (ambush) is not available for %v; use one of %s", f.Kind, Words(kinds(func(_ Kind, s spec) bool { return s.ambush })))
	}
	if f.Kind.spec().parts && len(f.Servers) == s.Servers {
		return errors.New("a partition must leave servers on the other side")
	}
	return nil
}
