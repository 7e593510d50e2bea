package nemesis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"synod/spawn/faults"
)

// Kind is a kind of fault. Its number is its index in the vocabulary.
type Kind uint8

// The kinds of faults.
const (
	Drop Kind = iota + 1
	Duplicate
	Delay
	Reorder
	Partition
	Kill
	Pause
	DiskFull
	DiskFailing
	PowerOff
	Corrupt
)

// Account describes a kind of fault and how it is injected. Each field is a phrase.
type Account struct {
	Doc     string // what happens
	Counted string // the unit that a Tally counts
	// How it is injected into operating system processes, with real sockets and files; into servers on virtual time; and
	// how a model represents it. If it is not offered, the text begins with NotOffered and a reason follows.
	Processes, Machines, Model string
}

// NotOffered begins an Account field if the fault is not available there.
const NotOffered = "not offered"

// spec is the specification of a kind.
type spec struct {
	word string
	Account

	disk      bool // it affects the saved state of servers
	mild      bool // safe for servers that save nothing and rely on every message arriving once
	unordered bool // it cannot happen over streams
	parts     bool // it needs a server that is not affected
	afterAck  bool // it can wait for an acknowledgement
	harms     bool // it has a Harm
	// probable reports whether the fault affects each message with its Probability.
	probable bool

	draw   func(g *generator, t turn, f *Fault)              // draws the servers and the parameters
	apply  func(s Schedule, f Fault, p int, all []Condition) // adds its effect on server p
	verify func(f Fault) error                               // validates the parameters; nil if there are none
	tell   func(f Fault) string                              // describes the parameters; nil if there are none

	counts func(s faults.Status) uint64 // the count of an injector; nil if it does not count this
	dying  error                        // the error with which it ends a server, if it does
}

// Common sources of faults.
const (
	injected  = "the server's injector draws for each message"
	onNetwork = "the simulated network draws for each packet"
	anyOrder  = "every order that the network allows is explored"
	noDisk    = NotOffered + ": a server that cannot save stops, which is a crash"
)

// vocabulary is the single list of faults. The text in flags, files and reports, the drawing of faults and the
// condition of a server under a fault are derived from it. The code that applies faults to processes and on virtual
// time uses a Condition.
var vocabulary = [...]spec{
	Drop: {
		word: "drop", probable: true,
		Account: Account{
			"messages get lost",
			"messages",
			injected,
			onNetwork + "; a stream breaks",
			"`--lossy`, at most `--max-drops` times",
		},
		draw: drawProbable,
		apply: func(_ Schedule, f Fault, p int, all []Condition) {
			all[p].Network.Drop = max(all[p].Network.Drop, f.Probability)
		},
		counts: func(s faults.Status) uint64 { return s.Dropped },
	},
	Duplicate: {
		word: "duplicate", probable: true, unordered: true,
		Account: Account{
			"messages are duplicated",
			"messages",
			injected,
			onNetwork,
			"`--network unordered_duplicating`",
		},
		draw: drawProbable,
		apply: func(_ Schedule, f Fault, p int, all []Condition) {
			all[p].Network.Duplicate = max(all[p].Network.Duplicate, f.Probability)
		},
		counts: func(s faults.Status) uint64 { return s.Duplicated },
	},
	Delay: {
		word: "delay", mild: true,
		Account: Account{
			"messages are delayed",
			"messages",
			injected,
			onNetwork,
			anyOrder,
		},
		draw: func(g *generator, _ turn, f *Fault) {
			f.Servers = g.network()
			f.Least = time.Duration(g.below(10)) * time.Millisecond
			f.Most = f.Least + time.Duration(1+g.below(50))*time.Millisecond
		},
		apply: func(_ Schedule, f Fault, p int, all []Condition) {
			if n := &all[p].Network; f.Most > n.DelayMax {
				n.DelayMin, n.DelayMax = f.Least, f.Most
			}
		},
		verify: func(f Fault) error {
			if f.Least < 0 || f.Most < f.Least || f.Most == 0 || f.Most > MaxDelay {
				return fmt.Errorf("delay of %v..%v: must be a range from 0 to %v, and not 0", f.Least, f.Most, MaxDelay)
			}
			return nil
		},
		tell:   func(f Fault) string { return fmt.Sprintf(" by %v..%v", f.Least, f.Most) },
		counts: func(s faults.Status) uint64 { return s.Delayed },
	},
	Reorder: {
		word: "reorder", probable: true, mild: true, unordered: true,
		Account: Account{
			"messages are overtaken by later ones",
			"messages",
			injected,
			onNetwork,
			anyOrder,
		},
		draw: drawProbable,
		apply: func(_ Schedule, f Fault, p int, all []Condition) {
			all[p].Network.Reorder = max(all[p].Network.Reorder, f.Probability)
		},
		counts: func(s faults.Status) uint64 { return s.Reordered },
	},
	Partition: {
		word: "partition", parts: true,
		Account: Account{
			"some servers are partitioned from the others, in both directions or in one",
			"messages lost",
			"the server's injector carries nothing over its links",
			"the simulated network delivers nothing; a stream waits",
			"`--max-partitions` times, one server at a time",
		},
		draw: func(g *generator, _ turn, f *Fault) {
			f.Servers = g.some(1 + g.below(g.Servers-1))
			f.Deaf = g.below(3) == 0
		},
		apply: func(s Schedule, f Fault, p int, all []Condition) { s.part(f, p, all) },
		tell: func(f Fault) string {
			if f.Deaf {
				return ", inbound only"
			}
			return ""
		},
		counts: func(s faults.Status) uint64 { return s.Severed },
	},
	Kill: {
		word: "kill", afterAck: true,
		Account: Account{
			"kills one, some or all servers without notice and restarts them, at any moment or right after an acknowledgement",
			"servers",
			"SIGKILL",
			"the process ends in the middle of a step",
			"`--max-down`, at most `--max-crashes` times",
		},
		draw:  drawEnd,
		apply: func(_ Schedule, _ Fault, p int, all []Condition) { all[p].Down = true },
		tell: func(f Fault) string {
			if f.AfterAck {
				return ", right after an acknowledgement"
			}
			return ""
		},
	},
	Pause: {
		word: "pause", mild: true,
		Account: Account{
			"servers stop and continue, without noticing",
			"servers",
			"SIGSTOP and SIGCONT",
			"the process takes no step",
			"any server may take no step for as long as you like",
		},
		draw:  drawSome,
		apply: func(_ Schedule, _ Fault, p int, all []Condition) { all[p].Paused = true },
	},
	DiskFull: {
		word: "disk-full", disk: true,
		Account: Account{
			"writes fail, so that the server stops; it is restarted later",
			"saves",
			"the server's injector fails the save",
			"the simulated disk rejects writes",
			noDisk,
		},
		draw: drawSome,
		apply: func(_ Schedule, _ Fault, p int, all []Condition) {
			if c := &all[p]; c.Disk == faults.Sound {
				c.Disk = faults.Full
			}
		},
		dying: faults.ErrFull,
	},
	DiskFailing: {
		word: "disk-failing", disk: true,
		Account: Account{
			"an fsync fails, so that the server stops; the data may or may not be on disk",
			"saves",
			"the server's injector fails the save, after it or before",
			"the simulated disk fails, with or without a partial write",
			noDisk,
		},
		draw:  drawSome,
		apply: func(_ Schedule, _ Fault, p int, all []Condition) { all[p].Disk = faults.Failing },
		dying: faults.ErrFailing,
	},
	PowerOff: {
		word: "power-off",
		Account: Account{
			"machines lose power, with servers and page cache, and restart",
			"servers",
			NotOffered + ": what a process wrote stays with the system",
			"the simulated disk loses unsynced writes",
			"`--max-crashes`: persisted state is on disk before messages leave",
		},
		draw:  drawEnd,
		apply: func(_ Schedule, _ Fault, p int, all []Condition) { all[p].Down, all[p].Off = true, true },
	},
	Corrupt: {
		word: "corrupt", disk: true, harms: true,
		Account: Account{
			"servers are killed and their files damaged, which they must detect; then the files are restored",
			"files refused",
			"a bit, the tail or a sector of the file is changed while the server is down",
			NotOffered + ": the simulated disk has partial writes, but no bit rot",
			NotOffered + ": a server that refuses its file is one that is down",
		},
		draw: func(g *generator, t turn, f *Fault) {
			drawSome(g, t, f)
			f.Harm = Harm{Bit + Damage(g.below(int(Sector))), float64(g.below(1000)) / 1000}
		},
		apply: func(_ Schedule, f Fault, p int, all []Condition) { all[p].Down, all[p].Harm = true, f.Harm },
		tell:  func(f Fault) string { return fmt.Sprintf(", %v", f.Harm) },
	},
}

// drawProbable draws the probability of a fault per message.
func drawProbable(g *generator, _ turn, f *Fault) {
	f.Servers = g.network()
	f.Probability = [...]float64{0.01, 0.05, 0.1, 0.3, 0.6}[g.below(5)]
}

// drawSome draws the servers of a fault: usually one.
func drawSome(g *generator, _ turn, f *Fault) {
	f.Servers = g.some(1)
	if g.below(4) == 0 {
		f.Servers = g.some(1 + g.below(g.Servers))
	}
}

// drawEnd draws the servers that end. Lost state shows best when all servers lose it at once.
func drawEnd(g *generator, t turn, f *Fault) {
	switch pick := g.below(4); {
	case pick == 0, pick > 1 && t.afterAck:
		f.Servers = g.some(g.Servers)
	case pick == 1:
		f.Servers = g.some(1 + g.below(g.Servers))
	default:
		f.Servers = g.some(1)
	}
}

// known reports whether a kind is valid.
func (k Kind) known() bool { return k >= 1 && int(k) < len(vocabulary) }

// spec returns the specification of a kind, which is empty for an unknown one.
func (k Kind) spec() spec {
	if k.known() {
		return vocabulary[k]
	}
	return spec{word: fmt.Sprintf("kind %d", uint8(k))}
}

// kinds returns the kinds for which pick returns true, in order.
func kinds(pick func(k Kind, s spec) bool) []Kind {
	var all []Kind
	for k := Kind(1); k.known(); k++ {
		if pick(k, vocabulary[k]) {
			all = append(all, k)
		}
	}
	return all
}

// AllKinds returns all kinds, in order.
func AllKinds() []Kind { return kinds(func(Kind, spec) bool { return true }) }

// Kinds returns the kinds available for operating system processes, in order.
func Kinds() []Kind {
	return kinds(func(_ Kind, s spec) bool { return !strings.HasPrefix(s.Processes, NotOffered) })
}

// VirtualKinds returns the kinds available for simulated machines, in order.
func VirtualKinds() []Kind {
	return kinds(func(_ Kind, s spec) bool { return !strings.HasPrefix(s.Machines, NotOffered) })
}

// MildKinds returns the kinds that are safe for servers that save nothing: servers that lose their state when they
// stop, or that rely on every message arriving once, guarantee no more.
func MildKinds() []Kind { return kinds(func(_ Kind, s spec) bool { return s.mild }) }

// String returns the name of a kind in flags, files and reports.
func (k Kind) String() string {
	if k == 0 {
		return "none"
	}
	return k.spec().word
}

// Account returns the description of a kind.
func (k Kind) Account() Account { return k.spec().Account }

// OfDisks reports whether a kind affects saved state.
func (k Kind) OfDisks() bool { return k.spec().disk }

// Possible reports whether a kind can occur with the given number of servers, over streams or with datagrams.
func (k Kind) Possible(servers int, streams bool) bool {
	s := k.spec()
	return !(s.parts && servers == 1) && !(s.unordered && streams)
}

// Occurred returns the number of messages affected by a kind, as counted by an injector; 0 for a kind that it does
// not count.
func (k Kind) Occurred(s faults.Status) uint64 {
	if counts := k.spec().counts; counts != nil {
		return counts(s)
	}
	return 0
}

// DiedOf returns the kind of fault that a server's last output indicates, or 0.
func DiedOf(words string) Kind {
	for _, k := range AllKinds() {
		if err := vocabulary[k].dying; err != nil && strings.Contains(words, err.Error()) {
			return k
		}
	}
	return 0
}

// ParseKind parses the name of a kind.
func ParseKind(word string) (Kind, error) {
	for _, k := range AllKinds() {
		if vocabulary[k].word == word {
			return k, nil
		}
	}
	return 0, fmt.Errorf("%q: expected one of %s", word, Words(AllKinds()))
}

// ParseKinds parses names of kinds separated by commas, and returns each kind once, in order. It returns an error for
// a kind that is not offered; refused may return an error with the reason, or nil.
func ParseKinds(words string, offered []Kind, refused func(k Kind) error) ([]Kind, error) {
	var given []Kind
	for _, word := range strings.Split(words, ",") {
		k, err := ParseKind(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("%q: expected one of %s", strings.TrimSpace(word), Words(offered))
		}
		if refused != nil {
			if err := refused(k); err != nil {
				return nil, err
			}
		}
		given = append(given, k)
	}
	return kinds(func(k Kind, _ spec) bool { return slices.Contains(given, k) }), nil
}

// Words returns the names of kinds separated by commas.
func Words(kinds []Kind) string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.String())
	}
	return strings.Join(all, ",")
}

// verifyBadness returns an error if the parameters of a fault are invalid.
func (f Fault) verifyBadness() error {
	s := f.Kind.spec()
	// The negated condition also rejects NaN.
	if s.probable && !(f.Probability > 0 && f.Probability <= 1) {
		return fmt.Errorf("probability %g: must be more than 0 and at most 1", f.Probability)
	}
	if s.verify != nil {
		return s.verify(f)
	}
	return nil
}
