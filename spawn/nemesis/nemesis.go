// Package nemesis plans the faults of a run of a cluster, and the operations of its clients. A schedule of faults is
// data: it is generated from random numbers, written to a file, read again and shrunk. The package uses no clock,
// goroutine or random source of its own, so the same schedule can be applied to operating system processes and to
// servers on virtual time.
package nemesis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fault is a fault that lasts from At until At + For.
type Fault struct {
	Kind    Kind
	At      time.Duration // since the start of the run
	For     time.Duration // for a server that is killed, the time until it restarts
	Servers []int         // indexes of the affected servers, from 0, ascending; for a partition, one side

	Probability float64       // for Drop, Duplicate and Reorder: per message, in (0, 1]
	Least, Most time.Duration // for Delay: bounds of the delay
	Deaf        bool          // for Partition: Servers receive nothing from the others, but the others hear them
	Harm        Harm          // for Corrupt
	// AfterAck applies to Kill. The servers are killed together, right after a put was acknowledged and while no other
	// operation is outstanding, at the first such moment from At on. Clients then read first, once the first servers are
	// back. This detects a server that acknowledges before it has saved. Such kills that begin at the same time are one;
	// the server that answered last is among those that come back last. Where it is impossible to wait for such a
	// moment, it is an ordinary kill.
	AfterAck bool
}

// Ends returns the time at which the fault ends.
func (f Fault) Ends() time.Duration { return f.At + f.For }

// String returns the fault as a line: "1.2s for 300ms: kill 0 2".
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

// MaxServers is the maximum number of servers of a schedule.
const MaxServers = 64

// MaxFaults is the maximum number of faults of a schedule.
const MaxFaults = 1_000_000

// Schedule is the faults of a run and its duration. Its slices must not be modified.
type Schedule struct {
	Servers  int
	Duration time.Duration
	Faults   []Fault // ascending by At
}

// Kinds returns the kinds of its faults, without duplicates, in order of kind.
func (s Schedule) Kinds() []Kind {
	var all []Kind
	for _, f := range s.Faults {
		all = append(all, f.Kind)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Validate returns an error if a schedule is invalid.
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
	if f.AfterAck && !f.Kind.spec().afterAck {
		return fmt.Errorf("after_ack is not available for %v; use one of %s", f.Kind, Words(kinds(func(_ Kind, s spec) bool { return s.afterAck })))
	}
	if f.Kind.spec().parts && len(f.Servers) == s.Servers {
		return errors.New("a partition must leave servers on the other side")
	}
	return nil
}
