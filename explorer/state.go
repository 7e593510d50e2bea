package explorer

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"synod/model/statespace"
	"synod/trace"
)

// Schema is the version of the API's response format. A change that would break older clients gets a new number and
// new routes; added keys do not.
const Schema = "synod.explorer/1"

// State describes the end of a path.
type State struct {
	Schema      string            `json:"schema"`
	Model       string            `json:"model"`
	Config      map[string]string `json:"config"` // with all defaults filled in
	Initial     int               `json:"initial"`
	Initials    int               `json:"initials"` // number of initial states
	Length      int               `json:"length"`   // length of the path
	From        int               `json:"from"`     // Steps starts after this step
	Steps       []*Step           `json:"steps"`
	Fingerprint string            `json:"fingerprint"`
	Slots       []Slot            `json:"slots"`
	Properties  []Property        `json:"properties"`
	Actions     []Choice          `json:"actions"` // including ignored and cut ones
}

// Action is an action of a step, or a possible next one.
type Action struct {
	Key     string `json:"key"`
	Kind    string `json:"kind"` // deliver, drop, timeout, choose, act …
	Text    string `json:"text"`
	Actor   string `json:"actor"`
	From    string `json:"from,omitempty"`
	Message string `json:"message,omitempty"`
}

// Step is an action that was taken, and its effects.
type Step struct {
	Action
	// Cause is the step, counted from 1, that sent the message of this step. It is 0 if the message was in flight
	// initially, and absent if the step has no message.
	Cause       *int           `json:"cause,omitempty"`
	Sent        []Sent         `json:"sent,omitempty"`
	Changes     []trace.Change `json:"changes,omitempty"`
	Fingerprint string         `json:"fingerprint"` // of the state after the step
	Answers     []bool         `json:"answers"`     // values of the properties in that state
}

// Sent is a message that a step sent.
type Sent struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Message string `json:"message"`
}

// Choice is a possible next action, and the state it leads to.
type Choice struct {
	Action
	Ignored     string `json:"ignored,omitempty"`     // why it is not a transition; if set, the fields below are absent
	Cut         bool   `json:"cut,omitempty"`         // it leads out of the boundary and cannot be taken
	Same        bool   `json:"same,omitempty"`        // it leads back to the same state
	Fingerprint string `json:"fingerprint,omitempty"` // of the state that it leads to
	Answers     []bool `json:"answers,omitempty"`     // values of the properties in that state
}

// Property is a property with its value in the state.
type Property struct {
	Name   string `json:"name"`
	Expect string `json:"expect"` // always, sometimes …
	Answer bool   `json:"answer"` // value of the predicate in the state
}

// Slot is a part of a state: an actor, the memory of an observer, …
type Slot struct {
	Name       string          `json:"name"`
	Role       statespace.Role `json:"role"`
	Type       string          `json:"type,omitempty"` // Go type of the local state of an actor
	Down       bool            `json:"down,omitempty"` // the actor has crashed; Value is what it persisted
	Value      Node            `json:"value"`
	Letters    []Letter        `json:"letters,omitempty"`
	Timers     []string        `json:"timers,omitempty"`
	Choices    []string        `json:"choices,omitempty"`
	Durable    bool            `json:"durable,omitempty"`
	Lost       []trace.Change  `json:"lost,omitempty"` // what a crash and a recovery would change
	Visualized bool            `json:"visualized,omitempty"`
}

// Node is a value as a tree. The name of a part is a field name, or an index or key in brackets.
type Node struct {
	Name  string `json:"name,omitempty"`
	Text  string `json:"text"`
	Parts []Node `json:"parts,omitempty"`
	More  bool   `json:"more,omitempty"` // the value was truncated
}

// Letter is a message in flight.
type Letter struct {
	From        string `json:"from"`
	To          string `json:"to"`
	Message     string `json:"message"`
	Copies      int    `json:"copies"`
	Deliverable bool   `json:"deliverable"`
	Key         string `json:"key"` // suffix of the keys of actions on this message
}

func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	s.withPlace(w, r, func(t *tables, q Query, p *place) (any, error) { return t.describe(q, p) })
}

// withPlace finds the place of a request and answers with the result of f.
func (s *Server) withPlace(
	w http.ResponseWriter, r *http.Request, f func(t *tables, q Query, p *place) (any, error),
) {
	q, err := readQuery(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	t, err := s.acquire(q)
	if err != nil {
		writeError(w, err)
		return
	}
	defer s.sessions.release(t)
	p, err := t.walk(q.Initial, q.Path)
	var noStep *statespace.NoStepError
	if errors.As(err, &noStep) {
		err = &apiError{
			Status: http.StatusNotFound, Code: "no_step", Message: err.Error(), Step: noStep.Step, Key: noStep.Key,
			Why: t.whyNot(p, noStep.Key),
		}
	}
	if err != nil {
		writeError(w, err)
		return
	}
	answer, err := f(t, q, p)
	if err != nil {
		writeError(w, err)
		return
	}
	if answer != nil {
		writeJSON(w, http.StatusOK, answer)
	}
}

// describe returns the description of a place.
func (t *tables) describe(q Query, p *place) (*State, error) {
	st := &State{
		Schema: Schema, Model: t.model, Config: t.config, Initial: q.Initial, Initials: len(t.initials),
		Length: p.depth, From: q.From, Steps: []*Step{}, Fingerprint: trace.Fingerprint(t.space, p.state),
		Properties: []Property{},
	}
	var err error
	if st.Steps, err = t.steps(p, q.From); err != nil {
		return nil, err
	}
	answers, err := t.answers(p.state)
	if err != nil {
		return nil, err
	}
	for i, property := range t.space.Properties() {
		st.Properties = append(st.Properties, Property{valid(property.Name), property.Expect.String(), answers[i]})
	}
	for slot, id := range p.state {
		described, err := t.slot(slot, id)
		if err != nil {
			return nil, err
		}
		st.Slots = append(st.Slots, described)
	}
	st.Actions, err = t.choices(p)
	return st, err
}

// steps returns the descriptions of the steps that lead to a place, without the first from ones.
func (t *tables) steps(p *place, from int) ([]*Step, error) {
	steps := make([]*Step, 0, p.depth-from)
	for ; p.depth > from; p = p.parent {
		step, err := t.step(p)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	slices.Reverse(steps)
	return steps, nil
}

// step returns the description of the step that led to a place.
func (t *tables) step(p *place) (*Step, error) {
	t.mu.Lock()
	known := p.step
	t.mu.Unlock()
	if known != nil {
		return known, nil
	}
	step := &Step{Action: describe(p.by.Action), Fingerprint: trace.Fingerprint(t.space, p.state), Cause: cause(p)}
	for _, l := range p.sent {
		step.Sent = append(step.Sent, Sent{valid(l.From), valid(l.To), valid(l.Message)})
	}
	step.Changes = changes(statespace.Changes(t.space, p.parent.state, p.state))
	var err error
	if step.Answers, err = t.answers(p.state); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.step == nil {
		p.step = step
		t.held.Add(step.bytes())
	}
	return p.step, nil
}

// cause finds the step that sent the message that a step delivers or loses. Equal messages sent several times are
// taken in the order in which they were sent.
func cause(p *place) *int {
	letter, ok := letterKey(p.by.Action)
	if !ok {
		return nil
	}
	var sends []int // in reverse order
	taken := 0
	for at := p.parent; at.parent != nil; at = at.parent {
		for _, l := range at.sent {
			if l.Key == letter {
				sends = append(sends, at.depth)
			}
		}
		if other, ok := letterKey(at.by.Action); ok && other == letter {
			taken++
		}
	}
	from := 0
	if len(sends) > 0 {
		from = sends[max(0, len(sends)-1-taken)]
	}
	return &from
}

// letterKey returns the part of an action's key that names its message.
func letterKey(a statespace.Action) (string, bool) {
	if a.From == "" && a.Message == "" {
		return "", false
	}
	return strings.CutPrefix(a.Key, a.Kind.String()+" ")
}

// slot returns the description of a part of a state.
func (t *tables) slot(slot int, id statespace.PartID) (Slot, error) {
	d, err := t.space.Detail(slot, id)
	if err != nil {
		return Slot{}, err
	}
	s := Slot{
		Name: valid(t.space.SlotName(slot)), Role: d.Role, Type: d.Type, Down: d.Down, Value: node(d.Value), Durable: d.Durable, Lost: changes(d.Lost),
		Visualized: d.Visual,
	}
	for _, l := range d.Letters {
		s.Letters = append(s.Letters,
			Letter{valid(l.From), valid(l.To), valid(l.Message), l.Copies, l.Deliverable, l.Key})
	}
	for _, timer := range d.Timers {
		s.Timers = append(s.Timers, valid(timer))
	}
	for _, choice := range d.Choices {
		s.Choices = append(s.Choices, valid(choice))
	}
	return s, nil
}

// choices returns the possible next actions, ordered by key.
func (t *tables) choices(p *place) ([]Choice, error) {
	transitions, err := t.transitions(p.state)
	if err != nil {
		return nil, err
	}
	all := make([]Choice, 0, len(transitions))
	for _, x := range transitions {
		c := Choice{Action: describe(x.Action), Ignored: x.Ignored.String(), Cut: x.Cut}
		if allowed(x) {
			c.Same = slices.Equal(x.State, p.state)
			c.Fingerprint = trace.Fingerprint(t.space, x.State)
			if c.Answers, err = t.answers(x.State); err != nil {
				return nil, err
			}
		}
		all = append(all, c)
	}
	return all, nil
}

func describe(a statespace.Action) Action {
	return Action{
		Key: a.Key, Kind: a.Kind.String(), Text: valid(a.Text), Actor: valid(a.Actor), From: valid(a.From),
		Message: valid(a.Message),
	}
}

func changes(all []statespace.Change) []trace.Change {
	var cs []trace.Change
	for _, c := range all {
		cs = append(cs, trace.Change{Path: valid(c.Path), Old: valid(c.Old), New: valid(c.New)})
	}
	return cs
}

func node(n statespace.Node) Node {
	out := Node{Name: valid(n.Name), Text: valid(n.Text), More: n.More}
	for _, p := range n.Parts {
		out.Parts = append(out.Parts, node(p))
	}
	return out
}

// valid replaces invalid UTF-8 in text from a model.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
