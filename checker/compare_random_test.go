package checker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/checker"
	"synod/internal/reference"
	"synod/model"
	"synod/network"
)

// sight is what the properties of random systems look at, in the engine and in the plain search.
type sight struct {
	n           func(k int) int // the number in the state of actor k
	deliverable func() []int    // kinds of messages, in any order
	strange     func() []int    // kinds of messages to nobody
	copies      func() int      // of all messages in flight
	memory      func() int
}

// randomSystem is a random system with its own way to look at it.
type randomSystem struct {
	*twin[gossip]
	ids     []actor.ID // of the actors, in the order of their addition
	numbers []func(model.View) int
	plain   []func(*reference.State[gossip]) int
	toSome  model.Selection[gossip, int]
	toNone  model.Selection[gossip, int]
	memory  model.History[int]
	rich    bool // some actor has timers and choices
}

// drawCrashes draws a network, and whether actors crash.
func drawCrashes(t *rapid.T) model.Config {
	c := model.Config{
		Network: rapid.SampledFrom(network.All()).Draw(t, "network"), Lossy: rapid.Bool().Draw(t, "lossy"),
	}
	if rapid.Bool().Draw(t, "crashes") && (c.Lossy || c.Network != network.Ordered) {
		c.MaxDown = rapid.IntRange(1, 2).Draw(t, "down")
		c.MaxCrashes = rapid.IntRange(0, 3).Draw(t, "crashes at most")
	}
	return c
}

// drawConfig draws what may go wrong.
func drawConfig(t *rapid.T, actors int) model.Config {
	c := drawCrashes(t)
	if c.Lossy {
		c.MaxDrops = rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "drops")
	}
	c.MaxTimeouts = rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(t, "timeouts")
	if actors > 1 {
		c.MaxPartitions = rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "partitions")
	}
	c.TimersLast = rapid.Bool().Draw(t, "timers last")
	c.OneCopy = rapid.Bool().Draw(t, "one copy")
	return c
}

func drawSystem(t *rapid.T, least, most int) *randomSystem {
	// Ids need not be dense, nor in order of their addition.
	n := rapid.IntRange(least, most).Draw(t, "actors")
	return drawActors(t, n, drawConfig(t, n))
}

// drawActors is drawSystem for a number of actors and what may go wrong.
func drawActors(t *rapid.T, n int, c model.Config) *randomSystem {
	ids := actor.IDs(n)
	sys := &randomSystem{twin: newTwin[gossip](c)}
	if rapid.Bool().Draw(t, "sparse") {
		for i := range ids {
			ids[i] = actor.ID(7 * (n - i))
		}
	}
	sys.ids = ids
	sys.crashable(ids[rapid.IntRange(0, n-1).Draw(t, "reliable"):]...)
	if n > 2 && rapid.Bool().Draw(t, "sides") {
		sys.partition(ids[:2], ids[n-1:])
	}
	for _, id := range ids {
		tb := drawTable(t, ids)
		if tb.rich {
			sys.rich = true
			ref := add(sys.twin, id, tb.richActor())
			sys.numbers = append(sys.numbers, func(v model.View) int { st, _ := ref.In(v); return st.N })
			sys.plain = append(sys.plain, func(s *reference.State[gossip]) int { return reference.Local[rich](s, id).N })
		} else {
			ref := add(sys.twin, id, tb.plainActor())
			sys.numbers = append(sys.numbers, func(v model.View) int { st, _ := ref.In(v); return st })
			sys.plain = append(sys.plain, func(s *reference.State[gossip]) int { return reference.Local[int](s, id) })
		}
	}
	kind := func(e actor.Envelope[gossip]) (int, bool) { return kindOf(e.Message), true }
	sys.toSome = model.Select(sys.sys, kind)
	sys.toNone = model.Select(sys.sys, func(e actor.Envelope[gossip]) (int, bool) {
		return kindOf(e.Message), e.To >= stranger
	})
	sys.memory = record(sys.twin, drawObserver(t))
	return sys
}

// drawObserver remembers a small number that depends on the order of what it sees.
func drawObserver(t *rapid.T) actor.Observer[gossip, int] {
	which, factor := rapid.IntRange(0, 3).Draw(t, "sees"), rapid.IntRange(0, 3).Draw(t, "factor")
	o := actor.Observer[gossip, int]{
		Name: "observed", Start: rapid.IntRange(0, 4).Draw(t, "memory"),
		Next: func(h int, e actor.Envelope[gossip], p actor.Passage) (int, error) {
			return (h*factor + kindOf(e.Message) + 2*int(p) + int(e.From%3)) % 5, nil
		},
	}
	switch which {
	case 0:
		o.Sees = func(actor.Envelope[gossip], actor.Passage) bool { return false }
	case 1:
		o.Sees = func(_ actor.Envelope[gossip], p actor.Passage) bool { return p == actor.Accepted }
	case 2:
		o.Sees = func(e actor.Envelope[gossip], _ actor.Passage) bool { return kindOf(e.Message) == 0 }
	}
	if bad := rapid.IntRange(0, 9).Draw(t, "bad"); bad < 5 {
		o.Holds = func(h int) bool { return h != bad }
	}
	return o
}

func (sys *randomSystem) engineSight(v model.View) sight {
	return sight{
		n:           func(k int) int { return sys.numbers[k](v) },
		deliverable: func() []int { return sys.toSome.Deliverable(v) },
		strange:     func() []int { return sys.toNone.InFlight(v) },
		copies: func() int {
			n := 0
			for _, f := range sys.sys.InFlight(v) {
				n += f.Copies
			}
			return n
		},
		memory: func() int { return sys.memory.In(v) },
	}
}

func (sys *randomSystem) plainSight(s *reference.State[gossip]) sight {
	kinds := func(envelopes []actor.Envelope[gossip], which func(actor.ID) bool) []int {
		var all []int
		for _, e := range envelopes {
			if k := kindOf(e.Message); which(e.To) && !slices.Contains(all, k) {
				all = append(all, k)
			}
		}
		return all
	}
	return sight{
		n:           func(k int) int { return sys.plain[k](s) },
		deliverable: func() []int { return kinds(s.Deliverable(), func(actor.ID) bool { return true }) },
		strange:     func() []int { return kinds(s.InFlight(), func(to actor.ID) bool { return to >= stranger }) },
		copies:      func() int { return len(s.InFlight()) },
		memory:      func() int { return s.Memory(0).(int) },
	}
}

// drawPredicate returns a predicate with the words that describe it.
func (sys *randomSystem) drawPredicate(t *rapid.T) (string, func(sight) bool) {
	actors := rapid.IntRange(0, len(sys.numbers)-1)
	a, b := actors.Draw(t, "actor"), actors.Draw(t, "actor")
	x, y := rapid.IntRange(0, 2).Draw(t, "number"), rapid.IntRange(0, 2).Draw(t, "number")
	switch rapid.IntRange(0, 5).Draw(t, "predicate") {
	case 0:
		return fmt.Sprintf("%d is %d", a, x), func(s sight) bool { return s.n(a) == x }
	case 1: // It reads more of some states than of others.
		return fmt.Sprintf("%d is %d and then %d is %d", a, x, b, y), func(s sight) bool {
			return s.n(a) == x && s.n(b) == y
		}
	case 2:
		return fmt.Sprintf("%d can come", x), func(s sight) bool { return slices.Contains(s.deliverable(), x) }
	case 3:
		return fmt.Sprintf("%d for nobody", x), func(s sight) bool { return slices.Contains(s.strange(), x) }
	case 4:
		return fmt.Sprintf("%d under way", x), func(s sight) bool { return s.copies() == x }
	default:
		return fmt.Sprintf("memory is %d and %d is %d", x, a, y), func(s sight) bool {
			return s.memory() == x && s.n(a) == y
		}
	}
}

// drawProperties adds a few properties, and nearly always a boundary, as most random systems are infinite.
func (sys *randomSystem) drawProperties(t *rapid.T) {
	names := make(map[string]bool)
	for range rapid.IntRange(0, 4).Draw(t, "properties") {
		name, holds := sys.drawPredicate(t)
		always := rapid.Bool().Draw(t, "always")
		if name = fmt.Sprintf("%s, %v", name, always); names[name] {
			continue
		}
		names[name] = true
		engine := func(v model.View) bool { return holds(sys.engineSight(v)) != always }
		plain := func(s *reference.State[gossip]) bool { return holds(sys.plainSight(s)) != always }
		if always {
			sys.always(name, engine, plain)
		} else {
			sys.sometimes(name, engine, plain)
		}
	}
	if most := rapid.SampledFrom([]int{4, 8, 12, 100}).Draw(t, "under way"); most < 100 {
		sys.within(func(v model.View) bool { return sys.engineSight(v).copies() <= most },
			func(s *reference.State[gossip]) bool { return sys.plainSight(s).copies() <= most })
	}
}

// started reports whether the boundary lets the initial state in; otherwise there is nothing to compare.
func (sys *randomSystem) started() bool {
	m := sys.ref.Model()
	return m.Inside == nil || m.Inside(m.Initial[0])
}

func drawOptions(t *rapid.T, states int) checker.Options {
	return checker.Options{
		FinishWhen: rapid.SampledFrom([]checker.FinishWhen{
			checker.Exhausted, checker.Exhausted, checker.Decided, checker.FirstViolation,
		}).Draw(t, "finish when"),
		MaxStates: states,
		MaxDepth:  rapid.SampledFrom([]int{0, 0, 0, 0, 0, 2, 5, 20}).Draw(t, "greatest depth"),
	}
}

// randomStates bounds a search of a random system.
func randomStates() int {
	if brief() {
		return 50
	}
	return 400
}

// TestRandomSystems compares random small systems, which nobody has thought of.
func TestRandomSystems(t *testing.T) {
	sizes := make(map[string]int)
	rapid.Check(t, func(t *rapid.T) {
		sys := drawSystem(t, 1, 4)
		sys.drawProperties(t)
		if !sys.started() {
			t.Skip("the initial state is outside")
		}
		r := compare(t, sys.sys, sys.ref.Model(), drawOptions(t, randomStates()), 1, 3)
		sizes[strings.Repeat("0", len(fmt.Sprint(r.Unique))-1)]++
	})
	t.Logf("systems by the number of digits of their states: %v", sizes)
}

// TestRandomParts compares the engine with a plain search over the same parts, where paths can be compared too.
func TestRandomParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sys := drawSystem(t, 1, 4)
		sys.drawProperties(t)
		if !sys.started() {
			t.Skip("the initial state is outside")
		}
		compareParts(t, sys.sys, drawOptions(t, randomStates()), 1, 3)
	})
}

// TestRandomWideSystems compares systems of many actors. Their levels grow fast, so they are cut after a few.
func TestRandomWideSystems(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sys := drawSystem(t, 8, 14)
		sys.drawProperties(t)
		if !sys.started() {
			t.Skip("the initial state is outside")
		}
		o := drawOptions(t, min(30, randomStates()/4))
		compare(t, sys.sys, sys.ref.Model(), o, 1, 3)
	})
}
