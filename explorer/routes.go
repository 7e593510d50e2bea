package explorer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"synod/model/statespace"
)

// apiPrefix is the prefix of all API paths.
const apiPrefix = "/api/v1/"

// routes returns the handler of the API and the page.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	const v1 = apiPrefix
	both := func(path string, h http.HandlerFunc) {
		mux.HandleFunc("GET "+v1+path, h)
		mux.HandleFunc("POST "+v1+path, h)
	}
	mux.HandleFunc("GET "+v1+"models", s.listModels)
	both("state", s.state)
	both("random", s.random)
	both("minimize", s.minimize)
	both("explain", s.explain)
	both("values", s.values)
	both("pictures", s.pictures)
	both("dead", s.dead)
	mux.HandleFunc("POST "+v1+"seek", s.seek)
	mux.HandleFunc("GET "+v1+"formats", s.formats)
	both("export", s.export)
	mux.HandleFunc("GET "+v1+"timeline", s.timeline)
	mux.HandleFunc("GET "+v1+"check", s.getCheck)
	mux.HandleFunc("POST "+v1+"check", s.postCheck)
	mux.HandleFunc("GET "+v1+"check/events", s.stream)
	mux.HandleFunc("GET "+v1+"check/report", s.report)
	mux.HandleFunc("POST "+v1+"check/{command}", s.command)
	mux.HandleFunc(v1, func(w http.ResponseWriter, r *http.Request) {
		writeError(w, notFound("no_route", fmt.Errorf("%s %s: no such route; docs/explorer-api.md lists them",
			r.Method, r.URL.Path)))
	})
	mux.Handle("/", page())
	return mux
}

// ModelList lists the models.
type ModelList struct {
	Schema string             `json:"schema"`
	Models []ModelDescription `json:"models"`
	Model  string             `json:"model"`            // the model the server was started with
	Config map[string]string  `json:"config"`           // settings the server was started with
	Reduce string             `json:"reduce,omitempty"` // how checks are reduced, if they are
}

// ModelDescription describes a model.
type ModelDescription struct {
	Name    string              `json:"name"`
	Summary string              `json:"summary"`
	Options []OptionDescription `json:"options"`
}

// OptionDescription describes a setting; see Option.
type OptionDescription struct {
	Name     string   `json:"name"`
	Doc      string   `json:"doc"`
	Default  string   `json:"default"`
	Values   []string `json:"values,omitempty"`
	Min      int      `json:"min,omitempty"`
	Max      int      `json:"max,omitempty"`
	Optional bool     `json:"optional,omitempty"`
}

func (s *Server) listModels(w http.ResponseWriter, _ *http.Request) {
	list := ModelList{Schema: Schema, Model: s.config.Model, Config: s.config.Settings}
	if reduce := s.config.Check.Reduce; reduce != statespace.Full {
		list.Reduce = reduce.String()
	}
	for _, m := range s.config.Models {
		d := ModelDescription{Options: []OptionDescription{}}
		d.Name, d.Summary = m.Title()
		for _, o := range m.Options() {
			d.Options = append(d.Options, OptionDescription(o))
		}
		list.Models = append(list.Models, d)
	}
	writeJSON(w, http.StatusOK, list)
}

// event encodes a status as the data of an event.
func event(st CheckStatus) []byte {
	data, err := json.Marshal(st)
	if err != nil {
		return []byte(`{"error":"the status cannot be written"}`)
	}
	return data
}

// sendTime bounds how long a client may take to read an event.
const sendTime = 10 * time.Second

func send(w http.ResponseWriter, rc *http.ResponseController, data []byte) bool {
	_ = rc.SetWriteDeadline(time.Now().Add(sendTime))
	if _, err := fmt.Fprintf(w, "event: check\ndata: %s\n\n", data); err != nil {
		return false
	}
	return rc.Flush() == nil
}

// pathTo returns the path from an initial state to a place.
func pathTo(p *place) statespace.Path {
	var path statespace.Path
	for ; p.parent != nil; p = p.parent {
		path.Steps = append(path.Steps, p.by)
	}
	slices.Reverse(path.Steps)
	path.Initial = p.state
	return path
}
