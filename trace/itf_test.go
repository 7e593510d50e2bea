package trace_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"synod/internal/needs"
	"synod/model"
	"synod/trace"
)

// awkward is a state whose fields have names that other languages do not take.
type awkward struct {
	from, None int
	_          int
	größe      int
	tagged     variant
	in, in_    []string
	of         map[string]int
}

// variant looks like what readers take for one.
type variant struct {
	tag   int //nolint:unused // Reflection finds it.
	value string
}

// naming goes from one awkward state to another.
type naming struct{}

func (naming) Initial() []awkward { return []awkward{{in: []string{"a"}, of: map[string]int{"is": 1}}} }

func (naming) Actions(s awkward) []int { return []int{1 - s.from}[:1-s.from] }

func (naming) Next(s awkward, _ int) (awkward, bool) {
	s.from, s.None, s.größe, s.tagged.value, s.in_ = 1, 2, 3, "4", []string{"5"}
	return s, true
}

func named() model.Source {
	p := model.NewPlain(naming{})
	p.Sometimes("moved", func(s awkward) bool { return s.from == 1 })
	return p
}

// traces are paths through every model of the tests, and one with awkward names, in the Informal Trace Format.
func itfTraces(t *testing.T) (texts []string, states []int) {
	t.Helper()
	all := sources()
	all["names"] = named()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		space := open(t, all[name])
		var tr trace.Trace
		switch name {
		case "telephone":
			tr = trace.New(space, "p", trace.Violation, follow(t, space, []string{"1: timeout", "1 → 20", "1: chooses tails", "lost: 20 → 1"}))
		case "puzzle":
			tr = trace.New(space, "p", trace.Example, discover(t, space, "4 litres"))
		case "names":
			tr = trace.New(space, "p", trace.Example, discover(t, space, "moved"))
		default:
			tr = trace.New(space, "p", trace.Example, discover(t, space, "value chosen"))
		}
		var b bytes.Buffer
		if err := trace.WriteITF(&b, tr); err != nil {
			t.Fatal(err)
		}
		texts, states = append(texts, b.String()), append(states, len(tr.Steps)+1)
	}
	return texts, states
}

// TestITFLoads gives traces to the reader that Apalache's description of the format names. It needs Python, with the packages
// of tools/python.
func TestITFLoads(t *testing.T) {
	python := needs.Python(t, "itf_py")
	texts, states := itfTraces(t)
	input, err := json.Marshal(append(texts, `{"vars":["x"],"states":[{"x":{"from":1}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "load-itf.py")
	cmd.Dir, cmd.Stdin = filepath.Join(moduleRoot(t), "tools", "python"), bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers []struct {
		States int
		Error  string
	}
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(texts)+1 || answers[len(texts)].Error == "" {
		t.Fatalf("%d answers of %d traces, of what cannot be loaded %+v", len(answers), len(texts)+1, answers[len(texts)])
	}
	for i, a := range answers[:len(texts)] {
		if a.States != states[i] {
			t.Errorf("%d states, want %d, %s:\n%s", a.States, states[i], a.Error, texts[i])
		}
	}
}

// TestITFFields holds the names of fields against what that reader takes, where there is no Python.
func TestITFFields(t *testing.T) {
	texts, _ := itfTraces(t)
	all := make(map[string]bool)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case map[string]any:
			for name, inner := range v {
				all[name] = true
				walk(inner)
			}
			if len(v) == 2 && v["tag"] != nil && v["value"] != nil {
				t.Errorf("%v is taken for a variant", v)
			}
		}
	}
	for _, text := range texts {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		walk(v)
	}
	for _, name := range []string{"from_", "None_", "in_", "in__2", "tag_", "sender"} {
		if !all[name] {
			t.Errorf("there is no field %q of %q", name, slices.Sorted(maps.Keys(all)))
		}
	}
	for _, word := range strings.Fields("from None in _ größe tag class") {
		if all[word] {
			t.Errorf("there is a field %q", word)
		}
	}
}
