package oplog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/consistency"
)

// What is left out of the search by the knowledge of what matters changes nothing: compared with a search that tries all.
func TestBefore(t *testing.T) {
	ask := func(op Op, value Value) Event { return Event{Op: op, Value: value} }
	draws := map[Spec]draw{}
	draws[Register] = func(r *rand.Rand) (Event, Event) {
		number := func() Value { return Number(r.Int64N(3)) }
		switch r.IntN(5) {
		case 0, 1:
			return ask(Write, number()), Event{}
		case 2:
			cas := ask(Cas, number())
			cas.Old = []Value{None, "0", "1", "2"}[r.IntN(4)]
			return cas, Event{Told: r.IntN(2) == 0, Value: Truth(r.IntN(2) == 0)}
		}
		return ask(Read, None), told([]Value{None, "0", "1", "2"}[r.IntN(4)])
	}
	draws[KV] = func(r *rand.Rand) (Event, Event) {
		texts := []Value{None, Text(""), Text("a"), Text("aa"), Text("ab"), Text("ba"), Text("b")}
		some := func() Value { return texts[r.IntN(len(texts))] }
		switch r.IntN(6) {
		case 0:
			return ask(Delete, None), Event{Told: r.IntN(2) == 0, Value: some()}
		case 1, 2:
			return ask(Append, []Value{Text("a"), Text("b"), Text("")}[r.IntN(3)]), Event{}
		case 3:
			return draws[Register](r)
		case 4:
			return ask(Write, some()), Event{}
		}
		return ask(Read, None), told(some())
	}
	draws[WriteOnce] = func(r *rand.Rand) (Event, Event) {
		if r.IntN(2) == 0 {
			return ask(Write, Number(r.Int64N(3))), Event{Refused: r.IntN(3) == 0}
		}
		return ask(Read, None), told([]Value{None, "0", "1", "2"}[r.IntN(4)])
	}
	draws[Log] = func(r *rand.Rand) (Event, Event) {
		if r.IntN(3) > 0 {
			return ask(Append, Number(r.Int64N(2))), Event{Told: r.IntN(2) == 0, Value: Number(1 + r.Int64N(4))}
		}
		list := make([]Value, r.IntN(4))
		for i := range list {
			list[i] = Number(r.Int64N(2))
		}
		return ask(Read, None), listed(list...)
	}
	draws[Set] = func(r *rand.Rand) (Event, Event) {
		return ask([]Op{Add, Remove, Contains}[r.IntN(3)], Number(r.Int64N(2))), told(Truth(r.IntN(2) == 0))
	}
	for spec, draw := range draws {
		for _, whole := range []bool{false, true} {
			if whole && spec != Set {
				continue
			}
			t.Run(fmt.Sprint(spec, whole), func(t *testing.T) { compareBefore(t, spec, whole, draw) })
		}
	}
}

// draw draws an invocation and how it may be answered.
type draw func(r *rand.Rand) (Event, Event)

func compareBefore(t *testing.T, spec Spec, whole bool, draw draw) {
	seen := map[consistency.Outcome]int{}
	check := func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), rapid.Uint64().Draw(rt, "stream")))
		object := spec.object(None, whole)
		all := consistency.NewWindows(consistency.WindowsConfig[cell, input, output]{Spec: object})
		c := Config{Spec: spec, WholeSets: whole}
		config := c.windows()
		config.Exact = nil
		few := consistency.NewWindows(config)
		var text []string
		var busy [3]*Event
		var answers [3]Event // that they will get
		for range 4 + r.IntN(14) {
			p := r.IntN(3)
			e, answer := draw(r)
			if whole && spec == Set && r.IntN(3) == 0 {
				e, answer = Event{Op: Read}, listed([]Value{"0", "1"}[r.IntN(2):]...)
			}
			ws := []*consistency.Windows[cell, input, output]{all, few}
			if busy[p] == nil {
				e.Type, e.Process, e.Key = Invoke, int64(p), "1"
				_, in, err := c.asked(e)
				if err != nil {
					rt.Fatal(err)
				}
				busy[p] = &e
				answer.Type = Ok
				answers[p] = answer
				text = append(text, fmt.Sprintf("%d: %v", p, in))
				for _, w := range ws {
					if err := w.Invoke(consistency.Client(p), in); err != nil {
						rt.Fatal(err)
					}
				}
				continue
			}
			out, err := c.heard(*busy[p], answers[p])
			if err != nil {
				rt.Fatal(err)
			}
			gone := r.IntN(3) == 0 && !busy[p].Op.pure()
			text = append(text, fmt.Sprintf("%d -> %v, gone %v", p, out, gone))
			for _, w := range ws {
				if gone {
					err = w.Lose(t.Context(), consistency.Client(p))
				} else {
					err = w.Return(t.Context(), consistency.Client(p), out)
				}
				if err != nil {
					rt.Fatal(err)
				}
			}
			busy[p] = nil
		}
		if a, b := all.Finish(t.Context()), few.Finish(t.Context()); a != b {
			rt.Fatalf("%s: %v by trying all, %v by trying few, of\n%s", spec, a, b, strings.Join(text, "\n"))
		}
		seen[few.Outcome()]++
	}
	shows := func() bool { return seen[consistency.Holds] >= 3 && seen[consistency.Violated] >= 3 }
	for n := 0; n < 5 || n < 100 && !shows(); n++ { // in short mode rapid does little
		rapid.Check(t, check)
	}
	if !shows() {
		t.Errorf("%s: %v shows nothing", spec, seen)
	}
}
