package trace_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/model/statespace"
	"synod/trace"
)

// The sender of a message is a step of the actor that it came from, and sends just that message. On a network that
// does not duplicate, no two deliveries have the same copy.
func TestSenders(t *testing.T) {
	all := sources()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			space := open(t, all[name])
			rapid.Check(t, func(rt *rapid.T) {
				tr := trace.New(space, "", trace.Walked, walk(rt, space))
				type copies struct {
					sender    int
					to, words string
				}
				used := make(map[copies]int)
				for i, s := range tr.Steps {
					if s.From == "" {
						continue
					}
					var sent []trace.Message
					if s.Sender == 0 {
						for _, m := range tr.Initial.Sent {
							if m.From == s.From {
								sent = append(sent, trace.Message{To: m.To, Message: m.Message})
							}
						}
					} else {
						sender := tr.Steps[s.Sender-1]
						if sender.Actor != s.From || s.Sender > i {
							rt.Fatalf("step %d of %s was sent by %+v", i+1, s.From, sender)
						}
						sent = sender.Sent
					}
					n := 0
					for _, m := range sent {
						if m == (trace.Message{To: s.Actor, Message: s.Message}) {
							n++
						}
					}
					key := copies{s.Sender, s.Actor, s.Message}
					used[key]++
					if n == 0 || !statespace.Duplicates(space) && used[key] > n {
						rt.Fatalf("step %d, %s, is copy %d of %d sent by step %d", i+1, s.Text, used[key], n, s.Sender)
					}
				}
				checkPast(rt, tr)
				checkDiagram(rt, tr)
			})
		})
	}
}

// checkPast compares the past of every step with the transitive closure of its definition.
func checkPast(rt *rapid.T, tr trace.Trace) {
	n := len(tr.Steps)
	before := make([][]bool, n) // before[i][j]: j comes before i, or is i
	for i, s := range tr.Steps {
		before[i] = make([]bool, n)
		before[i][i] = true
		for j := range i {
			earlier := tr.Steps[j]
			own := s.Actor == earlier.Actor && s.Kind != "drop" && earlier.Kind != "drop"
			if own || s.Sender == j+1 {
				for k := range n {
					before[i][k] = before[i][k] || before[j][k]
				}
			}
		}
	}
	for i := range n {
		if got := tr.Past(i + 1); !slices.Equal(got, before[i]) {
			rt.Fatalf("the past of step %d is %v, expected %v", i+1, got, before[i])
		}
	}
	for i, s := range tr.Steps {
		if s.Past != before[n-1][i] {
			rt.Fatalf("step %d is marked %v", i+1, s.Past)
		}
	}
}

// checkDiagram requires a row for every step and an arrow for every message that was sent, all of them downwards.
func checkDiagram(rt *rapid.T, tr trace.Trace) {
	d := tr.Diagram()
	if len(d.Rows) != len(tr.Steps)+1 {
		rt.Fatalf("%d rows of %d steps", len(d.Rows), len(tr.Steps))
	}
	ends := make(map[int]int)
	for _, a := range d.Arrows {
		if a.FromLane < 0 || a.ToLane < 0 || a.FromLane >= len(d.Lanes) || a.ToLane >= len(d.Lanes) || a.FromRow >= a.ToRow {
			rt.Fatalf("arrow %+v", a)
		}
		ends[a.ToRow]++
		if a.Fate == trace.UnderWay != (a.ToRow == len(d.Rows)) {
			rt.Fatalf("arrow %+v of %d rows", a, len(d.Rows))
		}
	}
	sent := len(tr.Initial.Sent)
	for i, s := range tr.Steps {
		if want := min(1, len(s.From)); ends[i+1] != want {
			rt.Fatalf("%d arrows end at step %d", ends[i+1], i+1)
		}
		sent += len(s.Sent)
	}
	if len(d.Arrows) < sent {
		rt.Fatalf("%d arrows of %d messages", len(d.Arrows), sent)
	}
}

// Steps that are aside can be left out: the path of the others is possible, and ends in a state that shows the same.
func TestAsideIsProven(t *testing.T) {
	d := exported(t)
	for _, tr := range d.Traces {
		for _, s := range tr.Steps {
			if s.Aside {
				t.Errorf("%s of the shortest path is aside", s.Text)
			}
		}
	}
	// A promise too many has nothing to do with what is chosen.
	source := sources()["singledecree"]
	space := open(t, source)
	long := follow(t, space, []string{"client 3 → server 0: Put", "server 0 → server 2: Prepare", "server 0 → server 1: Prepare"})
	rest := shortest(t, space, long, "value chosen")
	long.Steps = append(long.Steps, rest.Steps...)
	tr := trace.New(space, "value chosen", trace.Example, long)
	var keys []string
	aside := 0
	for _, s := range tr.Steps {
		if s.Aside {
			aside++
			if s.Past {
				t.Errorf("%s is aside and in the past", s.Text)
			}
			continue
		}
		keys = append(keys, s.Key)
	}
	if aside == 0 {
		t.Error("nothing is aside")
	}
	short, err := statespace.FollowFrom(space, long.Initial, keys)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := statespace.Answers(space, short.Last())
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(space.Properties(), func(p statespace.Property) bool { return p.Name == "value chosen" }); !answers[i] {
		t.Error("without the steps aside it shows nothing")
	}
	var b strings.Builder
	if err := trace.Explain(&b, tr); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "that the example does not depend on …") {
		t.Errorf("explained as\n%s", b.String())
	}
}

// shortest returns a shortest path from the end of another one.
func shortest(t *testing.T, space statespace.Space, from statespace.Path, property string) statespace.Path {
	t.Helper()
	return search(t, space, property, []statespace.Path{{Initial: from.Last()}})
}
