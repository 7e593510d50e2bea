package checker_test

import (
	"slices"
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
)

// boxes reaches its boxes by name and in order.
type boxes struct {
	ByName map[string]*memo
	Order  []*memo
}

func sharedBoxes() boxes {
	b := &memo{}
	return boxes{map[string]*memo{"a": b}, []*memo{b}}
}

// TestGuardRefusesSharing requires memory that can be reached in two ways to be an error that names both, wherever a
// value becomes part of a state. Copies hold it twice, and a live actor once.
func TestGuardRefusesSharing(t *testing.T) {
	const two = `.Order[0]: shares memory with checker_test.boxes.ByName["a"], but copies of them would not`
	state := suspect[boxes]{start: func(*memoOut) boxes { return sharedBoxes() }}
	wantImpure(t, check(t, state.actor(), 0), "actor 7", "start", "its state: checker_test.boxes"+two)
	received := suspect[[][]int]{receive: func(_ [][]int, m memo, _ *memoOut) [][]int { return [][]int{m.Items, m.Items[1:]} }}
	wantImpure(t, check(t, received.actor(), 1), "actor 7", "receiving",
		"its state: [][]int[1]: shares its array with [][]int[0], but copies of them would not: let one of them be a clone")
	timer := suspect[int]{start: func(out *memoOut) int { b := &memo{}; out.SetTimer([2]*memo{b, b}, 0, 0); return 0 }}
	wantImpure(t, check(t, timer.actor(), 0), "actor 7", "start", "a timer: interface {}[1]: shares memory with interface {}[0]")
	option := suspect[int]{start: func(out *memoOut) int { b := &memo{}; out.Choose([2]*memo{b, b}); return 0 }}
	wantImpure(t, check(t, option.actor(), 0), "actor 7", "start", "an option: ")

	start := suspect[int]{}.actor()
	watch := func(sys *model.System[memo], _ model.Ref[int]) {
		model.Record(sys, actor.Observer[memo, boxes]{
			Name: "boxes",
			Next: func(boxes, actor.Envelope[memo], actor.Passage) (boxes, error) { return sharedBoxes(), nil },
		})
	}
	wantImpure(t, check(t, start, 1, watch), `observer "boxes"`, "sent", "its memory: checker_test.boxes"+two)

	sys := model.NewSystem[*boxes](model.Config{})
	model.Add(sys, 0, actor.Typed[int, *boxes]{
		Start:   func(_ actor.ID, out *actor.Out[*boxes]) int { b := sharedBoxes(); out.Send(0, &b); return 0 },
		Receive: func(_ actor.ID, st int, _ actor.ID, _ *boxes, _ *actor.Out[*boxes]) int { return st },
	})
	r := checker.BFS(t.Context(), sys, checker.Options{})
	wantImpure(t, []error{r.Err}, "actor 0", "start", "the message sent to 0: *checker_test.boxes"+strings.Replace(two, " checker", " *checker", 1))
	r.Close()

	a := ledgerActor()
	a.Keep = func(ledger) any { return sharedBoxes() }
	crashing, _ := ledgerSystem(model.Config{MaxDown: 1}, 1, a)
	r = checker.BFS(t.Context(), crashing, checker.Options{})
	wantImpure(t, []error{r.Err}, "actor 0", "crash", "what it keeps: interface {}"+two[:len(".Order[0]")])
	r.Close()
}

// TestGuardAllowsSharing lists what may share memory: a state with what is sent, several messages, and what is only read.
func TestGuardAllowsSharing(t *testing.T) {
	shares := suspect[[]int]{
		start: func(out *memoOut) []int {
			items := []int{1, 2}
			out.Send(7, memo{N: -1, Items: items})
			out.Send(7, memo{N: -2, Items: items})
			return items
		},
		receive: func(_ []int, m memo, out *memoOut) []int {
			if m.N == -1 {
				out.Send(7, memo{N: -3, Items: m.Items})
			}
			return m.Items
		},
	}
	type view struct{ first, again []int }
	wantPure(t, check(t, shares.actor(), 0, func(sys *model.System[memo], ref model.Ref[[]int]) {
		read := model.Project(sys, ref, func(st []int) view { return view{st, st[:1]} })
		letters := model.Select(sys, func(e actor.Envelope[memo]) (view, bool) {
			return view{e.Message.Items, e.Message.Items[:1]}, true
		})
		sys.Always("one is the other", func(v model.View) bool {
			seen, _ := read.In(v)
			return seen.first[0] == seen.again[0] && len(letters.InFlight(v)) < 9
		})
	}))
}

// mesh is a value that refers to itself in so many ways that no walk which forgets where it was comes to its end.
type mesh struct{ Peers map[int]*mesh }

func newMesh(n int) *mesh {
	all := make([]*mesh, n)
	for i := range all {
		all[i] = &mesh{map[int]*mesh{}}
	}
	for _, a := range all {
		for i, b := range all {
			if a != b {
				a.Peers[i] = b
			}
		}
	}
	return all[0]
}

// meshed has a mesh for its own value, and a state of its own.
type meshed struct {
	suspect[int]
	own *mesh
}

// TestGuardSurvivesMeshes requires no value to keep a search from its end: an actor's own is not watched, and one
// that was made to refer to itself by what may only read it is an error.
func TestGuardSurvivesMeshes(t *testing.T) {
	shared := &mesh{}
	for range 64 {
		shared = &mesh{map[int]*mesh{1: shared, 2: shared}}
	}
	for _, own := range []*mesh{newMesh(2), newMesh(3), newMesh(9), shared} {
		sys := model.NewSystem[memo](model.Config{})
		model.Add(sys, 7, actor.New[int, memo](meshed{own: own}))
		if r := reportOf(t, sys, checker.Options{Workers: 1}); !slices.Equal(r.Opaque, []string{"7"}) {
			t.Errorf("opaque: %q", r.Opaque)
		}
	}
	state := suspect[*mesh]{start: func(*memoOut) *mesh { return newMesh(5) }}
	wantImpure(t, check(t, state.actor(), 0), "actor 7", "start", "a cycle: this is *checker_test.mesh again")

	tie := func(m *mesh) { m.Peers[0], m.Peers[1] = m, m }
	fresh := suspect[*mesh]{start: func(*memoOut) *mesh { return &mesh{map[int]*mesh{}} }}
	wantImpure(t, check(t, fresh.actor(), 0, func(sys *model.System[memo], ref model.Ref[*mesh]) {
		read := model.Project(sys, ref, func(st *mesh) int { tie(st); return 0 })
		sys.Always("read", func(v model.View) bool { _, up := read.In(v); return up })
	}), "a projection", "reading", "it changed what it reads: &{Peers:{}} became (*checker_test.mesh.Peers[0]: a cycle")

	keeper := fresh
	keeper.start = func(out *memoOut) *mesh { out.SetTimer("t", 0, 0); return &mesh{map[int]*mesh{}} }
	var kept []*mesh
	keeper.timeout = func(st *mesh, _ actor.Timer, _ *memoOut) *mesh {
		for _, m := range kept {
			tie(m)
		}
		kept = append(kept, st)
		return st
	}
	for _, err := range check(t, keeper.actor(), 0) {
		if err == nil || !strings.Contains(err.Error(), "cycle") {
			t.Errorf("a state that was tied into a cycle later: %v", err)
		}
	}
}
