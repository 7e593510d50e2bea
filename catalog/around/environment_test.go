package around_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/catalog"
	"synod/catalog/around"
	"synod/consistency"
	"synod/invariant"
	"synod/spawn"
	"synod/spawn/jsonwire"
	"synod/spawn/record"
	"synod/spawn/rehearse"
	"synod/spawn/replay"
	"synod/spawn/service"
)

// The protocol of the tests: counters, each of which counts by itself, so that two of them are not one.
type (
	message interface{ message() }
	// Add asks to add something, and for the sum.
	Add struct {
		Number uint64
		Amount int
	}
	// Sum answers.
	Sum struct {
		Number uint64
		Sum    int
	}
	// Count is the state of a server: the sum, and the last answer to each client.
	Count struct {
		Sum  int
		Last map[actor.ID]Sum
	}
)

func (Add) message() {}
func (Sum) message() {}

func counter(catalog.Variant, []actor.ID) actor.Typed[Count, message] {
	return actor.Typed[Count, message]{
		Start: func(actor.ID, *actor.Out[message]) Count { return Count{} },
		Receive: func(_ actor.ID, st Count, from actor.ID, m message, out *actor.Out[message]) Count {
			add, ok := m.(Add)
			if !ok {
				return st
			}
			last, known := st.Last[from]
			if !known || add.Number > last.Number {
				st.Sum += add.Amount
				last = Sum{add.Number, st.Sum}
				if st.Last == nil {
					st.Last = make(map[actor.ID]Sum)
				}
				st.Last[from] = last
			}
			out.Send(from, last)
			return st
		},
	}
}

var wire = jsonwire.Must([]message{Add{}}, []message{Sum{}})

var counting = service.Config[int, int, int, message]{
	Object: consistency.Spec[int, int, int]{Name: "sum", Step: func(sum, in int) (int, int) { return sum + in, sum + in }},
	Operations: []service.Operation[int]{
		{Name: "add", Doc: "Add one", Draw: func(service.Draw) int { return 1 }},
		{Name: "ask", Doc: "Ask for the sum", Reads: true},
	},
	Wire:    wire,
	Request: func(number uint64, in int) message { return Add{number, in} },
	Asked: func(m message) (uint64, int, bool) {
		add, ok := m.(Add)
		return add.Number, add.Amount, ok
	},
	Answer: func(m message) (uint64, int, bool) {
		sum, ok := m.(Sum)
		return sum.Number, sum.Sum, ok
	},
}

// explored records a run of so many counters, and explores around its last event but some.
func explored(t *testing.T, servers, event int, c service.Config[int, int, int, message], below int) *around.Exploration {
	t.Helper()
	small := invariant.Each("small", func(_ actor.ID, st Count) bool { return st.Sum < below })
	entries := catalog.Catalogue{{Name: "counters", Servers: &catalog.Servers{
		Program: func(v catalog.Variant) spawn.Program {
			return spawn.NewProgram("counters", 1, func(others []actor.ID) actor.Typed[Count, message] { return counter(v, others) }, wire, nil)
		},
		Service: service.Must(c), Invariants: []invariant.Checked{small},
	}}}
	program, err := entries.Program("counters", nil)
	if err != nil {
		t.Fatal(err)
	}
	run := rehearse.Config{
		Program: program, Service: service.Must(c), Servers: servers, Clients: 2, Length: 2 * time.Second, Reads: 0.3,
	}
	s, err := run.Schedule(1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := run.Write(t.Context(), dir, 1, s, record.Header{}); err != nil {
		t.Fatal(err)
	}
	var files []string
	for place := range servers {
		files = append(files, filepath.Join(dir, rehearse.RecordName(place)))
	}
	records, err := replay.Open(files...)
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	x, err := around.Config{
		Event: event, Steps: 20, Clients: 2, Puts: 1, Readers: 1,
		Program: func(*record.Header) (spawn.Program, error) { return program, nil },
	}.Explore(context.Background(), entries, records)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x
}

// TestEnvironment goes on from runs with the environment that every protocol has: what holds is said to, for all that can follow;
// what new clients see that is wrong is found, and what was wrong before; an invariant too; and what cannot be known is not
// judged.
func TestEnvironment(t *testing.T) {
	silent := counting
	silent.Asked = nil
	for _, tt := range []struct {
		name    string
		servers int
		event   int
		service service.Config[int, int, int, message]
		below   int
		verdict string
		says    string
	}{
		{"one counter", 1, 4, counting, 1000, "holds", `holds       always "linearizable", in all that can follow`},
		{"two counters, and new clients see both", 2, 3, counting, 1000, "violated", `Violation of "linearizable"`},
		{"two counters, whose clients have seen both", 2, 9, counting, 1000, "violated", "up to that event"},
		{"an invariant", 1, 4, counting, 2, "violated", `Violation of "small"`},
		{"what clients asked is not known", 1, 4, silent, 1000, "undecided", "does not say what a request asks for"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := explored(t, tt.servers, tt.event, tt.service, tt.below)
			var b bytes.Buffer
			if x.WriteText(&b); x.Verdict() != tt.verdict || !strings.Contains(b.String(), tt.says) {
				t.Errorf("%s, want %s and %q\n%s", x.Verdict(), tt.verdict, tt.says, &b)
			}
		})
	}
}
