package checker_test

import (
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
)

// firstOf returns the first key that a range over a map shows.
func firstOf(m map[string]int) string {
	for k := range m {
		return k
	}
	return ""
}

type mapped struct {
	Votes map[string]int
	First string
}

// mapOrderRuns is how many checks of a small model that depends on the order of a map there are. One that misses the
// fault in one run of 200 fails in one of three.
const mapOrderRuns = 60

// TestGuardFindsMapOrder requires a function that depends on the order of a map of two entries to be found in nearly
// every check, even if it is called once only, and a user to be asked about it if the map is part of what it was given.
func TestGuardFindsMapOrder(t *testing.T) {
	two := func() map[string]int { return map[string]int{"a": 1, "b": 2} }
	const asked = "does it depend on the order of a map?"
	plain := func(read func(mapped) bool) func() error {
		return func() error {
			p := model.NewPlain[mapped, string](mappedModel{})
			p.Always("first", read)
			r := checker.BFS(t.Context(), p, checker.Options{Workers: 1})
			defer r.Close()
			return r.Err
		}
	}
	system := func(a actor.Typed[mapped, memo], with ...func(*model.System[memo], model.Ref[mapped])) func() error {
		return func() error {
			sys := model.NewSystem[memo](model.Config{})
			ref := model.Add(sys, 7, a)
			for _, w := range with {
				w(sys, ref)
			}
			r := checker.BFS(t.Context(), sys, checker.Options{Workers: 1})
			defer r.Close()
			return r.Err
		}
	}
	start := func(out *memoOut) mapped { out.Send(7, memo{}); return mapped{Votes: two()} }
	still := suspect[mapped]{start: start}.actor()
	for name, c := range map[string]struct {
		check func() error
		want  string
	}{
		"a map in the state": {system(suspect[mapped]{start: start, receive: func(st mapped, _ memo, _ *memoOut) mapped {
			return mapped{First: firstOf(st.Votes)}
		}}.actor()), asked},
		"a map of the handler's": {system(suspect[mapped]{start: func(*memoOut) mapped {
			return mapped{First: firstOf(two())}
		}}.actor()), "two calls with the same state gave different states"},
		"a projection": {system(still, func(sys *model.System[memo], ref model.Ref[mapped]) {
			read := model.Project(sys, ref, func(st mapped) string { return firstOf(st.Votes) })
			sys.Always("first", func(v model.View) bool { _, up := read.In(v); return up })
		}), asked},
		"a property that reads a projection": {system(still, func(sys *model.System[memo], ref model.Ref[mapped]) {
			read := model.Project(sys, ref, func(st mapped) map[string]int { return st.Votes })
			sys.Sometimes("first", func(v model.View) bool {
				votes, _ := read.In(v)
				return firstOf(votes) == "c" || firstOf(votes) == "b"
			})
		}), asked},
		"a property": {system(still, func(sys *model.System[memo], ref model.Ref[mapped]) {
			sys.Sometimes("first", func(v model.View) bool {
				st, _ := ref.In(v)
				return firstOf(st.Votes) == "c" || firstOf(st.Votes) == "b"
			})
		}), asked},
		"an observer": {system(suspect[mapped]{start: start, receive: func(st mapped, _ memo, _ *memoOut) mapped {
			return mapped{First: "x"}
		}}.actor(), func(sys *model.System[memo], _ model.Ref[mapped]) {
			model.Record(sys, actor.Observer[memo, mapped]{
				Name: "first", Start: mapped{Votes: two()},
				Next: func(h mapped, _ actor.Envelope[memo], _ actor.Passage) (mapped, error) {
					return mapped{First: firstOf(h.Votes)}, nil
				},
			})
		}), asked},
		"a plain model's method":   {plain(func(mapped) bool { return true }), asked},
		"a plain model's property": {plain(func(s mapped) bool { return firstOf(s.Votes) != "b" }), asked},
	} {
		missed, told := 0, 0
		for range mapOrderRuns {
			if err := c.check(); err == nil {
				missed++
			} else if strings.Contains(err.Error(), c.want) {
				told++
			}
		}
		if missed > 3 {
			t.Errorf("%s: missed in %d of %d checks", name, missed, mapOrderRuns)
		}
		// A property that all repeats missed is found when its path is judged anew, which says nothing of maps.
		if told < mapOrderRuns-6 {
			t.Errorf("%s: %q was said in %d of %d checks", name, c.want, told, mapOrderRuns)
		}
	}
}

// mappedModel begins with a map of two entries, and goes on to the first of them.
type mappedModel struct{}

func (mappedModel) Initial() []mapped { return []mapped{{Votes: map[string]int{"a": 1, "b": 2}}} }
func (mappedModel) Actions(s mapped) []string {
	if s.Votes == nil {
		return nil
	}
	return []string{"go"}
}

func (mappedModel) Next(s mapped, _ string) (mapped, bool) {
	return mapped{First: firstOf(s.Votes)}, true
}
