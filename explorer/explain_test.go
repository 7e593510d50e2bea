package explorer_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"testing"

	"synod/checker"
	"synod/examples/catalog"
	"synod/explorer"
	"synod/trace"
)

// exported asks for a path in a format.
func exported(t testing.TB, base, format string, q explorer.Query) []byte {
	t.Helper()
	body, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(base+"/api/v1/export?format="+format, "application/json", bytes.NewReader(body)) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("export as %s: %d, %v: %s", format, r.StatusCode, err, text)
	}
	return text
}

// What a check finds is told on the page, and in what it exports, as the command tells it, step by step: of systems whose
// protocols explain themselves, whose observers do, and of models that say nothing.
func TestExplainsAsTheCommand(t *testing.T) {
	_, base := serve(t, nil)
	for _, x := range []struct {
		model  string
		config map[string]string
		told   int // the steps that are explained, at least
	}{
		{"single-decree", map[string]string{"mutant": "own-value"}, 10},
		{"single-decree", map[string]string{"mutant": "promise-forgotten"}, 8},
		{"single-copy", nil, 1},
		{"two-phase-commit", nil, 0},
	} {
		entry, err := catalog.Find(x.model)
		if err != nil {
			t.Fatal(err)
		}
		full, source, err := entry.Open(x.config)
		if err != nil {
			t.Fatal(err)
		}
		r := checker.BFS(t.Context(), source, checker.Options{})
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		defer r.Close()
		for _, found := range r.Traces() {
			q := explorer.Query{Model: x.model, Config: full, Property: found.Property}
			for _, s := range found.Steps {
				q.Path = append(q.Path, s.Key)
			}
			e := ask[explorer.Explanation](t, base, "explain", q, 200)
			if e.Property != found.Property || e.Kind != string(found.Kind) || len(e.Steps) != len(found.Steps) {
				t.Errorf("%s: %s of %q, %d steps: the command tells of a %s of %q, %d steps", x.model, e.Kind, e.Property,
					len(e.Steps), found.Kind, found.Property, len(found.Steps))
				continue
			}
			told := 0
			for i, s := range e.Steps {
				want := found.Steps[i]
				if !reflect.DeepEqual(s.Notes, want.Notes) || s.Past != want.Past || s.Aside != want.Aside {
					t.Errorf("%s, %q, step %d is explained as %+v, by the command as %q, past %v, aside %v", x.model,
						found.Property, i+1, s, want.Notes, want.Past, want.Aside)
				}
				if len(s.Notes) > 0 {
					told++
				}
			}
			if found.Kind == trace.Violation && told < x.told {
				t.Errorf("%s %v: %d steps of %q are explained, expected %d", x.model, x.config, told, found.Property, x.told)
			}
			var want bytes.Buffer
			if err := trace.Explain(&want, found); err != nil {
				t.Fatal(err)
			}
			if got := exported(t, base, "text", q); string(got) != want.String() {
				t.Errorf("%s: exported\n%s\nbut the command tells\n%s", x.model, got, want.String())
			}
		}
	}
}
