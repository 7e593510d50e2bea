package checker_test

import (
	"slices"

	"pgregory.net/rapid"

	"synod/actor"
)

// gossip is what random actors say to one another.
//
//sumtype:decl
type gossip interface{ gossip() }

// word is a plain message, list one that shares memory with anyone who keeps it.
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
	keeps   bool
	recover [tableStates]move // by what was kept
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
		tb.recover[st] = drawMove(t, ids, 1)
	}
	tb.keeps = rapid.Bool().Draw(t, "keeps")
	return tb
}

// do gives the commands of a move.
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
			st.kept = list{slices.Clone(items)} // What a state reaches in two ways is refused.
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
	a := actor.Typed[int, gossip]{
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
	if tb.keeps {
		a.Keep = func(st int) any { return st / 2 }
		a.Recover = func(_ actor.ID, kept any, out *actor.Out[gossip]) int { return tb.recover[kept.(int)].plain(out) }
	}
	return a
}

func (tb *table) richActor() actor.Typed[rich, gossip] {
	a := actor.Typed[rich, gossip]{
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
	if tb.keeps { // What is kept shares memory with the state.
		a.Keep = func(st rich) any { return rich{N: st.N, Marks: st.Marks, Last: st.Last} }
		a.Recover = func(_ actor.ID, kept any, out *actor.Out[gossip]) rich {
			st := kept.(rich)
			return tb.recover[st.N].richly(st, nil, out)
		}
	}
	return a
}
