package explorer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"synod/model"
	"synod/trace"
)

// format is a way to write a path.
type format struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	File  string `json:"file"` // the name of a file of this format
	Type  string `json:"type"` // the media type
	write func(io.Writer, trace.Document) error
}

func exportFormats() []format {
	return []format{
		{"json", "JSON", "trace.json", "application/json", trace.WriteJSON},
		{"mermaid", "Mermaid sequence diagram", "trace.mmd", "text/plain", func(w io.Writer, d trace.Document) error {
			return trace.WriteMermaid(w, d.Traces[0])
		}},
		{"text", "Text", "trace.txt", "text/plain", func(w io.Writer, d trace.Document) error {
			return trace.Text(w, d.Traces[0])
		}},
	}
}

func (s *Server) formats(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"schema": Schema, "formats": exportFormats()})
}

// export writes a path in a format.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		name := r.URL.Query().Get("format")
		formats := exportFormats()
		i := slices.IndexFunc(formats, func(f format) bool { return f.Name == name })
		if i < 0 {
			var names []string
			for _, f := range formats {
				names = append(names, f.Name)
			}
			return nil, badRequest(fmt.Errorf("unknown format %q: expected one of %s", name, strings.Join(names, ", ")))
		}
		property, err := t.shows(q, p)
		if err != nil {
			return nil, err
		}
		kind := trace.Example
		if property.Expect == model.Always {
			kind = trace.Violation
		}
		d := trace.Document{
			Model: t.model, Config: t.config,
			Traces: []trace.Trace{trace.New(t.space, property.Name, kind, pathTo(p))},
		}
		var b bytes.Buffer
		if err := formats[i].write(&b, d); err != nil {
			return nil, err
		}
		h := w.Header()
		h.Set("Content-Type", formats[i].Type+"; charset=utf-8")
		h.Set("Content-Disposition", "attachment; filename="+formats[i].File)
		_, _ = w.Write(b.Bytes())
		return nil, nil
	})
}

// shows gives the property that a path is about: the one that was asked for, else the first one that is violated at its
// end, else the last one of which it is an example. A path that shows nothing is an example of being walked.
func (t *tables) shows(q Query, p *place) (model.Property, error) {
	properties := t.space.Properties()
	answers, err := t.answers(p.state)
	if err != nil {
		return model.Property{}, err
	}
	shown := model.Property{Name: "walked by hand", Expect: model.Sometimes}
	for i, property := range properties {
		switch {
		case q.Property == property.Name:
			return property, nil
		case property.Expect == model.Always && !answers[i]:
			shown = property
		case property.Expect == model.Sometimes && answers[i] && shown.Expect != model.Always:
			shown = property
		}
	}
	if q.Property != "" {
		return shown, notFound("no_property", fmt.Errorf("unknown property %q", q.Property))
	}
	return shown, nil
}

// minimize searches for a shorter path to a state that shows the same.
func (s *Server) minimize(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		property, err := t.shows(q, p)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(t.space.Properties(), func(other model.Property) bool { return other.Name == property.Name })
		if i < 0 {
			return nil, badRequest(errors.New("the last state shows no property: expected a violation or an example"))
		}
		answers, err := t.answers(p.state)
		if err != nil {
			return nil, err
		}
		wanted := answers[i]
		done, err := s.hold(r.Context())
		if err != nil {
			return nil, err
		}
		defer done()
		begin := t.initials[q.Initial]
		first, err := t.answers(begin.state)
		if err != nil {
			return nil, err
		}
		if first[i] == wanted {
			return &Way{Schema: Schema, Found: p.depth > 0, Path: []string{}, Visited: 1}, nil
		}
		way, err := t.seek(r.Context(), begin, func(state []model.PartID) (bool, error) {
			answers, err := model.Answers(t.space, state)
			return err == nil && answers[i] == wanted, err
		})
		if err == nil && way.Found && len(way.Path) >= p.depth {
			way.Found, way.Ended = false, "there is no shorter path"
		}
		return way, err
	})
}
