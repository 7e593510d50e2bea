package explorer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"synod/model"
)

// What the server remembers is bounded: so many models with their settings at once, and of each so much. When a session
// is full it begins again with empty tables, which nobody notices but for the time that it takes to walk there again.
const (
	maxSessions  = 8
	maxPlaces    = 30_000  // states on paths that were walked
	maxExpanded  = 150_000 // states whose successors were computed
	maxOffHeap   = 512 << 20
	maxJudged    = 50_000 // states whose properties are remembered
	maxKeptSteps = 4_000  // descriptions of steps
)

// sessions holds the tables of the models that were asked for last.
type sessions struct {
	mu   sync.Mutex
	open []*tables // the one used last at the end
}

// tables are a model's space and the paths that were walked in it.
type tables struct {
	name     string
	model    string
	config   map[string]string // complete
	source   model.Source
	space    model.Detailer
	initials []*place
	expanded atomic.Int64

	users  int  // guarded by sessions.mu
	parted bool // no longer among the open ones; closed by the last user

	mu     sync.Mutex // guards the tree of places and what follows
	places int
	kept   int
	judged map[string][]bool // by state
}

// place is a state on a path.
type place struct {
	parent   *place
	depth    int // steps from the initial state
	state    []model.PartID
	by       model.Transition // that led here
	sent     []model.Letter   // by that step
	children map[string]*place
	step     *Step // that step, once it was described; guarded by the tables' mu, as children are
}

// acquire gives the tables of a model with settings; release them.
func (s *Server) acquire(q Query) (*tables, error) {
	name := q.Model
	if name == "" {
		name = s.config.Model
	}
	m := s.models[name]
	if m == nil {
		return nil, notFound("no_model", fmt.Errorf("unknown model %q: expected one of %s",
			name, strings.Join(slices.Sorted(maps.Keys(s.models)), ", ")))
	}
	config := q.Config
	if q.Model == "" && len(config) == 0 {
		config = s.config.Settings
	}
	full, source, err := m.Open(config)
	if err != nil {
		return nil, &apiError{Status: 400, Code: "bad_config", Message: err.Error()}
	}
	return s.sessions.acquire(name, settings(full), source)
}

// settings makes those of a model that has none an object for those who read JSON.
func settings(full map[string]string) map[string]string {
	if full == nil {
		return map[string]string{}
	}
	return full
}

func sessionName(modelName string, config map[string]string) string {
	parts := []string{strconv.Quote(modelName)}
	for _, k := range slices.Sorted(maps.Keys(config)) {
		parts = append(parts, strconv.Quote(k)+strconv.Quote(config[k]))
	}
	return strings.Join(parts, " ")
}

func (all *sessions) acquire(modelName string, config map[string]string, source model.Source) (*tables, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	name := sessionName(modelName, config)
	if i := slices.IndexFunc(all.open, func(t *tables) bool { return t.name == name }); i >= 0 {
		t := all.open[i]
		all.open = slices.Delete(all.open, i, i+1)
		if !t.full() {
			all.open = append(all.open, t)
			t.users++
			return t, nil
		}
		all.part(t)
	}
	t, err := openTables(name, modelName, config, source)
	if err != nil {
		return nil, err
	}
	for len(all.open) >= maxSessions {
		all.part(all.open[0])
		all.open = all.open[1:]
	}
	all.open = append(all.open, t)
	t.users++
	return t, nil
}

// part lets go of tables: they are closed when nobody uses them any more.
func (all *sessions) part(t *tables) {
	t.parted = true
	if t.users == 0 {
		t.space.Close()
	}
}

func (all *sessions) release(t *tables) {
	all.mu.Lock()
	defer all.mu.Unlock()
	t.users--
	if t.parted && t.users == 0 {
		t.space.Close()
	}
}

func (all *sessions) close() {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, t := range all.open {
		all.part(t)
	}
	all.open = nil
}

func openTables(name, modelName string, config map[string]string, source model.Source) (*tables, error) {
	space, err := source.Space()
	if err != nil {
		return nil, &apiError{Status: 400, Code: "bad_config", Message: err.Error()}
	}
	detailer, ok := space.(model.Detailer)
	if !ok {
		space.Close()
		return nil, notFound("no_detail", fmt.Errorf("the model %s cannot show its states", modelName))
	}
	t := &tables{name: name, model: modelName, config: config, source: source, space: detailer, judged: make(map[string][]bool)}
	initials, err := model.Initials(space)
	if err != nil {
		space.Close()
		return nil, err
	}
	for _, state := range initials {
		t.initials = append(t.initials, &place{state: state})
	}
	return t, nil
}

// full tells whether the tables hold so much that they should be made anew.
func (t *tables) full() bool {
	t.mu.Lock()
	places := t.places
	t.mu.Unlock()
	return places > maxPlaces || t.expanded.Load() > maxExpanded || t.space.OffHeap() > maxOffHeap
}

// transitions gives what can happen in a state.
func (t *tables) transitions(state []model.PartID) ([]model.Transition, error) {
	t.expanded.Add(1)
	return model.Transitions(t.space, state)
}

// walk follows a path. A step that does not apply gives a *model.NoStepError, and the place before it.
func (t *tables) walk(initial int, path []string) (*place, error) {
	if initial >= len(t.initials) {
		return nil, notFound("no_initial", fmt.Errorf("initial state %d: the model has %d, counted from 0",
			initial, len(t.initials)))
	}
	p := t.initials[initial]
	for i, key := range path {
		next, err := t.next(p, key)
		if err != nil {
			return p, err
		}
		if next == nil {
			return p, &model.NoStepError{Step: i + 1, Key: key}
		}
		p = next
	}
	return p, nil
}

// next gives the place that an action leads to, or nil if there is no such action.
func (t *tables) next(p *place, key string) (*place, error) {
	t.mu.Lock()
	known := p.children[key]
	t.mu.Unlock()
	if known != nil {
		return known, nil
	}
	transitions, err := t.transitions(p.state)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(transitions, func(x model.Transition) bool { return x.Action.Key == key && allowed(x) })
	if i < 0 {
		return nil, nil
	}
	return t.enter(p, transitions[i]), nil
}

// allowed tells whether a transition can be taken.
func allowed(x model.Transition) bool { return x.Ignored == model.Counts && !x.Cut }

// enter adds the place that a transition leads to.
func (t *tables) enter(p *place, x model.Transition) *place {
	next := &place{parent: p, depth: p.depth + 1, by: x, state: x.State}
	for _, e := range x.Effects {
		if l, ok := t.space.Sent(e); ok {
			next.sent = append(next.sent, l)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := p.children[x.Action.Key]; known != nil {
		return known
	}
	if p.children == nil {
		p.children = make(map[string]*place)
	}
	p.children[x.Action.Key] = next
	t.places++
	return next
}

// answers asks every property about a state.
func (t *tables) answers(state []model.PartID) ([]bool, error) {
	key := stateKey(state)
	t.mu.Lock()
	known, ok := t.judged[key]
	t.mu.Unlock()
	if ok {
		return known, nil
	}
	answers, err := model.Answers(t.space, state)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.judged) >= maxJudged {
		clear(t.judged)
	}
	t.judged[key] = answers
	return answers, nil
}

// stateKey tells states of the same space apart.
func stateKey(state []model.PartID) string {
	b := make([]byte, 0, 4*len(state))
	for _, id := range state {
		b = append(b, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
	}
	return string(b)
}
