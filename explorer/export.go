package explorer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"synod/checker"
	"synod/model"
	"synod/trace"
)

// FormatDescription describes a format of exports.
type FormatDescription struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	File    string `json:"file"` // the name of a file of this format
	Type    string `json:"type"` // the media type
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
		property, err := t.shows(q, p)
		if err != nil {
			return nil, err
		}
		d := trace.Document{
			Model: t.model, Config: t.config,
			Traces: []trace.Trace{trace.New(t.space, property.Name, kindOf(property), pathTo(p))},
		}
		var b bytes.Buffer
		if err := f.Write(&b, d); err != nil {
			return nil, err
		}
		h := w.Header()
		h.Set("Content-Type", f.MediaType)
		h.Set("Content-Disposition", "attachment; filename=path"+f.Extensions[0])
		_, _ = w.Write(b.Bytes())
		return nil, nil
	})
}

// kindOf says what a path shows of a property.
func kindOf(p model.Property) trace.Kind {
	switch {
	case p.Name == "":
		return trace.Walked
	case p.Expect == model.Always:
		return trace.Violation
	}
	return trace.Example
}

// shows gives the property that the end of a path shows: the one that was asked for, else the first one that is violated
// there, else the last one of which it is an example. It is empty if the path shows nothing.
func (t *tables) shows(q Query, p *place) (shown model.Property, err error) {
	answers, err := t.answers(p.state)
	if err != nil {
		return shown, err
	}
	known := q.Property == ""
	for i, property := range t.space.Properties() {
		known = known || q.Property == property.Name
		if q.Property != "" && q.Property != property.Name {
			continue
		}
		switch {
		case property.Expect == model.Always && !answers[i]:
			return property, nil
		case property.Expect == model.Sometimes && answers[i]:
			shown = property
		}
	}
	if !known {
		return shown, notFound("no_property", fmt.Errorf("unknown property %q", q.Property))
	}
	return shown, nil
}

// Explanation says of every step of a path what it has to do with what the path shows.
type Explanation struct {
	Schema   string      `json:"schema"`
	Property string      `json:"property"` // empty if the path shows nothing
	Kind     string      `json:"kind"`     // violation, example or path
	Steps    []Explained `json:"steps"`
}

// Explained is what there is to say of a step; see trace.Step.
type Explained struct {
	Past  bool     `json:"past,omitempty"`
	Aside bool     `json:"aside,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// explain tells which steps matter, and what they mean.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		property, err := t.shows(q, p)
		if err != nil {
			return nil, err
		}
		return s.inTurn(r, func() (any, error) { return t.explain(p, property), nil })
	})
}

func (t *tables) explain(p *place, property model.Property) *Explanation {
	told := trace.New(t.space, property.Name, kindOf(property), pathTo(p))
	e := &Explanation{Schema: Schema, Property: told.Property, Kind: string(told.Kind), Steps: []Explained{}}
	for _, step := range told.Steps {
		e.Steps = append(e.Steps, Explained{step.Past, step.Aside, step.Notes})
	}
	return e
}

// minimizeTime bounds how long a shorter path is searched for.
const minimizeTime = 15 * time.Second

// minimize searches for a shorter path to a state that shows the same.
func (s *Server) minimize(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		property, err := t.shows(q, p)
		if err != nil {
			return nil, err
		}
		if property.Name == "" {
			return nil, badRequest(errors.New("the last state shows no property: expected a violation or an example"))
		}
		return s.inTurn(r, func() (any, error) {
			ctx, cancel := context.WithTimeout(r.Context(), minimizeTime)
			defer cancel()
			return t.minimize(ctx, q, p, property)
		})
	})
}

func (t *tables) minimize(ctx context.Context, q Query, p *place, property model.Property) (*Way, error) {
	told := trace.New(t.space, property.Name, kindOf(property), pathTo(p))
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
