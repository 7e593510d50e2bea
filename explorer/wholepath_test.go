package explorer_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"synod/explorer"
	"synod/model"
	"synod/trace"
)

// lamp goes on and off for ever, if it does not break, and may be left as it is.
type lamp struct{}

func (lamp) Initial() []string { return []string{"new"} }
func (lamp) Actions(is string) []string {
	if is == "broken" {
		return []string{"leave"}
	}
	return []string{"switch", "break", "leave"}
}

func (lamp) Next(is, action string) (string, bool) {
	switch {
	case action == "leave":
		return is, true
	case action == "break":
		return "broken", is == "on"
	case is == "on":
		return "off", true
	}
	return "on", true
}

type single struct {
	name   string
	source model.Source
}

func (m single) Title() (name, summary string) { return m.name, "a model of a test" }
func (m single) Options() []explorer.Option    { return nil }
func (m single) Open(map[string]string) (map[string]string, model.Source, error) {
	return nil, m.source, nil
}

// What a path shows as a whole is exported with it: how it goes on for ever, that nothing can follow, and the property
// that it violates so.
func TestExportsOfWholePaths(t *testing.T) {
	p := model.NewPlain(lamp{})
	p.Always("no colour", func(is string) bool { return is != "red" })
	p.Sometimes("off", func(is string) bool { return is == "off" })
	p.Eventually("broken", func(is string) bool { return is == "broken" })
	p.Quiescent("ends off", func(is string) bool { return is == "off" })
	_, base := serve(t, func(c *explorer.Config) {
		c.Models, c.Model = []explorer.Model{single{"lamp", p}}, "lamp"
	})
	for _, want := range []struct {
		actions, kind, property string
		loop                    int
		maximal                 bool
	}{
		{"switch", "path", "", 0, false},
		{"switch leave", "path", "", 0, false},
		{"switch switch", "example", "off", 0, false},
		{"switch switch switch", "violation", "broken", 2, false},
		{"switch switch switch switch", "violation", "broken", 3, false},
		{"switch switch switch leave", "violation", "broken", 2, false},
		{"switch break", "violation", "ends off", 0, true},
		{"switch break leave", "violation", "ends off", 0, true},
	} {
		var path []string
		for _, action := range strings.Fields(want.actions) {
			path = append(path, `"`+action+`"`)
		}
		body, err := json.Marshal(explorer.Query{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.Post(base+"/api/v1/export?format=json", "application/json", bytes.NewReader(body)) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		d, err := trace.ReadJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v\n%s", want.actions, err, text)
		}
		got := d.Traces[0]
		if string(got.Kind) != want.kind || got.Property != want.property || got.Loop != want.loop || got.Maximal != want.maximal {
			t.Errorf("%s: a %s of %q, loop %d, maximal %v; expected %+v", want.actions, got.Kind, got.Property, got.Loop, got.Maximal, want)
		}
		if err := trace.Reproduce(p, got); err != nil {
			t.Errorf("%s: %v", want.actions, err)
		}
		// It is explained as such, and not made shorter: that is for what a state shows.
		if e := ask[explorer.Explanation](t, base, "explain", explorer.Query{Path: path}, 200); e.Property != want.property {
			t.Errorf("%s: %q is explained", want.actions, e.Property)
		}
		if want.kind == "violation" {
			if e := ask[refusal](t, base, "minimize", explorer.Query{Path: path}, 400); !strings.Contains(e.Error.Message, "whole paths") {
				t.Errorf("%s: %s", want.actions, e.Error.Message)
			}
		}
	}
	ask[refusal](t, base, "explain", explorer.Query{Property: "nonsense"}, 404)
	// A model without settings has an object for them all the same.
	for _, route := range []string{"models", "state"} {
		if config, ok := get[map[string]any](t, base+"/api/v1/"+route, 200)["config"].(map[string]any); !ok || len(config) > 0 {
			t.Errorf("%s: the settings are %v", route, config)
		}
	}
}
