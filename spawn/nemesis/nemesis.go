// Package nemesis plans what goes wrong in a run of a cluster, and what its clients ask meanwhile. A schedule of faults
// is data: it is made from random numbers, written to a file, read again and shrunk. Nothing here has a clock, a
// goroutine or a random number of its own, so that the same schedule befalls processes of an operating system and
// servers on virtual time.
package nemesis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of fault.
type Kind uint8

// The kinds of faults.
const (
	Drop        Kind = iota + 1 // messages get lost
	Duplicate                   // messages come twice
	Delay                       // messages come late
	Reorder                     // messages wait for others to overtake them
	Partition                   // some servers are cut off from the others
	Kill                        // servers end at once, without notice, and are started again
	Pause                       // servers stand still and go on, without noticing
	DiskFull                    // nothing can be written
	DiskFailing                 // an fsync fails, and what was to be written may be there or not
	PowerOff                    // machines end at once, with servers and page cache, and are started again
	Corrupt                     // servers end at once, and find their files damaged, until these are put back
)

var names = [...]string{
	"none", "drop", "duplicate", "delay", "reorder", "partition", "kill", "pause", "disk-full", "disk-failing",
	"power-off", "corrupt",
}

// Kinds returns the kinds that can befall processes of an operating system, in their order.
func Kinds() []Kind { return without(PowerOff) }

// VirtualKinds returns the kinds that can befall machines that are simulated, in their order.
func VirtualKinds() []Kind { return without(Corrupt) }

// without returns all kinds but one, in their order.
func without(other Kind) []Kind {
	var all []Kind
	for k := Drop; k <= Corrupt; k++ {
		if k != other {
			all = append(all, k)
		}
	}
	return all
}

// String is the word for a kind in flags, files and reports.
func (k Kind) String() string {
	if int(k) >= len(names) {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return names[k]
}

// ParseKind reads the word for a kind.
func ParseKind(s string) (Kind, error) {
	if i := slices.Index(names[1:], s); i >= 0 {
		return Kind(i + 1), nil
	}
	return 0, fmt.Errorf("%q: expected one of %s", s, strings.Join(names[1:], ", "))
}

// OfDisks reports whether a kind befalls what servers keep.
func (k Kind) OfDisks() bool { return k == DiskFull || k == DiskFailing || k == Corrupt }

// hasProbability tells whether a kind befalls each message with a probability.
func (k Kind) hasProbability() bool { return k == Drop || k == Duplicate || k == Reorder }

// Fault is something that goes wrong, from At until At + For.
type Fault struct {
	Kind    Kind
	At      time.Duration // from the start of the run
	For     time.Duration // a server that ended is started again after so long
	Servers []int         // whom it befalls, by their places from 0, ascending; of a partition, one side

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

// String tells the fault in a line: "1.2s for 300ms: kill 0 2".
func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v for %v: %v", f.At, f.For, f.Kind)
	for _, s := range f.Servers {
		fmt.Fprintf(&b, " %d", s)
	}
	switch {
	case f.Kind.hasProbability():
		fmt.Fprintf(&b, " with probability %g", f.Probability)
	case f.Kind == Delay:
		fmt.Fprintf(&b, " by %v..%v", f.Least, f.Most)
	case f.Kind == Corrupt:
		fmt.Fprintf(&b, ", %v", f.Harm)
	case f.Deaf:
		b.WriteString(", who hear nothing")
	case f.Ambush:
		b.WriteString(", right after an answer")
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

// Kinds gives the kinds of its faults, each once, in their order.
func (s Schedule) Kinds() []Kind {
	var all []Kind
	for _, f := range s.Faults {
		all = append(all, f.Kind)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Validate tells what is wrong with a schedule, or nil.
func (s Schedule) Validate() error {
	switch {
	case s.Servers < 1 || s.Servers > MaxServers:
		return fmt.Errorf("%d servers: expected 1 to %d", s.Servers, MaxServers)
	case s.Duration <= 0:
		return fmt.Errorf("a run of %v: expected a positive duration", s.Duration)
	case len(s.Faults) > MaxFaults:
		return fmt.Errorf("%d faults: expected at most %d", len(s.Faults), MaxFaults)
	}
	for i, f := range s.Faults {
		if err := s.verify(f); err != nil {
			return fmt.Errorf("fault %d: %w", i, err)
		}
		if i > 0 && f.At < s.Faults[i-1].At {
			return fmt.Errorf("fault %d: expected it not to begin before the one that stands before it", i)
		}
	}
	return nil
}

func (s Schedule) verify(f Fault) error {
	if f.Kind < Drop || f.Kind > Corrupt {
		return errors.New("expected a kind of fault")
	}
	if f.At < 0 || f.For <= 0 || f.Ends() > s.Duration || f.Ends() < f.At {
		return fmt.Errorf("from %v for %v: expected it to begin and to end within the run of %v", f.At, f.For, s.Duration)
	}
	if len(f.Servers) == 0 {
		return errors.New("expected the servers that it befalls")
	}
	for i, p := range f.Servers {
		if p < 0 || p >= s.Servers || i > 0 && p <= f.Servers[i-1] {
			return fmt.Errorf("server %d: expected places from 0 to %d, ascending", p, s.Servers-1)
		}
	}
	// The negation refuses what is no number, too.
	if f.Kind.hasProbability() && !(f.Probability > 0 && f.Probability <= 1) {
		return fmt.Errorf("probability %g: expected more than 0, and at most 1", f.Probability)
	}
	if f.Kind == Delay && (f.Least < 0 || f.Most < f.Least || f.Most == 0 || f.Most > MaxDelay) {
		return fmt.Errorf("a delay of %v..%v: expected a range from 0 to %v, not all of it 0", f.Least, f.Most, MaxDelay)
	}
	if err := f.Harm.verify(f.Kind); err != nil {
		return err
	}
	if f.Ambush && f.Kind != Kill {
		return fmt.Errorf("an ambush of %v: expected one of kill", f.Kind)
	}
	if f.Kind == Partition && len(f.Servers) == s.Servers {
		return errors.New("a partition needs servers on its other side: expected some")
	}
	return nil
}
