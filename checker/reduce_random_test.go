package checker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// Random systems that have much to reduce: actors are tables, of a state with a part that shows and one that often does not
// matter, and many messages are ignored. After Lamport's advice, nobody has thought of them.

// shade is the local state of such an actor. Fuel bounds what it sends.
type shade struct{ Shows, Hides, Fuel int }

// shadeEvent is what happens to an actor in a state: a message of a kind from an actor, or else the timer.
type shadeEvent struct {
	shows, hides int
	timer        bool
	from         actor.ID
	kind         int
}

// shadeAnswer is what the actor does then.
type shadeAnswer struct {
	shows, hides int
	sends        []actor.Envelope[int]
	set, cancel  bool
}

// shadows is an actor.
type shadows struct {
	table   map[shadeEvent]shadeAnswer
	start   shadeAnswer
	recover map[int]shadeAnswer // by what was kept
	keeps   func(shade) int
	fuel    int
	form    map[[2]int][2]int // what it forgets
}

const shadeTimer = "t"

func (s *shadows) answer(a shadeAnswer, fuel int, bounded bool, out *actor.Out[int]) shade {
	for _, e := range a.sends {
		if bounded {
			if fuel == 0 {
				continue
			}
			fuel--
		}
		out.Send(e.To, e.Message)
	}
	if a.cancel {
		out.CancelTimer(shadeTimer)
	}
	if a.set {
		out.SetTimer(shadeTimer, 1, 2)
	}
	return shade{a.shows, a.hides, fuel}
}

func (s *shadows) typed() actor.Typed[shade, int] {
	bounded := s.fuel > 0
	handle := func(st shade, e shadeEvent, out *actor.Out[int]) shade {
		e.shows, e.hides = st.Shows, st.Hides
		a, known := s.table[e]
		if !known {
			return st
		}
		return s.answer(a, st.Fuel, bounded, out)
	}
	t := actor.Typed[shade, int]{
		Start: func(_ actor.ID, out *actor.Out[int]) shade { return s.answer(s.start, s.fuel, false, out) },
		Receive: func(_ actor.ID, st shade, from actor.ID, kind int, out *actor.Out[int]) shade {
			return handle(st, shadeEvent{from: from, kind: kind}, out)
		},
		Timeout: func(_ actor.ID, st shade, _ actor.Timer, out *actor.Out[int]) shade {
			return handle(st, shadeEvent{timer: true}, out)
		},
		Keep: func(st shade) any { return s.keeps(st) },
		Recover: func(_ actor.ID, kept any, out *actor.Out[int]) shade {
			a, known := s.recover[kept.(int)]
			if !known {
				a = shadeAnswer{shows: s.start.shows, hides: s.start.hides}
			}
			return s.answer(a, s.fuel, bounded, out)
		},
	}
	if s.form != nil {
		t.Forget = func(_ actor.ID, st shade) shade {
			if f, known := s.form[[2]int{st.Shows, st.Hides}]; known {
				st.Shows, st.Hides = f[0], f[1]
			}
			return st
		}
	}
	return t
}

// shadeSystem draws a system by a number.
func shadeSystem(seed uint64, hints bool) *model.System[int] {
	r := rand.New(rand.NewPCG(seed, 20))
	chance := func(p float64) bool { return r.Float64() < p }
	pick := func(of ...int) int { return of[r.IntN(len(of))] }
	n, kinds, shows, hides := pick(2, 2, 3), pick(2, 3, 3, 4, 5), pick(2, 3, 3), pick(2, 2, 3)
	c := model.Config{Network: network.UnorderedNonDuplicating}
	duplicates := chance(.5)
	if duplicates {
		c.Network = network.UnorderedDuplicating
	} else if chance(.15) {
		c.Network = network.Ordered
	}
	switch r.IntN(4) {
	case 0:
		c.Lossy = true
	case 1:
		c.Lossy, c.MaxDrops = true, 1
	}
	timers := chance(.4)
	c.TimersLast, c.OneCopy = chance(.1), chance(.2)
	if timers && chance(.2) {
		c.MaxTimeouts = 1 + r.IntN(2)
	}
	if chance(.15) {
		c.MaxPartitions = 1
	}
	if chance(.2) && (c.Network != network.Ordered || c.Lossy) {
		c.MaxDown, c.MaxCrashes = 1, 1+r.IntN(2)
	}
	fuel := 0
	if !duplicates && chance(.9) || duplicates && chance(.2) {
		fuel = pick(1, 2, 2, 3)
	}
	ids := actor.IDs(n)
	sys := model.NewSystem[int](c)
	sys.Crashable(ids[0])
	structured := r.Float64()
	ignores, sending := []float64{.3, .5, .6, .7}[r.IntN(4)], []float64{.2, .4, .6}[r.IntN(3)]
	var looks []model.Projection[int]
	for i := range n {
		a := &shadows{table: make(map[shadeEvent]shadeAnswer), recover: make(map[int]shadeAnswer), fuel: fuel}
		commands := func(p float64) (x shadeAnswer) {
			x.shows, x.hides = r.IntN(shows), r.IntN(hides)
			for len(x.sends) < 2 && chance(p) {
				x.sends = append(x.sends, actor.Envelope[int]{To: actor.ID(r.IntN(n + n/3)), Message: r.IntN(kinds)})
			}
			if timers && chance(.2) {
				x.set, x.cancel = chance(.67), chance(.2)
			}
			return x
		}
		blind := make([]bool, shows)
		plain := chance(structured)
		for v := range blind {
			blind[v] = plain && chance(.6)
		}
		dead := make(map[[2]int]bool)
		for v := range shows {
			for k := range kinds {
				dead[[2]int{v, k}] = chance(ignores)
			}
		}
		sourceless := chance(.6)
		var events []shadeEvent
		for from := range n {
			for k := range kinds {
				events = append(events, shadeEvent{from: actor.ID(from), kind: k})
			}
		}
		if timers {
			events = append(events, shadeEvent{timer: true})
		}
		for v := range shows {
			for _, e := range events {
				if !e.timer && dead[[2]int{v, e.kind}] && chance(.9) {
					continue
				}
				for h := range hides {
					e.shows, e.hides = v, h
					first, zero := e, e
					first.from, zero.hides = 0, 0
					var x shadeAnswer
					ok := true
					switch {
					case !e.timer && sourceless && e.from > 0:
						x, ok = a.table[first]
					case blind[v] && h > 0:
						if x, ok = a.table[zero]; ok && blind[x.shows] && chance(.3) {
							x.hides = r.IntN(hides)
						} else if !ok && chance(.1) {
							x, ok = shadeAnswer{shows: v, hides: r.IntN(hides)}, true
						}
					default:
						switch y := r.Float64(); {
						case y < .15:
							ok = false
						case y < .35:
							x = commands(.1)
							x.shows = v
						default:
							x = commands(sending)
						}
					}
					if ok {
						a.table[e] = x
					}
				}
			}
		}
		a.start = commands(.45)
		a.start.set = timers && chance(.6)
		how := r.IntN(4)
		a.keeps = func(st shade) int { return []int{st.Shows*10 + st.Hides, st.Shows, st.Hides, 0}[how] }
		for k := range shows*10 + hides {
			if chance(.3) {
				a.recover[k] = commands(.3)
			}
		}
		view := make([]int, shows)
		flat := chance(.3)
		for v := range view {
			if chance(.8) && !flat {
				view[v] = v
			}
		}
		if hints {
			a.form = make(map[[2]int][2]int)
			for v := range shows {
				for h := range hides {
					if blind[v] || chance(.1) {
						a.form[[2]int{v, h}] = [2]int{v, 0}
					}
				}
			}
		}
		ref := model.Add(sys, ids[i], a.typed())
		looks = append(looks, model.Project(sys, ref, func(st shade) int { return view[st.Shows] }))
		if chance(.03) {
			sys.Sometimes(fmt.Sprintf("%d hides", i), func(v model.View) bool { st, up := ref.In(v); return up && st.Hides == 1 })
		}
	}
	at := func(v model.View, i int) int {
		x, up := looks[i].In(v)
		if !up {
			return -1
		}
		return x
	}
	predicate := func() (string, func(model.View) bool) {
		i, j, x, y := r.IntN(n), r.IntN(n), r.IntN(shows), r.IntN(shows)
		return fmt.Sprintf("%d=%d %d=%d", i, x, j, y), func(v model.View) bool { return at(v, i) == x && at(v, j) == y }
	}
	for i := range n {
		for x := range shows {
			sys.Sometimes(fmt.Sprintf("%d is %d", i, x), func(v model.View) bool { return at(v, i) == x })
		}
	}
	for k := range 2 {
		name, holds := predicate()
		sys.Always(fmt.Sprintf("never %s, %d", name, k), func(v model.View) bool { return !holds(v) })
	}
	if chance(.35) {
		next := make(map[[4]int]int)
		for range 40 {
			next[[4]int{r.IntN(3), r.IntN(n), r.IntN(kinds), r.IntN(2)}] = r.IntN(3)
		}
		memory := model.Record(sys, actor.Observer[int, int]{
			Name: "watch", Next: func(h int, e actor.Envelope[int], p actor.Passage) (int, error) {
				if to, known := next[[4]int{h, int(e.From), e.Message, int(p)}]; known {
					return to, nil
				}
				return h, nil
			},
		})
		for x := range 3 {
			sys.Sometimes(fmt.Sprintf("memory %d", x), func(v model.View) bool { return memory.In(v) == x })
		}
	}
	if chance(.15) {
		kind := r.IntN(kinds)
		some := model.Select(sys, func(e actor.Envelope[int]) (int, bool) { return e.Message, e.Message == kind })
		sys.Sometimes("under way", func(v model.View) bool { return len(some.InFlight(v)) > 0 })
		sys.Always("always under way", func(v model.View) bool { return len(some.Deliverable(v)) > 0 })
	}
	if chance(.05) {
		sys.Sometimes("two under way", func(v model.View) bool { return len(sys.InFlight(v)) == 2 })
	}
	if chance(.3) && (c.MaxDown == 0 || c.Lossy) {
		name, holds := predicate()
		sys.Eventually("eventually "+name, holds)
		name, when := predicate()
		sys.LeadsTo("leads to "+name, when, holds)
		sys.Quiescent("quiescent", holds)
	}
	return sys
}

// sameReduced holds a reduced search against a full one, and tells whether there was anything to compare and how many states
// were saved. A hint that was refuted ends the check with an error, and is nothing to compare.
func sameReduced(t interface{ Errorf(string, ...any) }, sys model.Source, name string, how statespace.Reduction, hints bool) (compared bool, saved int) {
	o := checker.Options{Workers: 1, FinishWhen: checker.Exhausted, MaxStates: 1500}
	full := checker.BFS(context.Background(), sys, o)
	defer full.Close()
	if full.Err != nil {
		t.Errorf("%s: %v", name, full.Err)
		return false, 0
	}
	if !full.Exhausted {
		return false, 0
	}
	o.Reduce, o.MaxStates = how, 0
	search := func(what string, r *checker.Result) bool {
		defer r.Close()
		if r.Err != nil {
			if !hints {
				t.Errorf("%s, %s: %v", name, what, r.Err)
			}
			return false
		}
		for i, p := range full.Properties {
			got := r.Properties[i]
			switch {
			case p.Expect.OfPaths() && got.Verdict == checker.Undecided:
			case got.Verdict != p.Verdict:
				t.Errorf("%s, %s: %q is %v, in full it is %v", name, what, p.Name, got.Verdict, p.Verdict)
			case what != "dfs" && p.Path != nil && !p.Expect.OfPaths() && len(got.Path.Steps) != len(p.Path.Steps):
				t.Errorf("%s, %s: %q takes %d steps, in full %d", name, what, p.Name, len(got.Path.Steps), len(p.Path.Steps))
			}
		}
		saved = max(saved, full.Unique-r.Unique)
		return true
	}
	compared = search("bfs", checker.BFS(context.Background(), sys, o))
	return compared && search("dfs", checker.DFS(context.Background(), sys, o)), saved
}

// TestRandomReduced holds reduced searches of random systems against full ones: by dead letters, with states merged, and with
// hints of which many are wrong.
func TestRandomReduced(t *testing.T) {
	runs := 150
	switch {
	case *long:
		runs = 20_000
	case brief():
		runs = 30
	}
	compared, reduced := 0, 0
	seeds := []uint64{658, 707, 1336} // where letters left out are events of all that a state stands for, and heads of flows
	for seed := range uint64(runs) {
		seeds = append(seeds, seed)
	}
	for _, seed := range seeds {
		for _, how := range []statespace.Reduction{statespace.DeadLetters, statespace.Everything} {
			for _, hints := range []bool{false, true} {
				if hints && how == statespace.DeadLetters {
					continue
				}
				ok, saved := sameReduced(t, shadeSystem(seed, hints), fmt.Sprintf("system %d, %v, hints %v", seed, how, hints), how, hints)
				if ok {
					compared++
				}
				if saved > 0 {
					reduced++
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d searches compared, %d of them reduced", compared, reduced)
	if compared < runs || reduced < runs/4 {
		t.Error("too few of them: expected one per system, and a quarter reduced")
	}
}
