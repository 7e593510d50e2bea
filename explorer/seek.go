package explorer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"synod/model/statespace"
)

// Limits of a request that searches or walks.
const (
	maxWalk   = 5_000
	seekTime  = 2 * time.Second
	maxSought = 40_000 // maximum number of states
)

// Goal describes the target of a search. Empty fields are ignored; at least one must be set.
type Goal struct {
	Property string `json:"property,omitempty"` // the property whose predicate …
	Answer   bool   `json:"answer,omitempty"`   // … has this value
	Slot     string `json:"slot,omitempty"`     // the slot whose …
	Field    string `json:"field,omitempty"`    // … field, named as in changes but without the slot, …
	Equals   string `json:"equals,omitempty"`   // … has this text; empty for any text other than the current one
	Message  string `json:"message,omitempty"`  // text that a message in flight contains
}

// Way is a continuation of a path.
type Way struct {
	Schema  string   `json:"schema"`
	Found   bool     `json:"found"`             // search: the goal was reached; random walk: it has all requested steps
	Path    []string `json:"path"`              // the additional steps
	Visited int      `json:"visited,omitempty"` // states visited by a search, or steps of a walk
	Ended   string   `json:"ended,omitempty"`   // why the goal was not found, or the walk ended early
	// For a shorter path, which starts at an initial state: the initial state, and whether the path is a shortest one.
	Initial  int  `json:"initial,omitempty"`
	Shortest bool `json:"shortest,omitempty"`
}

// inTurn runs a function that may compute for long. At most heavyRequests of them run at once.
func (s *Server) inTurn(r *http.Request, f func() (any, error)) (any, error) {
	select {
	case s.heavy <- struct{}{}:
		defer func() { <-s.heavy }()
		return f()
	case <-r.Context().Done():
		return nil, errGivenUp
	}
}

var errGivenUp = &apiError{Status: http.StatusServiceUnavailable, Code: "busy", Message: "the request was given up"}

// random handles a request for a random walk.
func (s *Server) random(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		return s.inTurn(r, func() (any, error) { return t.random(r.Context(), p, q) })
	})
}

func (t *tables) random(ctx context.Context, p *place, q Query) (*Way, error) {
	count := q.Count
	if count == 0 {
		count = 20
	}
	way := &Way{Schema: Schema, Path: []string{}}
	//nolint:gosec // a walk that a seed repeats
	source := rand.New(rand.NewPCG(q.Seed, uint64(p.depth)))
	deadline := time.Now().Add(seekTime)
	state := p.state
	for len(way.Path) < count {
		if p.depth+len(way.Path) >= maxPath {
			way.Ended = fmt.Sprintf("a path has at most %d steps", maxPath)
			return way, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			way.Ended = "time is up"
			return way, nil
		}
		if t.exhausted() {
			way.Ended = whyExhausted
			return way, nil
		}
		transitions, err := t.transitions(state)
		if err != nil {
			return nil, err
		}
		transitions = slices.DeleteFunc(transitions, func(x statespace.Transition) bool { return !allowed(x) })
		if len(transitions) == 0 {
			way.Ended = "nothing more can happen"
			return way, nil
		}
		x := transitions[source.IntN(len(transitions))]
		state = x.State
		way.Path, way.Visited = append(way.Path, x.Action.Key), way.Visited+1
	}
	way.Found = true
	return way, nil
}

// seek handles a search for the nearest place that satisfies a goal.
func (s *Server) seek(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) {
		test, err := t.test(q.Goal, p.state)
		if err != nil {
			return nil, err
		}
		return s.inTurn(r, func() (any, error) { return t.seek(r.Context(), p, test) })
	})
}

// sighting is a state visited by a search, and how it was reached.
type sighting struct {
	state []statespace.PartID
	from  int // index of the previous sighting
	key   string
}

// seek searches breadth first from a place. The place itself does not count.
func (t *tables) seek(ctx context.Context, p *place, test func([]statespace.PartID) (bool, error)) (*Way, error) {
	met := []sighting{{state: p.state, from: -1}}
	known := map[string]bool{stateKey(p.state): true}
	deadline := time.Now().Add(seekTime)
	way := &Way{Schema: Schema, Path: []string{}}
	for at := 0; at < len(met); at++ {
		way.Visited = len(met)
		switch {
		case len(met) >= maxSought:
			way.Ended = fmt.Sprintf("not among the %d nearest states", len(met))
			return way, nil
		case t.exhausted():
			way.Ended = whyExhausted
			return way, nil
		case time.Now().After(deadline) || ctx.Err() != nil:
			way.Ended = fmt.Sprintf("not found in %v, among the %d nearest states", seekTime, len(met))
			return way, nil
		}
		transitions, err := t.transitions(met[at].state)
		if err != nil {
			return nil, err
		}
		for _, x := range transitions {
			key := stateKey(x.State)
			if !allowed(x) || known[key] {
				continue
			}
			known[key] = true
			met = append(met, sighting{x.State, at, x.Action.Key})
			found, err := test(x.State)
			if err != nil {
				return nil, err
			}
			if !found {
				continue
			}
			for i := len(met) - 1; i > 0; i = met[i].from {
				way.Path = append(way.Path, met[i].key)
			}
			slices.Reverse(way.Path)
			way.Found = true
			return way, nil
		}
	}
	way.Ended = fmt.Sprintf("none of the %d reachable states", len(met)-1)
	if len(met) == 1 {
		way.Ended = "nothing more can happen"
	}
	return way, nil
}

// test returns the predicate of a goal; now is the state where the search starts.
func (t *tables) test(g *Goal, now []statespace.PartID) (func([]statespace.PartID) (bool, error), error) {
	if g == nil {
		return nil, badRequest(errors.New("no goal: expected a property, a field or a message"))
	}
	var all []func([]statespace.PartID) (bool, error)
	if g.Property != "" {
		i := slices.IndexFunc(t.space.Properties(), func(p statespace.Property) bool { return p.Name == g.Property })
		if i < 0 {
			return nil, notFound("no_property", fmt.Errorf("unknown property %q", g.Property))
		}
		all = append(all, func(state []statespace.PartID) (bool, error) {
			answers, err := statespace.Answers(t.space, state)
			return err == nil && answers[i] == g.Answer, err
		})
	}
	if g.Slot != "" {
		f, err := t.testField(g, now)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if g.Message != "" {
		all = append(all, t.testMessage(g.Message))
	}
	if len(all) == 0 {
		return nil, badRequest(errors.New("an empty goal: expected a property, a field or a message"))
	}
	return func(state []statespace.PartID) (bool, error) {
		for _, f := range all {
			if ok, err := f(state); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}, nil
}

// testField tests the text of a field of a slot. Each content of the slot is examined once.
func (t *tables) testField(g *Goal, now []statespace.PartID) (func([]statespace.PartID) (bool, error), error) {
	slot := -1
	for i := range now {
		if t.space.SlotName(i) == g.Slot {
			slot = i
		}
	}
	if slot < 0 {
		return nil, badRequest(fmt.Errorf("unknown slot %q", g.Slot))
	}
	text := func(id statespace.PartID) (string, error) {
		d, err := t.space.Detail(slot, id)
		if err != nil {
			return "", err
		}
		found, _ := lookUp(d.Value, g.Field)
		return found, nil
	}
	before, err := text(now[slot])
	if err != nil {
		return nil, err
	}
	known := make(map[statespace.PartID]bool)
	return func(state []statespace.PartID) (bool, error) {
		id := state[slot]
		answer, ok := known[id]
		if !ok {
			is, err := text(id)
			if err != nil {
				return false, err
			}
			answer = is != before
			if g.Equals != "" {
				answer = is == g.Equals
			}
			known[id] = answer
		}
		return answer, nil
	}, nil
}

// lookUp returns the text at a path in a tree.
func lookUp(n statespace.Node, path string) (string, bool) {
	if path == "" {
		return n.Text, true
	}
	for _, part := range n.Parts {
		rest, ok := strings.CutPrefix(path, part.Name)
		if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		if found, ok := lookUp(part, strings.TrimPrefix(rest, ".")); ok {
			return found, true
		}
	}
	return "", false
}

// testMessage searches the messages in flight for a text. Each content of a slot is examined once.
func (t *tables) testMessage(text string) func([]statespace.PartID) (bool, error) {
	type content struct {
		slot int
		id   statespace.PartID
	}
	known := make(map[content]bool)
	return func(state []statespace.PartID) (bool, error) {
		for slot, id := range state {
			answer, ok := known[content{slot, id}]
			if !ok {
				d, err := t.space.Detail(slot, id)
				if err != nil {
					return false, err
				}
				answer = slices.ContainsFunc(d.Letters, func(l statespace.Letter) bool { return strings.Contains(l.Message, text) })
				known[content{slot, id}] = answer
			}
			if answer {
				return true, nil
			}
		}
		return false, nil
	}
}
