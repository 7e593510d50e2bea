package trace_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/examples/singledecree"
	"synod/model"
	"synod/model/statespace"
	"synod/trace"
)

// walk draws a path through a space.
func walk(rt *rapid.T, space statespace.Space) statespace.Path {
	initials, err := statespace.Initials(space)
	if err != nil {
		rt.Fatal(err)
	}
	p := statespace.Path{Initial: rapid.SampledFrom(initials).Draw(rt, "initial")}
	for range rapid.IntRange(0, 20).Draw(rt, "length") {
		transitions, err := statespace.Transitions(space, p.Last())
		if err != nil {
			rt.Fatal(err)
		}
		transitions = slices.DeleteFunc(transitions, func(x statespace.Transition) bool {
			return x.Ignored != statespace.Counts || x.Cut
		})
		if len(transitions) == 0 {
			break
		}
		p.Steps = append(p.Steps, rapid.SampledFrom(transitions).Draw(rt, "step"))
	}
	return p
}

// asFile leaves out what files do not hold.
func asFile(d trace.Document) trace.Document {
	for _, t := range d.Traces {
		for i := range t.Initial.Slots {
			t.Initial.Slots[i].Value = nil
		}
		for _, s := range t.Steps {
			for i := range s.Slots {
				s.Slots[i].Value = nil
			}
		}
	}
	return d
}

// A path becomes a trace, a file, a trace and, in another space of the same model, a path through the same states.
func TestRoundTrip(t *testing.T) {
	all := sources()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			first, second := open(t, all[name]), open(t, all[name])
			rapid.Check(t, func(rt *rapid.T) {
				p := walk(rt, first)
				written := trace.Document{
					Model: name, Config: map[string]string{"clients": "2"},
					Traces: []trace.Trace{trace.New(first, "a property", trace.Violation, p)},
				}
				var file bytes.Buffer
				if err := trace.WriteJSON(&file, written); err != nil {
					rt.Fatal(err)
				}
				read, err := trace.ReadJSON(&file)
				if err != nil {
					rt.Fatal(err)
				}
				if !reflect.DeepEqual(read, asFile(written)) {
					rt.Fatalf("wrote %+v, read %+v", written, read)
				}
				q, err := trace.Replay(second, read.Traces[0])
				if err != nil {
					rt.Fatal(err)
				}
				if len(q.Steps) != len(p.Steps) {
					rt.Fatalf("%d steps, then %d", len(p.Steps), len(q.Steps))
				}
				same(rt, first, p.Initial, second, q.Initial)
				for i, s := range p.Steps {
					same(rt, first, s.State, second, q.Steps[i].State)
				}
			})
		})
	}
}

func same(rt *rapid.T, a statespace.Space, x []statespace.PartID, b statespace.Space, y []statespace.PartID) {
	if c, d := statespace.Content(a, x), statespace.Content(b, y); !bytes.Equal(c, d) {
		rt.Fatalf("replayed %s, recorded %s", d, c)
	}
}

func TestReplayErrors(t *testing.T) {
	space := open(t, telephone())
	path := follow(t, space, []string{"1: timeout", "1 → 20", `1: chooses tails`})
	recorded := trace.New(space, "p", trace.Violation, path)

	t.Run("no step", func(t *testing.T) {
		changed := recorded
		changed.Steps = slices.Clone(recorded.Steps)
		changed.Steps[1].Key = "deliver nothing"
		p, err := trace.Replay(space, changed)
		var missing *statespace.NoStepError
		if !errors.As(err, &missing) || missing.Step != 2 || missing.Key != "deliver nothing" {
			t.Errorf("got the error %v", err)
		}
		if len(p.Steps) != 1 {
			t.Errorf("%d steps, expected the one before the missing one", len(p.Steps))
		}
	})
	t.Run("another initial state", func(t *testing.T) {
		c := singledecree.Default
		c.Clients++
		p, err := trace.Replay(open(t, singledecree.System(c)), recorded)
		var other *trace.MismatchError
		if !errors.As(err, &other) || other.Step != 0 || !strings.Contains(err.Error(), "another model") {
			t.Errorf("got the error %v", err)
		}
		if p.Initial != nil || p.Steps != nil {
			t.Errorf("got the path %v", p)
		}
	})
	t.Run("another state on the way", func(t *testing.T) {
		changed := recorded
		changed.Steps = slices.Clone(recorded.Steps)
		changed.Steps[1].Fingerprint = "0000000000000000"
		p, err := trace.Replay(space, changed)
		var other *trace.MismatchError
		if !errors.As(err, &other) || other.Step != 2 || other.Got != recorded.Steps[1].Fingerprint {
			t.Errorf("got the error %v", err)
		}
		if len(p.Steps) != 3 {
			t.Errorf("%d steps, expected all 3", len(p.Steps))
		}
	})
}

// The second initial state, not the first, is found by its fingerprint.
func TestReplayFindsTheInitialState(t *testing.T) {
	space := open(t, puzzle())
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	for _, initial := range initials {
		p, err := trace.Replay(space, trace.New(space, "p", trace.Example, statespace.Path{Initial: initial}))
		if err != nil || !slices.Equal(p.Initial, initial) {
			t.Errorf("replayed %v: %v, %v", initial, p, err)
		}
	}
}

// binary is a state whose text is no UTF-8.
type binary int

func (binary) String() string { return "\xff" }

type flip struct{}

func (flip) Initial() []binary                      { return []binary{0} }
func (flip) Actions(binary) []binary                { return []binary{1} }
func (flip) Next(s binary, a binary) (binary, bool) { return a, s != a }

// Texts that a model makes of invalid UTF-8 are repaired, and do not keep a trace from being written.
func TestNewRepairsText(t *testing.T) {
	space := open(t, model.NewPlain(flip{}))
	p := follow(t, space, []string{""})
	tr := trace.New(space, "p", trace.Violation, p)
	if got := tr.Initial.Slots[0].Text; got != "\uFFFD" {
		t.Errorf("the state reads %q", got)
	}
	if err := trace.WriteJSON(io.Discard, trace.Document{Model: "m", Traces: []trace.Trace{tr}}); err != nil {
		t.Error(err)
	}
}
