package oplog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/consistency"
)

// happening is an event of a random history.
type happening struct {
	process consistency.Client
	fate    Type
	in      input
	out     output
}

func (h happening) String() string {
	switch h.fate {
	case Invoke:
		return fmt.Sprintf("%d: %v", h.process, h.in)
	case Ok:
		return fmt.Sprintf("%d -> %v", h.process, h.out)
	case Fail, Unknown:
	}
	return fmt.Sprintf("%d %v", h.process, h.fate)
}

// random draws a history of an object that is wrong now and then. Some operations fail, and some are lost, and take effect
// at some time, or never.
func random(r *rand.Rand, object consistency.Spec[cell, input, output], ask func(*rand.Rand, int) input) []happening {
	type slot struct {
		in           input
		out          output
		waits, acted bool
	}
	var all []happening
	slots := make([]slot, 2+r.IntN(3))
	states := []cell{object.Init}
	var lost []input
	wrong, gone := []float64{0, 0.05, 0.2, 0.5}[r.IntN(4)], []float64{0, 0.1, 0.4}[r.IntN(3)]
	act := func(in input) output {
		held := states[len(states)-1]
		next, out := object.Step(held, in)
		if r.Float64() < wrong { // one that is out of date
			_, out = object.Step(states[r.IntN(len(states))], in)
		}
		if r.Float64() >= wrong/4 { // or is forgotten
			states = append(states, next)
		}
		return out
	}
	asked := 0
	steps := 10 + r.IntN(30)
	if object.Name == string(Log) { // a search that tries everything takes long
		steps = 6 + r.IntN(16)
	}
	for range steps {
		i := r.IntN(len(slots))
		s := &slots[i]
		h := happening{process: consistency.Client(i)}
		switch {
		case len(lost) > 0 && r.IntN(5) == 0:
			k := r.IntN(len(lost))
			act(lost[k])
			lost = append(lost[:k], lost[k+1:]...)
			continue
		case !s.waits:
			asked++
			*s = slot{in: ask(r, asked), waits: true}
			h.fate, h.in = Invoke, s.in
		case !s.acted && r.Float64() < gone:
			s.waits = false
			h.fate = Fail
			if !s.in.op.pure() && r.IntN(3) > 0 {
				h.fate = Unknown
				lost = append(lost, s.in)
			}
		case !s.acted:
			s.acted, s.out = true, act(s.in)
			continue
		default:
			s.waits = false
			h.fate, h.out = Ok, tell(r, object.Name == string(Log), s.in, s.out)
		}
		all = append(all, h)
	}
	return all
}

// tell makes of what an object answers what is heard of it.
func tell(r *rand.Rand, log bool, in input, out output) output {
	switch in.op {
	case Read:
		out.told = true
		if log {
			out.values, out.list = out.list.values(), nil
		}
	case Contains, Cas:
		out.told = true
	case Write, Append, Add, Remove, Delete:
		if out.told = in.op != Write && r.IntN(2) == 0; !out.told {
			out = output{refused: out.refused}
		}
	case Call: // of custom objects, which no exact method is of
	}
	return out
}

// run lets a check decide a history.
func run(t *testing.T, w *consistency.Windows[cell, input, output], all []happening) *consistency.Windows[cell, input, output] {
	t.Helper()
	for _, h := range all {
		var err error
		switch h.fate {
		case Invoke:
			err = w.Invoke(h.process, h.in)
		case Ok:
			err = w.Return(t.Context(), h.process, h.out)
		case Fail:
			err = w.Fail(t.Context(), h.process)
		case Unknown:
			err = w.Lose(t.Context(), h.process)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Conclude(t.Context())
	return w
}

// What is decided without a search is what a search that tries everything finds, and so is which answer is to blame.
func TestExact(t *testing.T) {
	number := func(n int) Value { return Number(int64(n)) }
	some := func(r *rand.Rand, asked int) Value { // most are new, some have been
		if r.IntN(8) == 0 {
			return number(1 + r.IntN(asked))
		}
		return number(asked)
	}
	register := func(r *rand.Rand, asked int) input {
		switch r.IntN(8) {
		case 0, 1:
			return input{op: Write, value: some(r, asked)}
		case 2:
			return input{op: Cas, old: number(r.IntN(asked + 1)), value: some(r, asked)}
		case 3:
			return input{op: Cas, old: number(max(0, asked-1-r.IntN(3))), value: some(r, asked)}
		}
		return input{op: Read}
	}
	kv := func(r *rand.Rand, asked int) input {
		if r.IntN(8) == 0 {
			return input{op: Delete}
		}
		return register(r, asked)
	}
	once := func(r *rand.Rand, _ int) input {
		if r.IntN(2) == 0 {
			return input{op: Read}
		}
		return input{op: Write, value: number(r.IntN(3))}
	}
	log := func(r *rand.Rand, asked int) input {
		if r.IntN(3) == 0 {
			return input{op: Read}
		}
		return input{op: Append, value: some(r, asked)}
	}
	set := func(whole bool) func(*rand.Rand, int) input {
		return func(r *rand.Rand, asked int) input {
			few := 6
			if !whole {
				few = 1
			}
			switch n := r.IntN(40); {
			case n == 0:
				return input{op: Remove, value: element(whole, r.IntN(few))}
			case n < 12 && whole:
				return input{op: Read}
			case n < 20:
				return input{op: Contains, value: element(whole, r.IntN(few))}
			}
			return input{op: Add, value: element(whole, r.IntN(few))}
		}
	}
	tests := []struct {
		spec  Spec
		whole bool
		ask   func(*rand.Rand, int) input
	}{
		{Register, false, register},
		{KV, false, kv},
		{WriteOnce, false, once},
		{Log, false, log},
		{Set, false, set(false)},
		{Set, true, set(true)},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.spec, tt.whole), func(t *testing.T) { compareExact(t, tt.spec, tt.whole, tt.ask) })
	}
}

// element is the name of an element; of a set that is taken apart it is none.
func element(whole bool, n int) Value {
	if !whole {
		return None
	}
	return Number(int64(n))
}

func compareExact(t *testing.T, spec Spec, whole bool, ask func(*rand.Rand, int) input) {
	seen := map[string]int{}
	check := func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), rapid.Uint64().Draw(rt, "stream")))
		c := Config{Spec: spec, WholeSets: whole}
		if spec == Register || spec == KV {
			c.Initial = []Value{None, "0"}[r.IntN(2)]
		}
		object := spec.object(c.Initial, whole)
		all := random(r, object, ask)
		var texts []string
		for _, h := range all {
			texts = append(texts, h.String())
		}
		text := strings.Join(texts, "\n")
		plain := consistency.WindowsConfig[cell, input, output]{Spec: object}
		want := run(t, consistency.NewWindows(plain), all)
		exactly := c.windows()
		exactly.Lighten = 1 + r.IntN(4)
		got := run(t, consistency.NewWindows(exactly), all)
		if got.Outcome() != want.Outcome() {
			rt.Fatalf("%s: exactly %v, by search %v, of (initially %v)\n%s", spec, got.Outcome(), want.Outcome(), c.Initial, text)
		}
		if s := got.Stats(); s.Exact == s.Windows {
			seen["exactly "+got.Outcome().String()]++
		}
		v := got.Violation()
		if v == nil {
			return
		}
		if v.Explain(t.Context()); !v.Found {
			rt.Fatalf("%s: the culprit was not found of\n%s", spec, text)
		}
		end := int(v.Culprit().Returned)
		if run(t, consistency.NewWindows(plain), known(all, end)).Outcome() != consistency.Violated ||
			run(t, consistency.NewWindows(plain), known(all, end-1)).Outcome() != consistency.Holds {
			rt.Fatalf("%s: it is not the answer of event %d that no order explains in\n%s", spec, end, text)
		}
	}
	shows := func() bool { return seen["exactly holds"] >= 20 && seen["exactly violated"] >= 20 }
	for n := 0; n < 5 || n < 100 && !shows(); n++ {
		rapid.Check(t, check)
	}
	if !shows() {
		t.Errorf("%s: %v shows nothing", spec, seen)
	}
	t.Log(seen)
}

// known is the beginning of a history, without what fails later.
func known(all []happening, end int) []happening {
	failed := map[consistency.Client]bool{}
	var some []happening
	for i := len(all) - 1; i >= 0; i-- {
		switch h := all[i]; {
		case i >= end:
			failed[h.process] = h.fate == Fail
		case h.fate == Invoke && failed[h.process]:
			failed[h.process] = false
		default:
			failed[h.process] = failed[h.process] && h.fate == Invoke
			some = append([]happening{h}, some...)
		}
	}
	return some
}

// Sound histories that were called wrong once.
func TestSound(t *testing.T) {
	ask := func(p consistency.Client, in input) happening { return happening{p, Invoke, in, output{}} }
	answer := func(p consistency.Client, v Value) happening {
		return happening{p, Ok, input{}, output{told: true, value: v}}
	}
	ok := func(p consistency.Client) happening { return happening{process: p, fate: Ok} }
	write := func(n int64) input { return input{op: Write, value: Number(n)} }
	cas := func(old, value int64) input { return input{op: Cas, old: Number(old), value: Number(value)} }
	add, contains := input{op: Add}, input{op: Contains}
	tests := []struct {
		name string
		c    Config
		all  []happening
	}{
		// The cas that failed found the 2, long before the 3 was written. It was thought to have found the 3.
		{"a reader that found it elsewhere", Config{Spec: KV, Initial: "0"}, []happening{
			ask(3, cas(0, 1)), ask(2, cas(0, 2)), ask(0, write(3)), answer(3, Truth(false)), ask(3, write(4)),
			ask(1, input{op: Read}), ok(0), ask(0, write(6)), ok(3), answer(2, Truth(true)), ok(0),
			ask(3, write(7)), ask(2, write(8)), ask(0, write(9)), answer(1, "2"),
		}},
		// The unknown add need not be the first one. It follows the removal.
		{"an unknown add that is kept", Config{Spec: Set}, []happening{
			ask(2, add),
			{process: 2, fate: Unknown},
			ask(0, add), ok(0), ask(0, input{op: Remove}), answer(0, Truth(true)),
			ask(0, contains), answer(0, Truth(true)),
		}},
	}
	for _, tt := range tests {
		for _, lighten := range []int{1, 2000} {
			config := tt.c.windows()
			config.Lighten = lighten
			if got := run(t, consistency.NewWindows(config), tt.all).Outcome(); got != consistency.Holds {
				t.Errorf("%s: %v", tt.name, got)
			}
		}
	}
}
