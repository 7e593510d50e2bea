package link_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/actor/link"
	"synod/internal/intern"
)

// talker says 1, 2, 3 and so on to each of some actors, the next number whenever its timer fires, and notes what it
// hears. All of that survives a crash.
type talker struct{ to []actor.ID }

type speech struct {
	Said  int
	Heard map[actor.ID][]int
}

type talk struct{}

func (talker) Start(actor.ID, *actor.Out[int]) speech { return speech{Heard: map[actor.ID][]int{}} }

func (talker) Receive(_ actor.ID, st speech, from actor.ID, n int, _ *actor.Out[int]) speech {
	st.Heard[from] = append(st.Heard[from], n)
	return st
}

func (t talker) Timeout(_ actor.ID, st speech, _ actor.Timer, out *actor.Out[int]) speech {
	st.Said++
	out.Broadcast(t.to, st.Said)
	return st
}

func (talker) Keep(st speech) speech                                     { return st }
func (talker) Recover(_ actor.ID, kept speech, _ *actor.Out[int]) speech { return kept }

type (
	message = link.Message[int]
	state   = link.State[speech, int]
)

// world is linked talkers over a network that does whatever the test wants.
type world struct {
	t      *rapid.T
	actors []actor.Typed[state, message]
	states []state
	kept   []any // what is on disk
	down   []bool
	timers []map[link.Resend]bool
	flight []actor.Envelope[message]
	copies *intern.Walker[any]
}

func newWorld(t *rapid.T, n int) *world {
	copies, err := intern.For[any]()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, copies: copies}
	for _, id := range actor.IDs(n) {
		h := talker{actor.IDs(n)} // to itself, too
		a := link.New(actor.New[speech, int](h, actor.Timers(h.Timeout), actor.Durable(h.Keep, h.Recover)), link.Config{})
		w.actors, w.down = append(w.actors, a), append(w.down, false)
		w.timers = append(w.timers, make(map[link.Resend]bool))
		w.states, w.kept = append(w.states, state{}), append(w.kept, nil)
		w.step(int(id), func(out *actor.Out[message]) state { return a.Start(id, out) })
	}
	return w
}

// step runs a handler: what is kept is on disk before anything leaves.
func (w *world) step(i int, handler func(out *actor.Out[message]) state) {
	var out actor.Out[message]
	w.states[i] = handler(&out)
	w.kept[i] = w.copies.Copy(w.actors[i].Keep(w.states[i]))
	for _, c := range out.Commands() {
		switch c.Kind {
		case actor.Send:
			w.flight = append(w.flight, actor.Envelope[message]{From: actor.ID(i), To: c.To, Message: c.Message})
		case actor.SetTimer:
			w.timers[i][c.Timer.(link.Resend)] = true
		case actor.CancelTimer:
			delete(w.timers[i], c.Timer.(link.Resend))
		case actor.Choose:
			w.t.Fatal("nobody chooses")
		}
	}
	w.check()
}

func (w *world) deliver(e actor.Envelope[message]) {
	if i := int(e.To); !w.down[i] {
		w.step(i, func(out *actor.Out[message]) state {
			return w.actors[i].Receive(e.To, w.states[i], e.From, e.Message, out)
		})
	}
}

// set returns the timers of an actor, in order.
func (w *world) set(i int) []link.Resend {
	return slices.SortedFunc(maps.Keys(w.timers[i]), func(a, b link.Resend) int { return cmp.Compare(a.To, b.To) })
}

func (w *world) timeout(i int, timer actor.Timer) {
	if r, ok := timer.(link.Resend); ok {
		delete(w.timers[i], r)
	}
	w.step(i, func(out *actor.Out[message]) state {
		return w.actors[i].Timeout(actor.ID(i), w.states[i], timer, out)
	})
}

func (w *world) recover(i int) {
	w.down[i] = false
	w.step(i, func(out *actor.Out[message]) state {
		return w.actors[i].Recover(actor.ID(i), w.copies.Copy(w.kept[i]), out)
	})
}

// check requires everybody to have heard a beginning of what was said, at least as much as the speaker thinks.
func (w *world) check() {
	for i, st := range w.states {
		for j, speaker := range w.states {
			heard := st.Actor.Heard[actor.ID(j)]
			for k, n := range heard {
				if n != k+1 {
					w.t.Fatalf("%d heard %v of %d", i, heard, j)
				}
			}
			box := speaker.Sent[actor.ID(i)]
			if told := int(box.Last) - len(box.Waiting); told > len(heard) {
				w.t.Fatalf("%d thinks that %d heard %d, but it heard %v", j, i, told, heard)
			}
		}
	}
}

// TestLinks lets a network do its worst, and then lets everything arrive: each number once, in order.
func TestLinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3).Draw(t, "actors")
		w := newWorld(t, n)
		node := rapid.IntRange(0, n-1)
		for range rapid.IntRange(0, 80).Draw(t, "steps") {
			i := node.Draw(t, "node")
			switch action := rapid.SampledFrom([]string{"talk", "deliver", "repeat", "lose", "resend", "crash"}).Draw(t, "action"); action {
			case "talk":
				if !w.down[i] {
					w.timeout(i, talk{})
				}
			case "deliver", "repeat", "lose":
				if len(w.flight) == 0 {
					continue
				}
				at := rapid.IntRange(0, len(w.flight)-1).Draw(t, "message")
				e := w.flight[at]
				if action != "repeat" {
					w.flight = slices.Delete(w.flight, at, at+1)
				}
				if action != "lose" {
					w.deliver(e)
				}
			case "resend":
				if timers := w.set(i); len(timers) > 0 {
					w.timeout(i, timers[0])
				}
			case "crash":
				if w.down[i] {
					w.recover(i)
				} else {
					w.down[i], w.timers[i] = true, make(map[link.Resend]bool)
				}
			}
		}
		w.settle()
		for i, st := range w.states {
			for j, speaker := range w.states {
				if heard := len(st.Actor.Heard[actor.ID(j)]); heard != speaker.Actor.Said {
					t.Fatalf("%d heard %d of %d that %d said", i, heard, speaker.Actor.Said, j)
				}
			}
			if len(w.timers[i]) > 0 {
				t.Fatalf("%d still waits: %v", i, w.timers[i])
			}
		}
	})
}

// settle lets everybody recover, repeat and be heard. Twice is enough: what comes before its turn is repeated in order.
func (w *world) settle() {
	for i, down := range w.down {
		if down {
			w.recover(i)
		}
	}
	for range 2 {
		for i := range w.actors {
			for _, timer := range w.set(i) {
				w.timeout(i, timer)
			}
		}
		for len(w.flight) > 0 {
			e := w.flight[0]
			w.flight = w.flight[1:]
			w.deliver(e)
		}
	}
}

// TestPassesThrough makes sure that timers and choices of the actor are its own.
func TestPassesThrough(t *testing.T) {
	plain := actor.Typed[int, string]{
		Start: func(_ actor.ID, out *actor.Out[string]) int {
			out.SetTimer("t", 1, 2)
			out.Choose(1, 2)
			return 0
		},
		Receive: func(_ actor.ID, st int, _ actor.ID, _ string, _ *actor.Out[string]) int { return st },
		Timeout: func(_ actor.ID, st int, timer actor.Timer, out *actor.Out[string]) int {
			out.CancelTimer(timer)
			return st + 1
		},
		Chosen: func(_ actor.ID, st int, option actor.Option, _ *actor.Out[string]) int { return st + option.(int) },
	}
	linked := link.New(plain, link.Config{})
	var out actor.Out[link.Message[string]]
	st := linked.Start(0, &out)
	st = linked.Timeout(0, st, "t", &out)
	st = linked.Chosen(0, st, 2, &out)
	if st.Actor != 3 {
		t.Errorf("state %+v", st)
	}
	var kinds []actor.CommandKind
	for _, c := range out.Commands() {
		kinds = append(kinds, c.Kind)
	}
	if want := []actor.CommandKind{actor.SetTimer, actor.Choose, actor.CancelTimer}; !slices.Equal(kinds, want) {
		t.Errorf("commands %v, want %v", kinds, want)
	}
	// An actor that keeps nothing starts anew, and links go on.
	kept := linked.Keep(st)
	out.Reset()
	if st = linked.Recover(0, kept, &out); st.Actor != 0 || len(out.Commands()) != 2 {
		t.Errorf("recovered %+v with %+v", st, out.Commands())
	}
}

// TestImpossible makes sure that what no linked actor sends is ignored.
func TestImpossible(t *testing.T) {
	linked := link.New(actor.New[speech, int](talker{}), link.Config{})
	for _, m := range []message{link.Ack[int]{Number: 1}, link.Data[int]{Number: 2}, link.Ack[int]{}} {
		var out actor.Out[message]
		st := linked.Receive(0, linked.Start(0, &out), 1, m, &out)
		if len(st.Sent)+len(st.Received)+len(out.Commands()) > 0 {
			t.Errorf("%T%v: %+v, %+v", m, m, st, out.Commands())
		}
	}
}
