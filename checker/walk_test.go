package checker_test

import (
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
)

// endless counts the messages that it sends itself, for ever.
type endless struct{}

type ticked struct{ Number int }

func (endless) Start(self actor.ID, out *actor.Out[ticked]) []int {
	out.Send(self, ticked{1})
	return nil
}

func (endless) Receive(self actor.ID, st []int, _ actor.ID, m ticked, out *actor.Out[ticked]) []int {
	out.Send(self, ticked{m.Number + 1})
	return append(st[:min(len(st), 0)], m.Number)
}

// TestWalkInNewTables lets walks fill their tables several times: they go on in new ones, and the walk that refutes a
// property is found again and shown.
func TestWalkInNewTables(t *testing.T) {
	system := func() *model.System[ticked] {
		sys := model.NewSystem[ticked](model.Config{})
		ref := model.Add(sys, 0, actor.New[[]int, ticked](endless{}))
		sys.Always("small", func(v model.View) bool {
			st, _ := ref.In(v)
			return len(st) == 0 || st[0] < 60_000
		})
		return sys
	}
	r := checker.Walk(t.Context(), system(), checker.Options{
		Workers: 2, Walks: 2, WalkDepth: 70_000, MemoryLimit: 32 << 20, OwnMemory: true, FinishWhen: checker.Exhausted,
	})
	defer r.Close()
	if r.Err != nil || r.Stopped != "" {
		t.Fatalf("stopped by %q, error %v", r.Stopped, r.Err)
	}
	if !r.AtLeast {
		t.Errorf("%d distinct states in one set of tables: the test means to fill it", r.Unique)
	}
	if r.Generated != 2*70_000 || r.Depth != 70_000 {
		t.Errorf("generated %d, depth %d", r.Generated, r.Depth)
	}
	p := r.Properties[0]
	if p.Verdict != checker.Violated || len(p.Path.Steps) != 60_000 {
		t.Errorf("%v, by a path of %d steps", p.Verdict, len(p.Path.Steps))
	}
}

// TestEndOfWalks makes sure that walks never claim to have seen all, and that the report counts them if something ended them.
func TestEndOfWalks(t *testing.T) {
	for finish, want := range map[checker.FinishWhen]string{
		checker.Exhausted: "example     sometimes \"three\", 3 actions\n",
		checker.Decided:   "3 actions\nThe walks ended (every property is decided), after 1 of them.\n",
	} {
		sys := model.NewSystem[ticked](model.Config{})
		ref := model.Add(sys, 0, actor.New[[]int, ticked](endless{}))
		sys.Sometimes("three", func(v model.View) bool {
			st, _ := ref.In(v)
			return len(st) > 0 && st[0] == 3
		})
		r := checker.Walk(t.Context(), sys, checker.Options{Walks: 1, WalkDepth: 10, FinishWhen: finish})
		var b strings.Builder
		r.WriteText(&b)
		if got := b.String(); r.Exhausted || !strings.HasSuffix(got, want) {
			t.Errorf("%v: exhausted is %t, got:\n%s\nwant at the end:\n%s", finish, r.Exhausted, got, want)
		}
		r.Close()
	}
}
