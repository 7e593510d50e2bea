package explorer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"synod/checker"
	"synod/model/statespace"
	"synod/trace"
)

// FormatDescription describes an export format.
type FormatDescription struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	File    string `json:"file"` // example file name of this format
	Type    string `json:"type"` // media type
}

func (s *Server) formats(w http.ResponseWriter, _ *http.Request) {
	var all []FormatDescription
	for _, f := range trace.Formats() {
		all = append(all, FormatDescription{f.Name, f.Summary, "path" + f.Extensions[0], f.MediaType})
	}
	writeJSON(w, http.StatusOK, map[string]any{"schema": Schema, "formats": all})
}

// export writes a path in a format.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		f, err := trace.FormatNamed(r.URL.Query().Get("format"))
		if err != nil {
			return nil, badRequest(err)
		}
		var b bytes.Buffer
		if _, err := s.inTurn(r, func() (any, error) { return nil, t.export(&b, f, q, p) }); err != nil {
			return nil, err
		}
		h := w.Header()
		h.Set("Content-Type", f.MediaType)
		h.Set("Content-Disposition", "attachment; filename=path"+f.Extensions[0])
		_, _ = w.Write(b.Bytes())
		return nil, nil
	})
}

func (t *tables) export(b *bytes.Buffer, f trace.Format, q Query, p *place) error {
	told, _, err := t.told(q, p)
	if err != nil {
		return err
	}
	return f.Write(b, trace.Document{
		Model: t.model, Config: t.config, Traces: []trace.Trace{told}, Package: statespace.Publisher(t.source),
	})
}

// kindOf returns the kind of trace that shows a property.
func kindOf(p statespace.Property) trace.Kind {
	switch {
	case p.Name == "":
		return trace.Walked
	case p.Expect == statespace.Sometimes:
		return trace.Example
	}
	return trace.Violation
}

// told describes the path to a place and the property that it shows.
func (t *tables) told(q Query, p *place) (told trace.Trace, shown statespace.Property, err error) {
	path, err := t.whole(p)
	if err != nil {
		return told, shown, err
	}
	if shown, err = t.shows(q, p, path); err != nil {
		return told, shown, err
	}
	if shown.Name != "" && shown.Expect.OfStates() { // The last state shows it, whatever follows.
		path.Loop, path.Maximal = 0, false
	}
	return trace.New(t.space, shown.Name, kindOf(shown), path), shown, nil
}

// whole returns the path to a place together with its continuation: the shortest cycle at its end, or the fact that
// it cannot be extended.
func (t *tables) whole(p *place) (path statespace.Path, err error) {
	path = pathTo(p)
	if path.Loop = loopOf(path); path.Loop == 0 {
		path.Maximal, err = statespace.Terminal(t.space, p.state)
		return path, err
	}
	// A longer cycle counts if it is fair and the shorter ones are not.
	for longer := path; longer.Loop > 0; longer.Loop = longerLoop(longer) {
		fair, err := statespace.IsFair(t.space, longer)
		if fair || err != nil {
			return longer, err
		}
	}
	return path, nil
}

// longerLoop returns the first step of the next longer cycle at the end of a path, or 0 if there is none.
func longerLoop(path statespace.Path) int {
	for steps := path.Loop - 2; steps >= 0; steps-- {
		if slices.Equal(path.At(steps), path.Last()) {
			return steps + 1
		}
	}
	return 0
}

// loopOf returns the first step, counted from 1, of the shortest cycle at the end of a path. It returns 0 if there is
// none; a step that changes nothing is not a cycle.
func loopOf(path statespace.Path) int {
	last := path.Last()
	same := func(steps int) bool { return slices.Equal(path.At(steps), last) }
	steps := len(path.Steps) - 1
	for steps >= 0 && same(steps) {
		steps--
	}
	for steps >= 0 && !same(steps) {
		steps--
	}
	return steps + 1
}

// shows returns the property that a path shows: the requested one, otherwise the first of all.
func (t *tables) shows(q Query, p *place, path statespace.Path) (shown statespace.Property, err error) {
	known := func(p statespace.Property) bool { return p.Name == q.Property }
	if q.Property != "" && !slices.ContainsFunc(t.space.Properties(), known) {
		return shown, notFound("no_property", fmt.Errorf("unknown property %q", q.Property))
	}
	all, err := t.allShown(p, path)
	if err != nil {
		return shown, err
	}
	for _, property := range all {
		if q.Property == "" || known(property) {
			return property, nil
		}
	}
	return shown, nil
}

// allShown returns the properties that a path shows: first those that its last state violates, then those that the
// path as a whole violates, then those of which it is an example. Within a group, effects of the last step come
// first.
func (t *tables) allShown(p *place, path statespace.Path) ([]statespace.Property, error) {
	answers, err := t.answers(p.state)
	if err != nil {
		return nil, err
	}
	before := answers
	if p.parent != nil {
		if before, err = t.answers(p.parent.state); err != nil {
			return nil, err
		}
	}
	var violated, whole, examples []statespace.Property
	var fresh [2]int // how many leading entries of violated and examples are due to the last step
	add := func(to []statespace.Property, property statespace.Property, n *int, isNew bool) []statespace.Property {
		if !isNew {
			return append(to, property)
		}
		*n++
		return slices.Insert(to, *n-1, property)
	}
	for i, property := range t.space.Properties() {
		switch example := property.Expect == statespace.Sometimes; {
		case !property.Expect.OfStates():
			is, err := statespace.Shows(t.space, property, path)
			if err != nil {
				return nil, err
			}
			if is {
				whole = append(whole, property)
			}
		case answers[i] != example:
		case example:
			examples = add(examples, property, &fresh[1], before[i] != answers[i])
		default:
			violated = add(violated, property, &fresh[0], before[i] != answers[i])
		}
	}
	slices.Reverse(examples[:fresh[1]])
	slices.Reverse(examples[fresh[1]:])
	return slices.Concat(violated, whole, examples), nil
}

// Explanation relates each step of a path to the property that the path shows.
type Explanation struct {
	Schema   string      `json:"schema"`
	Property string      `json:"property"` // empty if the path shows nothing
	Kind     string      `json:"kind"`     // violation, example or path
	Shows    []string    `json:"shows"`    // all properties that the path shows
	End      string      `json:"end,omitempty"`
	Steps    []Explained `json:"steps"`
}

// Explained describes a step; see trace.Step.
type Explained struct {
	Past    bool     `json:"past,omitempty"`
	Aside   bool     `json:"aside,omitempty"`
	Culprit bool     `json:"culprit,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

// explain handles a request for the relevance and meaning of each step.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		return s.inTurn(r, func() (any, error) { return t.explain(q, p) })
	})
}

func (t *tables) explain(q Query, p *place) (*Explanation, error) {
	told, _, err := t.told(q, p)
	if err != nil {
		return nil, err
	}
	path, err := t.whole(p)
	if err != nil {
		return nil, err
	}
	all, err := t.allShown(p, path)
	if err != nil {
		return nil, err
	}
	e := &Explanation{
		Schema: Schema, Property: told.Property, Kind: string(told.Kind), Shows: []string{}, End: told.End(), Steps: []Explained{},
	}
	for _, property := range all {
		e.Shows = append(e.Shows, valid(property.Name))
	}
	for _, step := range told.Steps {
		e.Steps = append(e.Steps, Explained{step.Past, step.Aside, step.Culprit, step.Notes})
	}
	return e, nil
}

// minimizeTime bounds the search for a shorter path.
const minimizeTime = 15 * time.Second

// minimize searches for a shorter path to a state that shows the same property.
func (s *Server) minimize(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		return s.inTurn(r, func() (any, error) {
			ctx, cancel := context.WithTimeout(r.Context(), minimizeTime)
			defer cancel()
			return t.minimize(ctx, q, p)
		})
	})
}

func (t *tables) minimize(ctx context.Context, q Query, p *place) (*Way, error) {
	told, property, err := t.told(q, p)
	switch {
	case err != nil:
		return nil, err
	case property.Name == "":
		return nil, badRequest(errors.New("the last state shows neither a violation nor an example"))
	case !property.Expect.OfStates():
		return nil, badRequest(fmt.Errorf("%q is a property of whole paths; choose a property that the last state shows", property.Name))
	}
	shorter, how, err := checker.Minimise(ctx, t.source, told)
	if err != nil {
		return nil, err
	}
	way := &Way{
		Schema: Schema, Path: []string{}, Initial: q.Initial, Found: len(shorter.Steps) < p.depth, Shortest: how.Shortest,
	}
	switch {
	case way.Found:
		for i, begin := range t.initials {
			if trace.Fingerprint(t.space, begin.state) == shorter.Initial.Fingerprint {
				way.Initial = i
			}
		}
		for _, step := range shorter.Steps {
			way.Path = append(way.Path, step.Key)
		}
	case how.Shortest:
		way.Ended = "this one is the shortest"
	default:
		way.Ended = "none was found"
	}
	return way, nil
}
