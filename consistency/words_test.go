package consistency_test

import (
	"fmt"
	"slices"
	"testing"

	"synod/consistency"
)

// Histories of any object can be told: what happened, and what is wrong with an answer.
func TestWords(t *testing.T) {
	type (
		in  = consistency.LogInput[string]
		out = consistency.LogOutput[string]
	)
	w := consistency.Words[in, out]{
		Named: func(op consistency.Operation[in, out]) string { return op.Client.Name() + "'s " + op.In.String() },
		Answered: func(op consistency.Operation[in, out]) string {
			return "returns " + op.Out.String()
		},
		Answers: func(consistency.History[in, out], consistency.Operation[in, out]) []out {
			return []out{{}, {Entries: []string{"A"}}}
		},
		Shown: func(_ in, o out) string { return fmt.Sprint(o.Entries) },
	}
	var h consistency.History[in, out]
	path := []consistency.History[in, out]{h}
	for _, e := range []consistency.Event[in, out]{
		{Client: 1, Invoke: true, In: in{Append: true, Value: "A"}},
		{Client: 1, Out: out{Index: 1}},
		{Client: 2, Invoke: true},
		{Client: 2, Out: out{}},
	} {
		next, err := path[len(path)-1].Advance(e)
		if err != nil {
			t.Fatal(err)
		}
		path = append(path, next)
	}
	if got := w.Tell(path[1], path[3]); !slices.Equal(got, []string{"client 1's append A returns at 1", "client 2's read begins"}) {
		t.Errorf("told %q", got)
	}
	holds := func(h consistency.History[in, out]) bool {
		return consistency.Linearizable(consistency.Log[string](), h)
	}
	want := []string{
		"not linearizable: client 2's read, from step 3 to step 4, returns []; [A] would have been allowed",
		"client 1's append A, from step 1 to step 2, returns at 1",
	}
	if got := w.Convict(holds, path); !slices.Equal(got, want) {
		t.Errorf("convicted %q, want %q", got, want)
	}
	if got := w.Convict(holds, path[:4]); got != nil {
		t.Errorf("a history that is linearizable is convicted: %q", got)
	}
}
