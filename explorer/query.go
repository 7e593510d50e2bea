package explorer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a request.
const (
	maxBody      = 8 << 20
	maxPath      = 20_000  // steps
	maxPathBytes = 4 << 20 // total length of all keys
	maxSettings  = 64
)

// Query describes the subject of a request: a model, and a path through it.
type Query struct {
	Model   string            `json:"model"`             // empty for the model the server was started with
	Config  map[string]string `json:"config,omitempty"`  // settings by name; others have the model's defaults
	Initial int               `json:"initial,omitempty"` // index of the initial state, from 0 in order of content
	Path    []string          `json:"path,omitempty"`    // keys of the actions
	From    int               `json:"from,omitempty"`    // omit the steps up to this one from the answer
	Goal    *Goal             `json:"goal,omitempty"`    // target of a search
	Seed    uint64            `json:"seed,omitempty"`    // seed of a random walk
	Count   int               `json:"count,omitempty"`   // number of steps of a random walk
	// The property for an export or a shorter path; empty for one that the last state shows.
	Property string   `json:"property,omitempty"`
	Theme    string   `json:"theme,omitempty"`  // theme of a visualization: light or dark
	Fields   []string `json:"fields,omitempty"` // fields whose values along the path are requested, named as in changes
}

// readQuery reads a query: as JSON from the body of a POST, otherwise from the URL, where each step has its own
// parameter named step and unknown parameters are settings.
func readQuery(w http.ResponseWriter, r *http.Request) (Query, error) {
	var q Query
	var err error
	if r.Method == http.MethodPost {
		err = readBody(w, r, &q)
	} else {
		// Query would silently drop malformed parameters, or all of them if there are too many, and so change the query.
		var values url.Values
		if values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			return q, badRequest(fmt.Errorf("address: %w", err))
		}
		q, err = queryOf(values)
	}
	if err != nil {
		return q, err
	}
	return q, q.validate()
}

// readBody decodes the body of a request, and rejects unknown fields and trailing data.
func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return bodyError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest(errors.New("body: unexpected data after the JSON object"))
	}
	return nil
}

// bodyError describes an invalid body in terms of JSON rather than Go.
func bodyError(err error) error {
	var tooLong *http.MaxBytesError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLong):
		return err
	case errors.Is(err, io.EOF):
		return badRequest(errors.New("no body: expected a JSON object"))
	case errors.As(err, &wrong) && wrong.Field == "":
		return badRequest(fmt.Errorf("body: expected a JSON object, got %s", wrong.Value))
	case errors.As(err, &wrong):
		words := map[reflect.Kind]string{
			reflect.String: "a string", reflect.Bool: "true or false", reflect.Slice: "a list", reflect.Map: "an object",
			reflect.Struct: "an object", reflect.Int: "a whole number", reflect.Uint64: "a whole number, 0 or more",
		}
		return badRequest(fmt.Errorf("body: %s: expected %s, got %s", wrong.Field, words[wrong.Type.Kind()], wrong.Value))
	}
	return badRequest(fmt.Errorf("body: expected a JSON object: %s", strings.TrimPrefix(err.Error(), "json: ")))
}

func queryOf(values url.Values) (Query, error) {
	q := Query{Config: make(map[string]string)}
	for name, all := range values {
		one := all[len(all)-1]
		var err error
		switch name {
		case "model":
			q.Model = one
		case "step":
			q.Path = all
		case "property":
			q.Property = one
		case "theme":
			q.Theme = one
		case "field":
			q.Fields = all
		case "initial":
			q.Initial, err = strconv.Atoi(one)
		case "from":
			q.From, err = strconv.Atoi(one)
		case "count":
			q.Count, err = strconv.Atoi(one)
		case "seed":
			q.Seed, err = strconv.ParseUint(one, 10, 64)
		case "format":
		default:
			q.Config[name] = one
		}
		if err != nil {
			return q, badRequest(fmt.Errorf("%s %q: expected a whole number", name, one))
		}
	}
	return q, nil
}

func (q Query) validate() error {
	size := 0
	for i, key := range q.Path {
		size += len(key)
		if !utf8.ValidString(key) {
			return badRequest(fmt.Errorf("step %d: expected UTF-8", i+1))
		}
	}
	switch {
	case len(q.Path) > maxPath:
		return badRequest(fmt.Errorf("a path of %d steps: expected at most %d", len(q.Path), maxPath))
	case size > maxPathBytes:
		return badRequest(fmt.Errorf("a path of %d bytes: expected at most %d", size, maxPathBytes))
	case len(q.Config) > maxSettings:
		return badRequest(fmt.Errorf("%d settings: expected at most %d", len(q.Config), maxSettings))
	case q.From < 0 || q.From > len(q.Path):
		return badRequest(fmt.Errorf("from %d: expected 0 to the length of the path, %d", q.From, len(q.Path)))
	case q.Initial < 0:
		return badRequest(fmt.Errorf("initial %d: expected at least 0", q.Initial))
	case len(q.Fields) > maxWatched:
		return badRequest(fmt.Errorf("%d fields: expected at most %d", len(q.Fields), maxWatched))
	case q.Count < 0 || q.Count > maxWalk:
		return badRequest(fmt.Errorf("count %d: expected 1 to %d", q.Count, maxWalk))
	}
	return nil
}
