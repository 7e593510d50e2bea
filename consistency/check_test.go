package consistency_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"synod/consistency"
)

// script records a history from words such as "1w5" (client 1 writes 5), "1ok", "2r" (client 2 reads) and "2=5" (it
// gets 5).
func script(t testing.TB, words string) history {
	t.Helper()
	var events []event
	for word := range strings.FieldsSeq(words) {
		e := event{Client: consistency.Client(word[0] - '0')}
		var v int
		if len(word) > 2 {
			v = int(word[2] - '0')
		}
		switch word[1] {
		case 'w':
			e.Invoke, e.In = true, consistency.Write(v)
		case 'r':
			e.Invoke, e.In = true, consistency.Read[int]()
		case 'o':
			e.Out = consistency.Wrote[int]()
		case '=':
			e.Out = consistency.Got(v)
		default:
			t.Fatalf("word %q", word)
		}
		events = append(events, e)
	}
	return record(t, events)
}

func TestTextbook(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, events             string
		linearizable, sequential bool
	}{
		{"nothing happened", "", true, true},
		{"one pending read", "1r", true, true},
		{"one pending write", "1w5", true, true},
		{"read after write", "1w5 1ok 2r 2=5", true, true},
		{"stale read", "1w5 1ok 2r 2=0", false, true},
		{"stale read by the writer", "1w5 1ok 1r 1=0", false, false},
		{"value from nowhere", "1w5 1ok 2r 2=7", false, false},
		{"value from the future", "2r 2=5 1w5 1ok", false, true},
		{"concurrent, old", "1w5 2r 2=0 1ok", true, true},
		{"concurrent, new", "1w5 2r 2=5 1ok", true, true},
		{"return and invocation meet", "1w5 2r 1ok 2=0", true, true},
		{"new-old inversion of two readers", "1w5 2r 2=5 3r 3=0 1ok", false, true},
		{"new-old inversion of one reader", "1w5 2r 2=5 2r 2=0 1ok", false, false},
		{"overlapping readers may differ", "1w5 2r 3r 2=5 3=0 1ok", true, true},
		{"pending write was read", "1w5 2r 2=5", true, true},
		{"pending write was not read", "1w5 2r 2=0 2r 2=0", true, true},
		{"pending write was read, then not", "1w5 2r 2=5 3r 3=0", false, true},
		{"pending write took effect late", "1w5 2r 2=0 2r 2=5", true, true},
		{"pending write was read before it was invoked", "2r 2=5 1w5", false, true},
		{"pending write cannot act twice", "1w5 2w7 2ok 2r 2=5 2w7 2ok 2r 2=5", false, false},
		{"two pending writes, both read", "1w5 2w7 3r 3=7 3r 3=5", true, true},
		{"two pending writes, one read twice around the other", "1w5 2w7 3r 3=7 3r 3=5 3r 3=7", false, false},
		{"four pending writes, one acts twice", "1w5 2w6 4w7 5w8 3r 3=5 3w9 3ok 3r 3=5", false, false},
		{"four pending writes, two read", "1w5 2w6 4w7 5w8 3r 3=8 3r 3=6", true, true},
		{"four pending writes, read by none", "1w5 2w6 4w7 5w8 3r 3=9", false, false},
		{"readers see two writes in different orders", "1w5 2w7 1ok 2ok 3r 3=5 3r 3=7 4r 4=7 4r 4=5", false, false},
		{"writers each read the other's value", "1w5 1ok 1r 1=7 2w7 2ok 2r 2=5", false, false},
		{"writers overwrite in turn", "1w5 2w7 1ok 2ok 1r 2r 1=5 2=5", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := script(t, c.events)
			if got := consistency.Linearizable(consistency.Register(0), h); got != c.linearizable {
				t.Errorf("Linearizable = %v:\n%v", got, h)
			}
			if got := consistency.Sequential(consistency.Register(0), h); got != c.sequential {
				t.Errorf("Sequential = %v:\n%v", got, h)
			}
		})
	}
}

func TestVisualize(t *testing.T) {
	t.Parallel()
	for _, events := range []string{"", "7w5 7ok 2r 2=5 3w8", "7w5 7ok 2r 2=0 3r", "7w5"} {
		var page bytes.Buffer
		h := script(t, events)
		if err := consistency.Visualize(&page, consistency.Register(0), h); err != nil {
			t.Fatal(err)
		}
		for o := range h.Operations() {
			text := strings.ReplaceAll(o.String(), ">", `\u003e`)
			if !strings.Contains(page.String(), text) || !strings.Contains(page.String(), fmt.Sprintf("client %d", o.Client)) {
				t.Errorf("the page of %q does not show %q of client %d", events, o, o.Client)
			}
		}
	}
	if err := consistency.Visualize(broken{}, consistency.Register(0), script(t, "1r")); err == nil {
		t.Error("a failed write is no error")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }

// Without comparison functions, states and outputs with pointers and slices are compared by content, and a nil
// interface is a state.
func TestDefaultEqualities(t *testing.T) {
	t.Parallel()
	spec := consistency.Spec[any, int, []int]{
		Step: func(state any, push int) (any, []int) {
			below, _ := state.([]int)
			grown := append([]int{push}, below...)
			return grown, grown
		},
	}
	var h consistency.History[int, []int]
	h, _ = h.Invoke(1, 5)
	h, _ = h.Invoke(2, 6)
	h, _ = h.Return(2, []int{6, 5})
	good, _ := h.Return(1, []int{5})
	bad, _ := h.Return(1, []int{5, 6})
	if !consistency.Linearizable(spec, good) || !consistency.Sequential(spec, good) {
		t.Error("good history refused")
	}
	if consistency.Linearizable(spec, bad) || consistency.Sequential(spec, bad) {
		t.Error("bad history accepted")
	}
}

// A specification that panics does so where its caller can recover, not in a goroutine of the search.
func TestPanicReachesTheCaller(t *testing.T) {
	t.Parallel()
	spec := consistency.Register(0)
	spec.Step = func(int, consistency.RegisterInput[int]) (int, consistency.RegisterOutput[int]) {
		panic("broken object")
	}
	h := script(t, "1w5 1ok 2w6 3w6 4w6")
	for name, check := range map[string]func(){
		"Linearizable": func() { consistency.Linearizable(spec, h) },
		"Sequential":   func() { consistency.Sequential(spec, h) },
		"Visualize":    func() { _ = consistency.Visualize(&bytes.Buffer{}, spec, h) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, "broken object") {
					t.Errorf("recovered %q", text)
				}
			}()
			check()
		})
	}
}
