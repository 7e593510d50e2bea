package trace

import (
	"slices"
	"strings"

	"synod/model/statespace"
)

// Diagram is the layout of a trace as a space-time diagram: a lane per actor, a row per step, and arrows from the row
// in which a message was sent to the row in which it arrived. Renderers only choose distances. It is also JSON for
// pages.
type Diagram struct {
	Lanes  []string `json:"lanes"`  // names of actors: slots in the order of the model, then any others
	Rows   []Row    `json:"rows"`   // the first one is the start
	Arrows []Arrow  `json:"arrows"` // by the row in which they end; those without an end come last
	// Loop is the row from which on the rows repeat for ever; 0 if there is none.
	Loop int `json:"loop,omitempty"`
}

// Row is a step of a diagram.
type Row struct {
	Step  int      `json:"step"` // counted from 1; 0 is the start
	Lane  int      `json:"lane"` // the index of the acting actor; -1 for the start
	Kind  string   `json:"kind"` // the step's kind, which determines the mark; "start" for the start
	Text  string   `json:"text"`
	Label string   `json:"label"` // the text beside the mark: Text without what the arrow shows
	Notes []string `json:"notes,omitempty"`
	Past  bool     `json:"past,omitempty"`  // as in Step
	Aside bool     `json:"aside,omitempty"` // as in Step
}

// Fate is the outcome of a message.
type Fate string

// The fates of messages.
const (
	Delivered Fate = "delivered"
	Lost      Fate = "lost"
	UnderWay  Fate = "under way" // still in flight when the trace ends
)

// Arrow is a message in a diagram.
type Arrow struct {
	FromLane int    `json:"from_lane"`
	FromRow  int    `json:"from_row"`
	ToLane   int    `json:"to_lane"`
	ToRow    int    `json:"to_row"` // one after the last row for a message still in flight
	Text     string `json:"text"`
	Fate     Fate   `json:"fate"`
	Past     bool   `json:"past,omitempty"`  // delivered by a step with Past set
	Aside    bool   `json:"aside,omitempty"` // sent or delivered by a step with Aside set
}

// Diagram returns the layout of the trace.
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

// underWay adds the messages that never arrive. Messages that a duplicating network has delivered count as arrived,
// although it keeps them.
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

// lanes returns the participants, and all senders and recipients of messages.
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

// inOrder returns the names added by each: slots in the order of the model, then any others.
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
