package register

import (
	"slices"
	"testing"

	"synod/consistency"
)

// event is what a step of a path does to a history: clients ask and are told.
type event struct {
	client consistency.Client
	in     input
	out    output // of a return
	invoke bool
	crash  bool
}

// path builds the histories along a path, of which each step has some events.
func path(t *testing.T, steps ...[]event) []History {
	t.Helper()
	var h History
	var all []History
	for _, events := range steps {
		for _, e := range events {
			var err error
			switch {
			case e.crash:
				h, err = h.Crash(e.client)
			case e.invoke:
				h, err = h.Invoke(e.client, e.in)
			default:
				h, err = h.Return(e.client, e.out)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, h)
	}
	return all
}

func asks(c consistency.Client, in input) event   { return event{client: c, in: in, invoke: true} }
func told(c consistency.Client, out output) event { return event{client: c, out: out} }

var (
	putA, putB, get = consistency.Write(Value('A')), consistency.Write(Value('B')), consistency.Read[Value]()
	done            = consistency.Wrote[Value]()
)

// TestTell reads what clients asked and were told from one history to the next.
func TestTell(t *testing.T) {
	p := path(t, []event{asks(1, putA)}, []event{told(1, done), asks(1, get)}, []event{told(1, consistency.Got(Value(0)))})
	for i, want := range [][]string{
		{"client 1's put 'A' is done", "client 1's get begins"}, {"client 1's get returns none"},
	} {
		if got := words.Tell(p[i], p[i+1]); !slices.Equal(got, want) {
			t.Errorf("step %d: %q, want %q", i+1, got, want)
		}
	}
	if got := words.Tell(History{}, p[2]); !slices.Equal(got, []string{
		"client 1's put 'A' is done", "client 1's get returns none", "client 1's put 'A' begins", "client 1's get begins",
	}) {
		t.Errorf("all at once: %q", got)
	}
}

// TestExplain tells of the answer that does not fit, in operations, at the step with which it comes and at no other.
func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		steps [][]event
		want  []string // of the last step
	}{
		"a stale read": {
			[][]event{
				{asks(1, putA), asks(2, putB)}, {told(1, done), asks(1, get)}, {}, {told(1, consistency.Got(Value(0)))},
			},
			[]string{
				"not linearizable: client 1's get, from step 1 to step 3, returns none; 'A' or 'B' would have been allowed",
				"client 1's put 'A', from the start to step 1, is done",
				"client 2's put 'B' is pending since the start",
			},
		},
		"a read that goes back": {
			[][]event{
				{asks(1, putA)},
				{asks(2, get)},
				{told(2, consistency.Got(Value('A'))), asks(2, get)},
				{told(2, consistency.Got(Value(0))), asks(2, get)},
			},
			[]string{
				"not linearizable: client 2's get, from step 2 to step 3, returns none; 'A' would have been allowed",
				"client 1's put 'A' is pending since the start",
				"client 2's get, from step 1 to step 2, returns 'A'",
			},
		},
		"nothing wrong": {
			[][]event{{asks(1, putA)}, {told(1, done)}}, nil,
		},
		"wrong before": {
			[][]event{
				{asks(1, putA)}, {told(1, done), asks(1, get)}, {told(1, consistency.Got(Value(0)))}, {asks(2, putB)},
			}, nil,
		},
	} {
		p := path(t, c.steps...)
		o := Linearizable()
		if got := o.Explain(p); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		for i := 1; i < len(p) && c.want != nil; i++ {
			if got := o.Explain(p[:i]); got != nil {
				t.Errorf("%s: after %d steps %q", name, i-1, got)
			}
		}
	}
	crashed := path(t, []event{asks(1, putA)}, []event{{client: 1, crash: true}, asks(1, get)},
		[]event{told(1, consistency.Got(Value('B')))})
	if got := Linearizable().Explain(crashed); !slices.Equal(got, []string{
		"not linearizable: client 1 after crash 1's get, from step 1 to step 2, returns 'B'; none or 'A' would have been allowed",
		"client 1's put 'A' is pending since the start",
	}) {
		t.Errorf("after a crash: %q", got)
	}
	once := path(t, []event{asks(1, putA)}, []event{told(1, done), asks(2, putB)}, []event{told(2, done)})
	if got := LinearizableOnce().Explain(once); len(got) == 0 ||
		got[0] != "not linearizable: client 2's put 'B', from step 1 to step 2, is done; refused would have been allowed" {
		t.Errorf("a second value: %q", got)
	}
}
