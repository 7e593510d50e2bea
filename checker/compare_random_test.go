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

// gossip is what random actors say to one another.
//
//sumtype:decl
type gossip interface{ gossip() }

// word is a plain message, list one that shares memory with whoever keeps it.
type (
	word int
	list struct{ Items []int }
)

func (word) gossip() {}
func (list) gossip() {}

// The kinds of events and messages that the tables of random actors are about.
const (
	tableStates   = 3
	tableMessages = 3 // two words and a list
	tableTimers   = 2
	tableOptions  = 3
	stranger      = actor.ID(1 << 40)
)

func messageOf(k int) gossip {
	if k < 2 {
		return word(k)
	}
	return list{[]int{k, k}}
}

func kindOf(m gossip) int {
	switch m := m.(type) {
	case word:
		return int(m)
	case list:
		return 2
	}
	panic("no such gossip")
}

// move is what an actor does for one event in one state.
type move struct {
	next     int
	touch    int // what happens to the containers of a rich state, 0 for nothing
	commands []actor.Command[gossip]
}

// table is a random actor: a move for every state and event. It may keep what it was sent.
type table struct {
	rich    bool
	start   move
	receive [tableStates][tableMessages][2]move // by the parity of the sender
	timeout [tableStates][tableTimers]move
	chosen  [tableStates][tableOptions]move
}

// rich is a state with everything in it that a handler may change in place. Containers are nil, empty or full.
type rich struct {
	N     int
	Marks map[string]bool
	Log   []int
	Last  *gossip
	kept  list
}

func drawMove(t *rapid.T, ids []actor.ID, most int) move {
	m := move{next: rapid.IntRange(0, tableStates-1).Draw(t, "next"), touch: rapid.IntRange(0, 6).Draw(t, "touch")}
	for range rapid.IntRange(0, most).Draw(t, "commands") {
		var out actor.Out[gossip]
		msg := messageOf(rapid.IntRange(0, tableMessages-1).Draw(t, "message"))
		timer := rapid.IntRange(0, tableTimers-1).Draw(t, "timer")
		switch rapid.IntRange(0, 7).Draw(t, "command") {
		case 0, 1, 2:
			out.Send(rapid.SampledFrom(ids).Draw(t, "to"), msg)
		case 3:
			out.Broadcast(ids, msg)
		case 4:
			out.Send(stranger+actor.ID(timer), msg)
		case 5:
			out.SetTimer(timer, 0, 0)
		case 6:
			out.CancelTimer(timer)
		case 7:
			option := rapid.IntRange(0, tableOptions-1)
			out.Choose(option.Draw(t, "option"), option.Draw(t, "option"))
		}
		m.commands = append(m.commands, out.Commands()...)
	}
	return m
}

func drawTable(t *rapid.T, ids []actor.ID) *table {
	tb := &table{rich: rapid.Bool().Draw(t, "rich"), start: drawMove(t, ids, 3)}
	var out actor.Out[gossip] // Something to begin with, or most systems would do nothing.
	out.Send(rapid.SampledFrom(ids).Draw(t, "to"), messageOf(rapid.IntRange(0, tableMessages-1).Draw(t, "message")))
	if rapid.Bool().Draw(t, "chooses") {
		out.Choose(0, 1, 2)
	} else {
		out.SetTimer(0, 0, 0)
	}
	tb.start.commands = append(tb.start.commands, out.Commands()...)
	for st := range tableStates {
		for k := range tableMessages {
			// Often an event changes nothing, so that messages are ignored.
			for parity := range 2 {
				tb.receive[st][k][parity] = move{next: st}
				if rapid.IntRange(0, 2).Draw(t, "acts") > 0 {
					tb.receive[st][k][parity] = drawMove(t, ids, 2)
				}
			}
		}
		for k := range tableTimers {
			tb.timeout[st][k] = drawMove(t, ids, 2)
			if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
				var out actor.Out[gossip]
				out.SetTimer(rapid.SampledFrom([]int{k, k, 1 - k}).Draw(t, "timer"), 0, 0)
				tb.timeout[st][k] = move{next: st, commands: out.Commands()}
			}
		}
		for k := range tableOptions {
			tb.chosen[st][k] = drawMove(t, ids, 1)
		}
	}
	return tb
}

// do performs the commands of a move, repeated as often as the handler was called with the same state.
func (m move) do(out *actor.Out[gossip]) {
	for _, c := range m.commands {
		switch c.Kind {
		case actor.Send:
			out.Send(c.To, c.Message)
		case actor.SetTimer:
			out.SetTimer(c.Timer, c.Min, c.Max)
		case actor.CancelTimer:
			out.CancelTimer(c.Timer)
		case actor.Choose:
			out.Choose(c.Options...)
		}
	}
}

func (m move) plain(out *actor.Out[gossip]) int {
	m.do(out)
	return m.next
}

// richly changes a state in place, as handlers may. What is sent may share memory with it.
func (m move) richly(st rich, msg gossip, out *actor.Out[gossip]) rich {
	st.N = m.next
	switch m.touch {
	case 1:
		if st.Marks == nil {
			st.Marks = make(map[string]bool)
		}
		st.Marks["a"] = !st.Marks["a"]
	case 2:
		delete(st.Marks, "a") // leaves an empty map, which is not nil
	case 3:
		if st.Log = append(st.Log, len(st.Log)); len(st.Log) > 2 {
			st.Log = st.Log[:1]
		}
	case 4:
		for i := range st.Log {
			st.Log[i] = 1 - st.Log[i]%2
		}
		out.Send(0, list{st.Log})
	case 5:
		if st.Last != nil && kindOf(*st.Last) == 2 {
			items := (*st.Last).(list).Items
			if len(items) > 0 {
				items[0] = 5 // The state's own copy, though it came as a message.
			}
			st.kept = (*st.Last).(list)
		}
		if l, ok := msg.(list); ok {
			st.kept = l
		}
	}
	if m.touch == 6 {
		st.Last = &msg
		if msg == nil {
			st.Last = nil
		}
	}
	m.do(out)
	return st
}

// plainActor and richActor make actors of the table.
func (tb *table) plainActor() actor.Typed[int, gossip] {
	return actor.Typed[int, gossip]{
		Start: func(_ actor.ID, out *actor.Out[gossip]) int { return tb.start.plain(out) },
		Receive: func(_ actor.ID, st int, from actor.ID, msg gossip, out *actor.Out[gossip]) int {
			return tb.receive[st][kindOf(msg)][from%2].plain(out)
		},
		Timeout: func(_ actor.ID, st int, timer actor.Timer, out *actor.Out[gossip]) int {
			return tb.timeout[st][timer.(int)].plain(out)
		},
		Chosen: func(_ actor.ID, st int, option actor.Option, out *actor.Out[gossip]) int {
			return tb.chosen[st][option.(int)].plain(out)
		},
	}
}

func (tb *table) richActor() actor.Typed[rich, gossip] {
	return actor.Typed[rich, gossip]{
		Start: func(_ actor.ID, out *actor.Out[gossip]) rich { return tb.start.richly(rich{}, nil, out) },
		Receive: func(_ actor.ID, st rich, from actor.ID, msg gossip, out *actor.Out[gossip]) rich {
			m := tb.receive[st.N][kindOf(msg)][from%2]
			if m.next == st.N && m.touch%2 == 0 && len(m.commands) == 0 {
				return st
			}
			return m.richly(st, msg, out)
		},
		Timeout: func(_ actor.ID, st rich, timer actor.Timer, out *actor.Out[gossip]) rich {
			return tb.timeout[st.N][timer.(int)].richly(st, nil, out)
		},
		Chosen: func(_ actor.ID, st rich, option actor.Option, out *actor.Out[gossip]) rich {
			return tb.chosen[st.N][option.(int)].richly(st, nil, out)
		},
	}
}

// sight is what the properties of random systems look at, in the engine and in the plain search.
type sight struct {
	n           func(k int) int // the number in the state of actor k
	deliverable func() []int    // kinds of messages, in any order
	strange     func() []int    // kinds of messages to nobody
	copies      func() int      // of all messages under way
	memory      func() int
}

// randomSystem is a random system with its own way to look at it.
type randomSystem struct {
	*twin[gossip]
	numbers []func(model.View) int
	plain   []func(*reference.State[gossip]) int
	toSome  model.Selection[gossip, int]
	toNone  model.Selection[gossip, int]
	memory  model.History[int]
}

func drawSystem(t *rapid.T, least, most int) *randomSystem {
	sys := &randomSystem{twin: newTwin[gossip](
		rapid.SampledFrom(network.All()).Draw(t, "network"), rapid.Bool().Draw(t, "lossy"))}
	// Ids need not be dense, nor in order of their addition.
	n := rapid.IntRange(least, most).Draw(t, "actors")
	ids := actor.IDs(n)
	if rapid.Bool().Draw(t, "sparse") {
		for i := range ids {
			ids[i] = actor.ID(7 * (n - i))
		}
	}
	for _, id := range ids {
		tb := drawTable(t, ids)
		if tb.rich {
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

// drawPredicate gives a predicate with the words that describe it.
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

// started tells whether the boundary lets the initial state in; otherwise there is nothing to compare.
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
	if testing.Short() {
		return 60
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
		o := drawOptions(t, 30)
		compare(t, sys.sys, sys.ref.Model(), o, 1, 3)
	})
}
