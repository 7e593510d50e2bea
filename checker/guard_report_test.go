package checker_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/examples/singledecree"
	"synod/internal/raced"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// TestReportIsRepeatable requires what a space reports to be the same at any number of workers, run after run.
func TestReportIsRepeatable(t *testing.T) {
	type run struct {
		clients  int
		lossy    bool
		maxDepth int
	}
	runs := []run{{2, false, 0}, {2, true, 10}}
	if !raced.Detector && !testing.Short() {
		runs = append(runs, run{3, false, 0})
	}
	for _, run := range runs {
		c := singledecree.Default
		c.Clients, c.Lossy = run.clients, run.lossy
		want := reportOf(t, singledecree.System(c), checker.Options{Workers: 1, MaxDepth: run.maxDepth})
		got := reportOf(t, singledecree.System(c), checker.Options{Workers: 4, MaxDepth: run.maxDepth})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: 4 workers report\n%+v, one\n%+v", run, got, want)
		}
	}
}

func reportOf(t *testing.T, src model.Source, o checker.Options) statespace.SpaceReport {
	t.Helper()
	r := checker.BFS(t.Context(), src, o)
	defer r.Close()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return r.Space
}

// TestReportCountsReachableMailboxes requires what only ignored deliveries would leave not to be counted.
func TestReportCountsReachableMailboxes(t *testing.T) {
	sys := model.NewSystem[memo](model.Config{})
	model.Add(sys, 7, suspect[bool]{
		start: func(out *memoOut) bool {
			for i := range 10 {
				out.Send(7, memo{N: i})
			}
			return false
		},
		receive: func(done bool, m memo, _ *memoOut) bool { return done || m.N == 0 },
	}.actor())
	r := reportOf(t, sys, checker.Options{Workers: 1})
	// The mailboxes with 0 to 10 letters that the start passes through, and the one without letter 0.
	if got, want := r.Slots[0], (statespace.SlotReport{
		Name: "7", Parts: 12, Of: map[string]int{"local": 2, "mailbox": 12},
	}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// talk is what the actors of the coverage test say.
type talk interface{ talk() }

type (
	hello   struct{ N int }
	boring  struct{}
	behind  struct{}
	wrapped struct{ Inner talk }
)

func (hello) talk()   {}
func (boring) talk()  {}
func (behind) talk()  {}
func (wrapped) talk() {}

// String shows that the type of a message is not read off its text.
func (h hello) String() string { return "hi!" }

// listener does nothing with most of what happens to it.
type listener struct{}

func (listener) Start(_ actor.ID, out *actor.Out[talk]) int {
	out.SetTimer("useful", 0, 0)
	out.SetTimer("useless", 0, 0)
	out.Choose("left", "right")
	return 0
}

func (listener) Receive(_ actor.ID, st int, _ actor.ID, m talk, _ *actor.Out[talk]) int {
	if w, ok := m.(wrapped); ok {
		m = w.Inner
	}
	if h, ok := m.(hello); ok {
		return max(st, h.N)
	}
	return st
}

func (listener) Timeout(_ actor.ID, st int, timer actor.Timer, _ *actor.Out[talk]) int {
	if timer == "useful" {
		return max(st, 100)
	}
	return st
}

func (listener) Chosen(_ actor.ID, st int, option actor.Option, _ *actor.Out[talk]) int {
	if option == "right" {
		return max(st, 200)
	}
	return st
}

// speaker sends all its messages at the start.
type speaker []talk

func (s speaker) Start(_ actor.ID, out *actor.Out[talk]) int {
	for _, m := range s {
		out.Send(1, m)
	}
	return 0
}

func (speaker) Receive(_ actor.ID, st int, _ actor.ID, _ talk, _ *actor.Out[talk]) int { return st }
func (speaker) Timeout(_ actor.ID, st int, _ actor.Timer, _ *actor.Out[talk]) int      { return st }

func coverageOf(t *testing.T, n network.Semantics, depth int, s speaker) statespace.SpaceReport {
	t.Helper()
	sys := model.NewSystem[talk](model.Config{Network: n})
	model.Add(sys, 0, actor.New[int, talk](s, actor.Timers(s.Timeout)))
	var l listener
	model.Add(sys, 1, actor.New[int, talk](l, actor.Timers(l.Timeout), actor.Choices(l.Chosen)))
	return reportOf(t, sys, checker.Options{Workers: 1, MaxDepth: depth})
}

func covered(actor, message string, delivered, ignored int) statespace.Coverage {
	return statespace.Coverage{Actor: actor, Message: message, Delivered: delivered, Ignored: ignored}
}

func vacuous(actor, event, why string) statespace.Vacuity {
	return statespace.Vacuity{Actor: actor, Event: event, Why: why}
}

func TestReportTellsCoverage(t *testing.T) {
	r := coverageOf(t, network.UnorderedNonDuplicating, 0, speaker{hello{1}, boring{}, wrapped{hello{2}}})
	// Local states 0, 1, 2, 100 and 200: a greeting counts in those below its number.
	want := []statespace.Coverage{covered("1", "boring", 0, 5), covered("1", "hello", 3, 5)}
	if !slices.Equal(r.Coverage, want) {
		t.Errorf("coverage %+v, want %+v", r.Coverage, want)
	}
	if want := []statespace.Vacuity{
		vacuous("0", "Timeout", statespace.NeverCalled),
		vacuous("1", "boring", statespace.NeverAccepted),
		vacuous("1", `timeout of useless`, statespace.NeverEffective),
		vacuous("1", `choosing left`, statespace.NeverEffective),
	}; !slices.Equal(r.Vacuous, want) {
		t.Errorf("vacuous %+v, want %+v", r.Vacuous, want)
	}
	if of := r.Slots[1].Of; of["timers"] != 4 || of["choices"] != 2 || of["local"] != 5 {
		t.Errorf("parts of the listener: %v", of)
	}

	r = coverageOf(t, network.Ordered, 2, speaker{hello{1}, behind{}, behind{}})
	if want := vacuous("1", "behind", statespace.NeverDeliverable); !slices.Contains(r.Vacuous, want) {
		t.Errorf("vacuous %+v, want %+v among them", r.Vacuous, want)
	}
	if want := covered("1", "behind", 0, 0); !slices.Contains(r.Coverage, want) {
		t.Errorf("coverage %+v, want %+v among them", r.Coverage, want)
	}
	if of := r.Guards[0]; of.Calls != r.HandlerCalls || of.Twice != of.Calls || of.Part != "handlers" {
		t.Errorf("guard of handlers: %+v", of)
	}
}

func TestReportNamesOpaqueActors(t *testing.T) {
	sys := model.NewSystem[memo](model.Config{})
	model.Add(sys, 7, suspect[int]{start: func(*memoOut) int { return 0 }}.actor())
	model.Add(sys, 8, actor.New[int, memo](archivist{}))
	if r := reportOf(t, sys, checker.Options{Workers: 1}); !slices.Equal(r.Opaque, []string{"7"}) {
		t.Errorf("opaque: %q", r.Opaque)
	}
}

// TestReadersSeeContentOrder requires what selections and InFlight give not to depend on the order in which values were
// first met: at each number of workers the same states satisfy a property that asks for the first.
func TestReadersSeeContentOrder(t *testing.T) {
	for _, n := range network.All() {
		sys := model.NewSystem[memo](model.Config{Network: n})
		model.Add(sys, 7, suspect[int]{
			start: func(out *memoOut) int {
				for _, to := range []actor.ID{7, 90, 80} {
					for i := range 4 {
						out.Send(to, memo{N: 9 - i})
					}
				}
				return 0
			},
			receive: func(st int, m memo, _ *memoOut) int { return max(st, m.N) },
		}.actor())
		picks := model.Select(sys, func(e actor.Envelope[memo]) (float64, bool) {
			if e.Message.N%2 == 0 {
				return math.NaN(), true
			}
			return float64(e.Message.N), true
		})
		sys.Always("selections are in order", func(v model.View) bool {
			all := picks.InFlight(v)
			return len(all) < 3 || len(all) == 3 && all[0] == 7 && all[1] == 9 && math.IsNaN(all[2])
		})
		sys.Always("flights are in order", func(v model.View) bool {
			return slices.IsSortedFunc(sys.InFlight(v), func(a, b model.Flight[memo]) int {
				if a.Envelope.To != b.Envelope.To {
					if a.Envelope.To == 7 || b.Envelope.To == 7 {
						return 0 // Messages to nobody come last.
					}
					return int(a.Envelope.To) - int(b.Envelope.To)
				}
				if n == network.Ordered {
					return b.Envelope.Message.N - a.Envelope.Message.N // sent in this order
				}
				return a.Envelope.Message.N - b.Envelope.Message.N
			})
		})
		r := checker.BFS(t.Context(), sys, checker.Options{Workers: 1})
		r.Require(t)
		r.Close()
	}
}
