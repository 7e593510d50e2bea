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
	draws := map[Spec]draw{}
	draws[Register] = func(r *rand.Rand) (Op, Value, Event) {
		if r.IntN(2) == 0 {
			return Write, Number(r.Int64N(3)), Event{}
		}
		return Read, None, told([]Value{None, "0", "1", "2"}[r.IntN(4)])
	}
	draws[KV] = func(r *rand.Rand) (Op, Value, Event) {
		op, v, e := draws[Register](r)
		if r.IntN(4) > 0 {
			return op, v, e
		}
		return Delete, None, Event{Told: r.IntN(2) == 0, Value: []Value{None, "0", "1"}[r.IntN(3)]}
	}
	draws[WriteOnce] = func(r *rand.Rand) (Op, Value, Event) {
		op, v, e := draws[Register](r)
		e.Refused = op == Write && r.IntN(3) == 0
		return op, v, e
	}
	draws[Log] = func(r *rand.Rand) (Op, Value, Event) {
		if r.IntN(3) > 0 {
			return Append, Number(r.Int64N(2)), Event{Told: r.IntN(2) == 0, Value: Number(1 + r.Int64N(4))}
		}
		list := make([]Value, r.IntN(4))
		for i := range list {
			list[i] = Number(r.Int64N(2))
		}
		return Read, None, listed(list...)
	}
	draws[Set] = func(r *rand.Rand) (Op, Value, Event) {
		return []Op{Add, Remove, Contains}[r.IntN(3)], Number(r.Int64N(2)), told(Truth(r.IntN(2) == 0))
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

type draw func(r *rand.Rand) (Op, Value, Event)

func compareBefore(t *testing.T, spec Spec, whole bool, draw draw) {
	seen := map[consistency.Outcome]int{}
	check := func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), rapid.Uint64().Draw(rt, "stream")))
		object := spec.object(None, whole)
		all := consistency.NewWindows(consistency.WindowsConfig[cell, input, output]{Spec: object})
		few := consistency.NewWindows(consistency.WindowsConfig[cell, input, output]{
			Spec: object, Before: spec.before(whole), Effect: spec.effect,
		})
		c := Config{Spec: spec, WholeSets: whole}
		var text []string
		var busy [3]*Event
		var answers [3]Event // that they will get
		for range 4 + r.IntN(14) {
			p := r.IntN(3)
			op, value, answer := draw(r)
			if whole && spec == Set && r.IntN(3) == 0 {
				op, value, answer = Read, None, listed([]Value{"0", "1"}[r.IntN(2):]...)
			}
			ws := []*consistency.Windows[cell, input, output]{all, few}
			if busy[p] == nil {
				e := Event{Type: Invoke, Process: int64(p), Op: op, Key: "1", Value: value}
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
