package explorer

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"synod/model/statespace"
)

// The cache is bounded: a number of open sessions, each a model with settings, and a number of bytes for each session
// and for all together. A full session starts again with empty tables; clients notice only the time to walk there
// again. Idle sessions are closed.
const (
	maxSessions     = 8
	maxSessionBytes = 256 << 20
	maxBytes        = 1 << 30 // of all sessions not in use
	maxJudged       = 50_000  // states whose property values are cached
	maxIdle         = 10 * time.Minute
	idleInterval    = time.Minute // between checks for idle sessions
)

// sessions holds the tables of recently used models.
type sessions struct {
	mu   sync.Mutex
	open []*tables // most recently used last
}

// tables are the space of a model and the paths walked in it.
type tables struct {
	name     string
	model    string
	config   map[string]string // with all defaults filled in
	source   statespace.Source
	space    statespace.Detailer
	initials []*place
	held     atomic.Int64 // approximate bytes of places, steps and answers

	users  int       // this and the following fields are guarded by sessions.mu
	parted bool      // not in open any more; closed by the last user
	used   time.Time // when a user last acquired or released it

	mu       sync.Mutex        // guards the tree of places and the fields below
	judged   map[string][]bool // property values by state
	evidence *evidence         // of what is dead; nil until that is asked for
}

// place is a state on a path.
type place struct {
	parent   *place
	depth    int // steps from the initial state
	state    []statespace.PartID
	by       statespace.Transition // the transition that led here
	sent     []statespace.Letter   // messages sent by that transition
	children map[string]*place
	step     *Step // description of that step, once computed; guarded by the tables' mu, like children
}

// acquire returns the tables of a model with settings. The caller must release them.
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

// settings returns an empty map, which encodes as {}, for the nil settings of a model without any.
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

func (all *sessions) acquire(modelName string, config map[string]string, source statespace.Source) (*tables, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	name := sessionName(modelName, config)
	if i := slices.IndexFunc(all.open, func(t *tables) bool { return t.name == name }); i >= 0 {
		t := all.open[i]
		all.open = slices.Delete(all.open, i, i+1)
		if !t.full() {
			all.open = append(all.open, t)
			t.users++
			t.used = time.Now()
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
	t.used = time.Now()
	return t, nil
}

// trim closes sessions not in use: those idle since the given time, and the oldest ones while all together hold too
// much. It reports whether there were any.
func (all *sessions) trim(since time.Time) bool {
	all.mu.Lock()
	defer all.mu.Unlock()
	total := int64(0)
	for _, t := range all.open {
		total += t.bytes()
	}
	before := len(all.open)
	all.open = slices.DeleteFunc(all.open, func(t *tables) bool {
		if t.users > 0 || t.used.After(since) && total <= maxBytes && !t.full() {
			return false
		}
		total -= t.bytes()
		all.part(t)
		return true
	})
	return len(all.open) < before
}

// tidy closes idle sessions periodically until the server closes.
func (s *Server) tidy() {
	tick := time.NewTicker(idleInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-tick.C:
			if s.sessions.trim(now.Add(-maxIdle)) {
				debug.FreeOSMemory()
			}
		}
	}
}

// part removes tables: they are closed when their last user releases them.
func (all *sessions) part(t *tables) {
	t.parted = true
	if t.users == 0 {
		t.close()
	}
}

// hold adds a user to tables that are in use already.
func (all *sessions) hold(t *tables) {
	all.mu.Lock()
	defer all.mu.Unlock()
	t.users++
}

// close frees tables that have no users.
func (t *tables) close() {
	t.space.Close()
	if t.evidence != nil {
		t.evidence.result.Close()
	}
}

func (all *sessions) release(t *tables) {
	all.mu.Lock()
	t.users--
	t.used = time.Now()
	if t.parted && t.users == 0 {
		t.close()
	}
	all.mu.Unlock()
	all.trim(time.Time{})
}

func (all *sessions) close() {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, t := range all.open {
		all.part(t)
	}
	all.open = nil
}

func openTables(name, modelName string, config map[string]string, source statespace.Source) (*tables, error) {
	space, err := source.Space()
	if err != nil {
		return nil, &apiError{Status: 400, Code: "bad_config", Message: err.Error()}
	}
	detailer, ok := space.(statespace.Detailer)
	if !ok {
		space.Close()
		return nil, notFound("no_detail", fmt.Errorf("the model %s cannot show its states", modelName))
	}
	t := &tables{name: name, model: modelName, config: config, source: source, space: detailer, judged: make(map[string][]bool)}
	initials, err := statespace.Initials(space)
	if err != nil {
		space.Close()
		return nil, err
	}
	for _, state := range initials {
		t.initials = append(t.initials, &place{state: state})
	}
	return t, nil
}

// bytes returns the approximate size of the tables.
func (t *tables) bytes() int64 { return t.held.Load() + statespace.Bytes(t.space) }

// full reports whether the tables are large enough to be replaced by empty ones.
func (t *tables) full() bool { return t.bytes() > maxSessionBytes }

// exhausted reports whether a single request has grown the tables beyond the hard limit.
func (t *tables) exhausted() bool { return t.bytes() > 2*maxSessionBytes }

// whyExhausted is the reason given when a walk or a search ends at that limit.
var whyExhausted = fmt.Sprintf("the states of the path take more than %d MiB", 2*maxSessionBytes>>20)

// transitions returns the transitions of a state.
func (t *tables) transitions(state []statespace.PartID) ([]statespace.Transition, error) {
	return statespace.Transitions(t.space, state)
}

// walk follows a path. For a step that does not apply it returns a *statespace.NoStepError and the place before it.
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
			return p, &statespace.NoStepError{Step: i + 1, Key: key}
		}
		p = next
	}
	return p, nil
}

// next returns the place that an action leads to, or nil if there is no such action.
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
	i := slices.IndexFunc(transitions, func(x statespace.Transition) bool { return x.Action.Key == key && allowed(x) })
	if i < 0 {
		return nil, nil
	}
	return t.enter(p, transitions[i]), nil
}

// allowed reports whether a transition can be taken.
func allowed(x statespace.Transition) bool { return x.Ignored == statespace.Counts && !x.Cut }

// enter adds the place that a transition leads to.
func (t *tables) enter(p *place, x statespace.Transition) *place {
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
	t.held.Add(next.bytes())
	return next
}

// Approximate bytes of places, steps and answers in addition to their texts and states: structs and map entries.
const (
	placeBytes  = 400
	judgedBytes = 150
	stepBytes   = 300
	changeBytes = 60
)

// bytes returns the approximate size of a place. The texts of its transition belong to the space.
func (p *place) bytes() int64 {
	n := placeBytes + 4*len(p.state)
	for _, l := range p.sent {
		n += changeBytes + len(l.From) + len(l.To) + len(l.Message) + len(l.Key)
	}
	return int64(n)
}

// bytes returns the approximate size of a step description.
func (s *Step) bytes() int64 {
	n := stepBytes + len(s.Key) + len(s.Text) + len(s.Message)
	for _, c := range s.Changes {
		n += changeBytes + len(c.Path) + len(c.Old) + len(c.New)
	}
	for _, m := range s.Sent {
		n += changeBytes + len(m.From) + len(m.To) + len(m.Message)
	}
	return int64(n)
}

// answers evaluates all properties in a state.
func (t *tables) answers(state []statespace.PartID) ([]bool, error) {
	key := stateKey(state)
	t.mu.Lock()
	known, ok := t.judged[key]
	t.mu.Unlock()
	if ok {
		return known, nil
	}
	answers, err := statespace.Answers(t.space, state)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	each := judgedBytes + int64(len(key)+len(answers))
	if len(t.judged) >= maxJudged {
		t.held.Add(-each * int64(len(t.judged)))
		clear(t.judged)
	}
	if _, known := t.judged[key]; !known {
		t.held.Add(each)
	}
	t.judged[key] = answers
	return answers, nil
}

// stateKey returns a key that identifies a state within its space.
func stateKey(state []statespace.PartID) string {
	b := make([]byte, 0, 4*len(state))
	for _, id := range state {
		b = append(b, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
	}
	return string(b)
}
