package trace_test

import (
	"testing"
	"time"

	"synod/actor"
	"synod/examples/singledecree"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// odd is a message whose text is full of what Mermaid takes for syntax.
type odd struct{ Text string }

// String is the text itself, line ends and all.
func (o odd) String() string { return o.Text }

// caller rings, tosses a coin at each timeout, and hangs up at heads.
type caller struct{ to actor.ID }

type call struct{ Rings, Heads int }

func (c caller) Start(_ actor.ID, out *actor.Out[odd]) call {
	out.SetTimer("ring", time.Second, time.Second)
	return call{}
}

func (c caller) Receive(_ actor.ID, st call, _ actor.ID, _ odd, _ *actor.Out[odd]) call {
	st.Rings = 0
	return st
}

func (c caller) timeout(_ actor.ID, st call, _ actor.Timer, out *actor.Out[odd]) call {
	st.Rings++
	out.Send(c.to, odd{"ring; ring: \"#1\"\n%% <b>end</b>"})
	out.Choose("heads: up", "tails")
	return st
}

func (c caller) chosen(_ actor.ID, st call, o actor.Option, out *actor.Out[odd]) call {
	if o == "heads: up" {
		st.Heads++
	} else {
		out.SetTimer("ring", time.Second, time.Second)
	}
	return st
}

// callee answers.
type callee struct{}

func (callee) Start(actor.ID, *actor.Out[odd]) int { return 0 }

func (callee) Receive(_ actor.ID, n int, from actor.ID, _ odd, out *actor.Out[odd]) int {
	out.Send(from, odd{})
	return n + 1
}

func telephone() model.Source {
	sys := model.NewSystem[odd](model.Config{Lossy: true})
	model.Add(sys, 1, actor.New[call, odd](caller{to: 20},
		actor.Timers(caller{to: 20}.timeout), actor.Choices(caller{to: 20}.chosen)))
	model.Add(sys, 20, actor.New[int, odd](callee{}))
	return sys
}

// jugs are a jug of 3 and a jug of 5 litres.
type jugs struct{ Small, Big int }

type pour string

type pouring struct{}

func (pouring) Initial() []jugs     { return []jugs{{0, 0}, {3, 0}} }
func (pouring) Actions(jugs) []pour { return []pour{"fill: big", "empty small", "big to small"} }

func (pouring) Next(j jugs, p pour) (jugs, bool) {
	before := j
	switch p {
	case "fill: big":
		j.Big = 5
	case "empty small":
		j.Small = 0
	case "big to small":
		n := min(j.Big, 3-j.Small)
		j.Big, j.Small = j.Big-n, j.Small+n
	}
	return j, j != before
}

func puzzle() model.Source {
	p := model.NewPlain(pouring{})
	p.Sometimes("4 litres", func(j jugs) bool { return j.Big == 4 })
	return p
}

// sources are the models of the tests by name.
func sources() map[string]model.Source {
	all := map[string]model.Source{"telephone": telephone(), "puzzle": puzzle()}
	for _, n := range network.All() {
		c := singledecree.Default
		c.Network, c.Lossy = n, n == network.Ordered
		name := "singledecree"
		if c.Network != singledecree.Default.Network {
			name += " " + n.String()
		}
		all[name] = singledecree.System(c)
	}
	return all
}

// open builds a space that is closed at the end of the test.
func open(t testing.TB, source model.Source) statespace.Space {
	t.Helper()
	space, err := source.Space()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(space.Close)
	return space
}
