package replay

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"synod/actor"
	"synod/internal/intern"
	"synod/spawn"
	"synod/spawn/record"
	"synod/trace"
)

// Tracer builds a trace of a part of a run. Its Visit is for Config. Servers are named by their addresses, and so are
// clients, of which only the requests are known. A server start is shown as a recovery without records, and a stop as
// a crash.
type Tracer struct {
	first, last int // event numbers
	trace       trace.Trace
	config      map[string]string
	model       string
	states      map[actor.ID]any // local states of the servers that are up
	texts       map[actor.ID]string
}

// NewTracer returns a tracer for the events from first, at least 1, to last, inclusive.
func NewTracer(first, last int) *Tracer {
	return &Tracer{
		first: first, last: last, states: make(map[actor.ID]any), texts: make(map[actor.ID]string),
		trace: trace.Trace{Kind: trace.Walked},
	}
}

// anything walks states and messages of any type.
var anything = func() *intern.Walker[any] {
	w, err := intern.For[any]()
	if err != nil {
		panic(err) // For supports interfaces.
	}
	return w
}()

// Note sets the note about the end of the trace.
func (t *Tracer) Note(text string) { t.trace.Note = strings.ToValidUTF8(text, "\uFFFD") }

// Document returns the trace. It returns false if none of the events was visited.
func (t *Tracer) Document() (trace.Document, bool) {
	if len(t.trace.Steps) == 0 {
		return trace.Document{}, false
	}
	return trace.Document{Model: t.model, Config: t.config, Traces: []trace.Trace{t.trace}}, true
}

// Visit adds an event.
func (t *Tracer) Visit(e *Event, r *Run) error {
	switch {
	case e.Number == 1 && t.first == 1:
		t.begin(r, nil)
	case e.Number < t.first-1 || e.Number > t.last:
		return nil
	case e.Number == t.first-1:
		for _, s := range r.servers {
			if err := t.look(s); err != nil {
				return err
			}
		}
		g, err := r.Global()
		if err != nil {
			return err
		}
		t.begin(r, g.Flying)
		return nil
	}
	return t.add(e, r)
}

// begin records the state before the first event.
func (t *Tracer) begin(r *Run, flying []Flight) {
	for _, s := range r.servers {
		if t.texts[s.server] == "" {
			t.texts[s.server] = "not started"
		}
		t.trace.Initial.Slots = append(t.trace.Initial.Slots, t.slot(s))
	}
	for _, f := range flying {
		for range f.Sent {
			t.trace.Initial.Sent = append(t.trace.Initial.Sent, trace.Message{
				From: spawn.Describe(f.From), To: spawn.Describe(f.To), Message: anything.Brief(f.Message),
			})
		}
	}
	t.trace.Initial.Fingerprint = t.fingerprint(r)
}

func (t *Tracer) slot(s *server) trace.Slot {
	return trace.Slot{Name: spawn.Describe(s.server), Text: strings.ToValidUTF8(t.texts[s.server], "\uFFFD")}
}

// look records the state of a server.
func (t *Tracer) look(s *server) error {
	if !s.up() {
		t.states[s.server], t.texts[s.server] = nil, "not started"
		if s.summary.Events > 0 {
			t.texts[s.server] = "down, kept " + showRecords(s.kept)
		}
		return nil
	}
	text, err := s.machine.StateText()
	if err != nil {
		return err
	}
	for _, a := range s.machine.Alarms() {
		text += "\n  timer " + string(record.Encode(a.Timer))
	}
	for _, o := range s.machine.Options() {
		text += "\n  choice " + string(record.Encode(o))
	}
	t.texts[s.server] = text
	t.states[s.server], err = s.machine.Local()
	return err
}

// fingerprint returns a hash of the state of all servers and the messages in flight.
func (t *Tracer) fingerprint(r *Run) string {
	h := sha256.New()
	for _, s := range r.servers {
		fmt.Fprintf(h, "%q", t.texts[s.server])
	}
	var flying [8]byte
	binary.BigEndian.PutUint64(flying[:], r.flying)
	h.Write(flying[:])
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// add adds a step for an event.
func (t *Tracer) add(e *Event, r *Run) error {
	s := r.sequence(e.Server)
	if t.model == "" {
		t.describe(s.header)
	}
	before, text := t.states[s.server], t.texts[s.server]
	if err := t.look(s); err != nil {
		return err
	}
	step, err := t.step(e, r)
	if err != nil {
		return err
	}
	if after := t.states[s.server]; before != nil && after != nil {
		for _, c := range anything.Diff(before, after) {
			step.Changes = append(step.Changes, trace.Change{Path: join(step.Actor, c.Path), Old: c.Old, New: c.New})
		}
	}
	if t.texts[s.server] != text {
		step.Slots = []trace.Slot{t.slot(s)}
	}
	step.Fingerprint = t.fingerprint(r)
	t.trace.Steps = append(t.trace.Steps, step)
	return nil
}

// describe records the model and the configuration of the run.
func (t *Tracer) describe(h *record.Header) {
	t.model = h.Model
	t.config = map[string]string{"recorded": h.Transport, "servers": strconv.Itoa(len(h.Servers))}
	for name, value := range h.Config {
		t.config[name] = value
	}
}

func join(name, path string) string {
	if path == "" || path[0] == '[' {
		return name + path
	}
	return name + "." + path
}

// step returns the step of an event, without its changes.
func (t *Tracer) step(e *Event, r *Run) (trace.Step, error) {
	name := spawn.Describe(e.Server)
	step := trace.Step{Actor: name}
	act := func(kind, what string) {
		step.Kind, step.Key, step.Text = kind, kind+" "+name, name+": "+what
	}
	switch e.Event {
	case record.Start:
		act("recover", "starts")
	case record.Recover:
		act("recover", "recovers")
	case record.Stop:
		act("crash", "stops")
		if e.Reason != "" {
			step.Notes = []string{e.Reason}
		}
	case record.Crash:
		act("crash", "crashes")
	case record.Timeout:
		act("timeout", "timeout of "+show(e.Timer))
		step.Key += " " + show(e.Timer)
	case record.Choose:
		act("choose", "chooses "+show(e.Option))
		step.Key += " " + show(e.Option)
	case record.Receive:
		if err := t.delivery(&step, e, r); err != nil {
			return step, err
		}
	}
	if e.Undone {
		step.Notes = append(step.Notes, "what it had to save was not saved when the process ended: nothing of it remains")
		return step, nil
	}
	for _, m := range e.Send {
		msg, err := r.message(m.Data)
		if err != nil {
			return step, err
		}
		step.Sent = append(step.Sent, trace.Message{To: spawn.Describe(m.To), Message: anything.Brief(msg)})
	}
	return step, nil
}

// delivery describes a received message. A rejected one is shown as lost.
func (t *Tracer) delivery(step *trace.Step, e *Event, r *Run) error {
	from := spawn.Describe(e.From)
	step.From, step.Sender = from, max(e.Sender-t.first+1, 0)
	if e.Rejected != "" {
		step.Kind, step.Message = "drop", fmt.Sprintf("%d bytes, %s", max(len(e.Data), e.Size), e.Rejected)
		step.Key = fmt.Sprintf("drop %s>%s %s", from, step.Actor, strconv.Quote(string(e.Data)))
		step.Text = fmt.Sprintf("refused: %s → %s: %s", from, step.Actor, step.Message)
		return nil
	}
	msg, err := r.message(e.Data)
	if err != nil {
		return err
	}
	step.Kind, step.Message = "deliver", anything.Brief(msg)
	step.Key = fmt.Sprintf("deliver %s>%s %s", from, step.Actor, record.Encode(msg))
	step.Text = fmt.Sprintf("%s → %s: %s", from, step.Actor, step.Message)
	if e.Repeated {
		step.Notes = append(step.Notes, "the network repeated this message")
	}
	return nil
}
