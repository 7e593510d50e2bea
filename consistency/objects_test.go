package consistency_test

import (
	"fmt"
	"testing"

	"synod/consistency"
)

// use lets one client use an object and compares its answers, as text.
func use[S, I, O any](t *testing.T, spec consistency.Spec[S, I, O], inputs []I, want ...string) {
	t.Helper()
	state := spec.Init
	if len(inputs) != len(want) {
		t.Fatalf("%s: %d inputs, %d answers", spec.Name, len(inputs), len(want))
	}
	for i, in := range inputs {
		next, out := spec.Step(state, in)
		if got := fmt.Sprintf("%v: %v", in, out); got != want[i] {
			t.Errorf("%s: step %d: %q, want %q", spec.Name, i, got, want[i])
		}
		state = next
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	read := consistency.Read[string]()
	use(t, consistency.Register("-"),
		[]consistency.RegisterInput[string]{read, consistency.Write("A"), consistency.Write("B"), read},
		"read: -", "write A: ok", "write B: ok", "read: B")
	use(t, consistency.WriteOnceRegister[string](),
		[]consistency.RegisterInput[string]{
			read, consistency.Write("A"), consistency.Write("B"), consistency.Write("A"), read,
		},
		"read: unset", "write A: ok", "write B: refused", "write A: ok", "read: A")

	add := func(v string) consistency.LogInput[string] {
		return consistency.LogInput[string]{Append: true, Value: v}
	}
	use(t, consistency.Log[string](),
		[]consistency.LogInput[string]{{}, add("A"), add("B"), {}},
		"read: []", "append A: at 1", "append B: at 2", "read: [A B]")

	use(t, consistency.Map[string, int](),
		[]consistency.MapInput[string, int]{
			{Key: "k"},
			{Request: consistency.MapDelete, Key: "k"},
			{Request: consistency.MapPut, Key: "k", Value: 1},
			{Request: consistency.MapPut, Key: "k", Value: 2},
			{Key: "k"},
			{Request: consistency.MapDelete, Key: "k"},
			{Key: "k"},
		},
		"get k: none", "delete k: none", "put k 1: none", "put k 2: none", "get k: found 2", "delete k: found 2",
		"get k: none")

	use(t, consistency.Set[string](),
		[]consistency.SetInput[string]{
			{Element: "e"},
			{Request: consistency.SetRemove, Element: "e"},
			{Request: consistency.SetAdd, Element: "e"},
			{Request: consistency.SetAdd, Element: "e"},
			{Element: "e"},
			{Request: consistency.SetRemove, Element: "e"},
			{Element: "e"},
		},
		"contains e: false", "remove e: false", "add e: false", "add e: true", "contains e: true", "remove e: true",
		"contains e: false")
}
