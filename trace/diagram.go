package trace

import (
	"slices"
	"strings"

	"synod/model/statespace"
)

// Diagram is a trace laid out in space and time: a lane for every actor, a row for every step, and arrows from the row in
// which a message was sent to the one in which it arrived. Anyone who draws it only needs to choose distances. It is JSON for
// pages, too.
type Diagram struct {
	Lanes  []string `json:"lanes"`  // names of actors: those of slots in the order of the model, then any others
	Rows   []Row    `json:"rows"`   // the first one is the start
	Arrows []Arrow  `json:"arrows"` // by the row in which they end; those that end nowhere come last
	// Loop is the first of the rows at the end that repeat for ever; 0 if there are none.
	Loop int `json:"loop,omitempty"`
}

// Row is a step of a diagram.
type Row struct {
	Step  int      `json:"step"` // counted from 1; 0 is the start
	Lane  int      `json:"lane"` // the actor that acts, from 0; -1 for the start
	Kind  string   `json:"kind"` // of the step, which chooses the mark; start for the start
	Text  string   `json:"text"`
	Label string   `json:"label"` // what stands beside the mark: the text without what the arrow shows
	Notes []string `json:"notes,omitempty"`
	Past  bool     `json:"past,omitempty"`  // as of Step
	Aside bool     `json:"aside,omitempty"` // as of Step
}

// Fate is what becomes of a message.
type Fate string

// The fates of messages.
const (
	Delivered Fate = "delivered"
	Lost      Fate = "lost"
	UnderWay  Fate = "under way" // when the trace ends
)

// Arrow is a message of a diagram.
type Arrow struct {
	FromLane int    `json:"from_lane"`
	FromRow  int    `json:"from_row"`
	ToLane   int    `json:"to_lane"`
	ToRow    int    `json:"to_row"` // one beyond the last row for a message that is still in flight
	Text     string `json:"text"`
	Fate     Fate   `json:"fate"`
	Past     bool   `json:"past,omitempty"`  // delivered by a step of the past
	Aside    bool   `json:"aside,omitempty"` // sent or delivered by a step that is aside
}

// Diagram lays the trace out.
func (t Trace) Diagram() Diagram {
	d := Diagram{Lanes: t.lanes(), Loop: t.Loop}
	d.Rows = append(d.Rows, Row{Lane: -1, Kind: "start", Text: "start", Label: "start", Past: len(t.Steps) > 0})
	lane := func(name string) int { return slices.Index(d.Lanes, name) }
	for i, s := range t.Steps {
		label := s.Message
		if s.From == "" {
			label = strings.TrimPrefix(s.Text, s.Actor+": ")
		}
		d.Rows = append(d.Rows, Row{
			Step: i + 1, Lane: lane(s.Actor), Kind: s.Kind, Text: s.Text, Label: label, Notes: s.Notes,
			Past: s.Past, Aside: s.Aside,
		})
		if s.From == "" {
			continue
		}
		a := Arrow{
			FromLane: lane(s.From), FromRow: s.Sender, ToLane: lane(s.Actor), ToRow: i + 1, Text: s.Message,
			Fate: Delivered, Past: s.Past, Aside: s.Aside,
		}
		if s.Kind == statespace.Drop.String() {
			a.Fate = Lost
		}
		d.Arrows = append(d.Arrows, a)
	}
	d.underWay(t)
	return d
}

// underWay adds the messages that never arrive. Messages that a duplicating network keeps, and has delivered, count as
// arrived.
func (d *Diagram) underWay(t Trace) {
	arrived := make(map[Arrow]int)
	for _, a := range d.Arrows {
		arrived[Arrow{FromLane: a.FromLane, FromRow: a.FromRow, ToLane: a.ToLane, Text: a.Text}]++
	}
	add := func(row int, from string, m Message, past, aside bool) {
		a := Arrow{
			FromLane: slices.Index(d.Lanes, from), FromRow: row, ToLane: slices.Index(d.Lanes, m.To), Text: m.Message,
		}
		if arrived[a] > 0 {
			arrived[a]--
			return
		}
		a.ToRow, a.Fate, a.Aside = len(d.Rows), UnderWay, aside
		d.Arrows = append(d.Arrows, a)
	}
	for _, m := range t.Initial.Sent {
		add(0, m.From, m, true, false)
	}
	for i, s := range t.Steps {
		for _, m := range s.Sent {
			add(i+1, s.Actor, m, s.Past, s.Aside)
		}
	}
}

// lanes returns the participants, and all that messages are sent from or to.
func (t Trace) lanes() []string {
	return t.inOrder(func(add func(string)) {
		for _, m := range t.Initial.Sent {
			add(m.From)
			add(m.To)
		}
		for _, s := range t.Steps {
			add(s.From)
			add(s.Actor)
			for _, m := range s.Sent {
				add(m.To)
			}
		}
	})
}

// inOrder returns the names that each adds: those of slots in the order of the model, then any others.
func (t Trace) inOrder(each func(add func(name string))) []string {
	var names []string
	known := make(map[string]bool)
	each(func(name string) {
		if name != "" && !known[name] {
			known[name] = true
			names = append(names, name)
		}
	})
	place := make(map[string]int, len(t.Initial.Slots))
	for i, s := range t.Initial.Slots {
		place[s.Name] = i - len(t.Initial.Slots)
	}
	slices.SortStableFunc(names, func(a, b string) int { return place[a] - place[b] })
	return names
}
