// Package replay validates a recorded run against the model (trace validation). It reads the records of all servers
// of a cluster, orders their events so that every message is sent before it is received, and executes them again with
// the same pure handlers. The recorded servers are the system, and everything else is an open environment that may
// send anything. Clocks are ignored: the order depends only on the order of each server's lines and on sending and
// receiving.
package replay

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/record"
	"synod/spawn/transports"
)

// Config describes how to replay.
type Config struct {
	// Program returns the program of the servers of a header, or an error if it is unknown.
	Program func(h *record.Header) (spawn.Program, error)
	// Visit is called after each event, unless it is nil. It must not retain the event or the run. An error ends the
	// replay and is its result.
	Visit func(e *Event, r *Run) error
	Until int // number of the last event to replay; 0 for all
}

// Violation is an event after which an invariant of the program does not hold. Up to there the model admits the run.
type Violation struct {
	Event  int // number of the event
	Server actor.ID
	File   string
	Line   int
	What   error  // the invariant, and the reason
	State  string // state of the server after the event
}

// Error returns a one-line description.
func (v *Violation) Error() string {
	return fmt.Sprintf("event %d, of %s (%s:%d): %v, after the step that made its state %s",
		v.Event, spawn.Describe(v.Server), v.File, v.Line, v.What, v.State)
}

// Result is the result of replaying a run that the model admits.
type Result struct {
	Events  int // total of Summary.Events, plus crashes and stops
	Servers []Summary
	Repeats int // messages received more often than sent
	Missing int // messages between servers that were sent but not received, according to the record
	Torn    int // unfinished lines, including those whose server is unknown
	// Invariants are the names of the invariants, which hold after every event.
	Invariants []string
}

// Event is an event of the run. The replay reuses the Event, but the values in it do not change.
type Event struct {
	Number int // counts from 1
	record.Line
	File     string
	At       int  // line number in the file, from 1
	Process  int  // process number of the server, from 1
	Sender   int  // number of the event that sent the message; 0 for a message from outside
	Repeated bool // the message was received as often as it was sent before
	Undone   bool // its changes were not saved when the process ended, so it has no effect
}

// Run is a run that is being replayed.
type Run struct {
	config  Config
	records *Records
	servers []*server // in ascending order of id
	links   map[link]*flow
	ordered bool
	events  int
	flying  uint64 // sum of the digests of the messages in flight
}

// Run replays the records. If the model does not admit the run, the error is a *Deviation. There are other errors for
// files that are not records, that contain a process twice or out of order, or that can no longer be read.
func (r *Records) Run(c Config) (*Result, error) {
	result, err := r.run(c)
	if broken := r.broken(); broken != nil {
		return nil, broken
	}
	if err == nil && len(r.headers) == 0 { // There are at most torn lines, whose contents are unknown.
		return nil, errors.New("no record; pass at least a header")
	}
	return result, err
}

func (r *Records) run(c Config) (*Result, error) {
	run := &Run{config: c, records: r, links: make(map[link]*flow)}
	switch {
	case r.refused != nil:
		return nil, r.refused
	case r.stray != nil:
		return nil, r.stray
	}
	run.ordered = !slices.ContainsFunc(r.headers, func(h *record.Header) bool { return h.Faults || !transports.Ordered(h.Transport) })
	for _, s := range r.sequences {
		own := *s
		own.items = nil
		run.servers = append(run.servers, &server{sequence: &own, summary: Summary{Server: s.server}})
	}
	for c.Until == 0 || run.events < c.Until {
		s, err := run.next()
		if err != nil {
			return nil, err
		}
		if s == nil {
			break
		}
		if err := run.take(s); err != nil {
			return nil, err
		}
	}
	return run.result(), nil
}

func (r *Run) result() *Result {
	result := &Result{Events: r.events, Torn: r.records.torn}
	for _, s := range r.servers {
		if s.program != nil {
			for _, v := range s.program.Invariants {
				result.Invariants = append(result.Invariants, v.Name())
			}
			break
		}
	}
	for _, s := range r.servers {
		s.summary.Up = s.machine != nil
		result.Servers = append(result.Servers, s.summary)
		result.Torn += s.summary.Torn
	}
	for _, f := range r.links {
		result.Repeats += f.repeats
		result.Missing += f.skipped
		for _, l := range f.flying() {
			result.Missing += len(l.events)
		}
	}
	return result
}

// next returns the server whose event is next: of several possible, the earliest by wall clock. It returns nil when
// all events are done, and an error if those left are not possible.
func (r *Run) next() (*server, error) {
	var best *server
	var earliest time.Time
	waiting := false
	for _, s := range r.servers {
		i := r.records.peek(s.sequence, 0)
		if i == nil {
			continue
		}
		if !r.possible(s, i) {
			waiting = true
			continue
		}
		wall := s.wall // for a line without a time of its own, or for a crash, which was before it
		if i.err == nil && (i.line.Header == nil || s.machine == nil) {
			wall = i.time()
		}
		if best == nil || wall.Before(earliest) {
			best, earliest = s, wall
		}
	}
	if best == nil && waiting {
		return nil, r.stuck()
	}
	return best, nil
}

func (i *item) time() time.Time {
	if i.line.Header != nil {
		return i.line.Header.Wall
	}
	return i.line.Wall
}

// possible reports whether an event can happen now. Only an event that receives a message may have to wait for
// others.
func (r *Run) possible(s *server, i *item) bool {
	l := &i.line
	if i.err != nil || l.Step != s.steps+1 || l.Event != record.Receive || !r.peer(s, l.From) || r.sequence(l.From) == nil {
		return true
	}
	f := r.links[link{l.From, s.server}]
	return f != nil && f.has(f.content(l))
}

// peer reports whether a message is from a server of the cluster.
func (r *Run) peer(s *server, from actor.ID) bool {
	return s.header != nil && slices.Contains(s.header.Servers, from)
}

func (r *Run) sequence(id actor.ID) *server {
	for _, s := range r.servers {
		if s.server == id {
			return s
		}
	}
	return nil
}

// stuck returns the error of an event that waits in vain, preferably one whose message no server sends later.
func (r *Run) stuck() error {
	var best *server
	hopeless := false
	for _, s := range r.servers {
		i := r.records.peek(s.sequence, 0)
		if i == nil {
			continue
		}
		never := !r.sends(r.sequence(i.line.From), s.server, i.line.Data)
		if best == nil || never && !hopeless ||
			never == hopeless && i.line.Wall.Before(r.records.peek(best.sequence, 0).line.Wall) {
			best, hopeless = s, never
		}
	}
	i := r.records.peek(best.sequence, 0)
	from := spawn.Describe(i.line.From)
	expected := fmt.Sprintf("a message that %s sent before and that was not received yet", from)
	if !r.ordered {
		expected = fmt.Sprintf("a message that %s sent before", from)
	}
	return r.deviation(best, i, &mismatch{expected, show(i.line.Data)})
}

// sends reports whether a server sends a message in one of its remaining lines.
func (r *Run) sends(from *server, to actor.ID, data []byte) bool {
	for n := 0; ; n++ {
		i := r.records.peek(from.sequence, n)
		if i == nil {
			return false
		}
		for _, m := range i.line.Send {
			if m.To == to && string(m.Data) == string(data) {
				return true
			}
		}
	}
}

func (r *Run) deviation(s *server, i *item, m *mismatch) *Deviation {
	return &Deviation{
		File: r.records.files[i.file].name, Line: i.number, Server: s.server, Step: i.line.Step,
		Expected: m.expected, Found: m.found,
	}
}

// take processes the next line of a server.
func (r *Run) take(s *server) error {
	i := r.records.peek(s.sequence, 0)
	var err error
	switch {
	case i.torn:
		s.summary.Torn++
		s.advance()
	case i.err != nil:
		return r.deviation(s, i, &mismatch{"a line of a record", unreadable(i.err)})
	case i.line.Header != nil && s.machine != nil:
		s.summary.Crashes++
		s.machine = nil
		err = r.visit(s, &Event{Line: record.Line{Server: s.server, Event: record.Crash, At: s.at, Wall: s.wall}, At: i.number}, i)
	case i.line.Header != nil:
		if m, err := r.open(s, i.line.Header); err != nil || m != nil {
			return errors.Join(err, r.wrong(s, i, m))
		}
		s.advance()
	default:
		e := &Event{Line: i.line}
		var m *mismatch
		if m, err = r.event(s, e); m != nil {
			return r.deviation(s, i, m)
		}
		if err == nil {
			err = r.visit(s, e, i)
		}
		s.advance()
	}
	return err
}

// wrong turns a mismatch into an error; nil for nil.
func (r *Run) wrong(s *server, i *item, m *mismatch) error {
	if m == nil {
		return nil
	}
	return r.deviation(s, i, m)
}

func (r *Run) visit(s *server, e *Event, i *item) error {
	r.events++
	e.Number, e.File, e.At, e.Process = r.events, r.records.files[i.file].name, i.number, s.summary.Processes
	broken := r.hold(s, e)
	if broken != nil && r.config.Visit != nil {
		return errors.Join(r.config.Visit(e, r), broken)
	}
	if broken != nil {
		return broken
	}
	if r.config.Visit == nil {
		return nil
	}
	return r.config.Visit(e, r)
}

// hold checks the invariants after an event of a server.
func (r *Run) hold(s *server, e *Event) error {
	if !s.up() || s.program == nil || e.Event == record.Stop || e.Event == record.Crash {
		return nil
	}
	for _, v := range s.program.Invariants {
		err := v.Check(s.server, func(yield func(actor.ID, any) bool) {
			for _, other := range r.servers {
				if other.up() && !yield(other.server, other.machine.Peek()) {
					return
				}
			}
		})
		if err == nil {
			continue
		}
		text, wrong := s.machine.StateText()
		if wrong != nil {
			return wrong
		}
		return &Violation{Event: e.Number, Server: s.server, File: e.File, Line: e.At, What: err, State: text}
	}
	return nil
}

// open begins a process of a server.
func (r *Run) open(s *server, h *record.Header) (*mismatch, error) {
	first := r.records.headers[0]
	if !sameCluster(h, first) {
		return &mismatch{"a server of " + cluster(first), cluster(h)}, nil
	}
	if !slices.Contains(h.Servers, h.Server) {
		return &mismatch{"one of the servers", spawn.Describe(h.Server)}, nil
	}
	p, err := r.config.Program(h)
	if err != nil {
		return &mismatch{"a model that this program knows", err.Error()}, nil
	}
	if p.Version != h.Version {
		return &mismatch{fmt.Sprintf("version %d of %s", p.Version, p.Model), fmt.Sprintf("version %d", h.Version)}, nil
	}
	s.undone, s.unsaved = false, false
	s.header, s.program, s.steps, s.at, s.wall = h, &p, 0, 0, h.Wall
	s.machine = p.New(s.server, h.Servers, h.Durable, &s.draws)
	s.summary.Processes++
	return nil, nil
}

// event processes an event that has a line.
func (r *Run) event(s *server, e *Event) (*mismatch, error) {
	l := &e.Line
	switch {
	case s.header == nil:
		return &mismatch{"a header before the first event of the server", "the event " + l.Event.String()}, nil
	case s.machine == nil:
		return &mismatch{"a header after the server stopped", "the event " + l.Event.String()}, nil
	case l.Step != s.steps+1:
		return &mismatch{fmt.Sprintf("step %d of the server", s.steps+1), fmt.Sprintf("step %d", l.Step)}, nil
	case l.At < s.at:
		return &mismatch{fmt.Sprintf("a time of at least %v", s.at), fmt.Sprint(l.At)}, nil
	case l.Event == record.Stop:
		s.machine = nil
	default:
		if m, err := r.step(s, e); m != nil || err != nil {
			return m, err
		}
		s.summary.Events++
	}
	s.steps, s.at, s.wall, s.unsaved = l.Step, l.At, l.Wall, l.Joins || len(l.Save) > 0
	return nil, nil
}

// step executes an event on the machine of a server.
func (r *Run) step(s *server, e *Event) (*mismatch, error) {
	l := &e.Line
	if m := s.begin(l); m != nil {
		return m, nil
	}
	if l.Joins && !s.unsaved {
		return &mismatch{"an event by itself", "one that joins others, of which none changed what is saved"}, nil
	}
	peer := l.Event == record.Receive && r.peer(s, l.From)
	if peer && r.sequence(l.From) == nil {
		return &mismatch{"the records of all servers", "none of " + spawn.Describe(l.From) + ", which sent this"}, nil
	}
	effects, m, err := s.execute(l)
	if m != nil || err != nil {
		return m, err
	}
	if peer {
		r.receive(s, e)
	}
	if joined := l.Joins && s.undone; joined || !l.Joins && len(l.Save) > 0 && r.fate(s, l) == undone {
		e.Undone, s.undone = true, true
		s.summary.Undone++
		return nil, nil
	}
	s.keep(effects.Save)
	for _, m := range l.Send {
		if slices.Contains(s.header.Servers, m.To) {
			r.send(link{s.server, m.To}, m.Data)
		}
	}
	return nil, nil
}

// send records a message sent by the next event.
func (r *Run) send(way link, data []byte) {
	if r.links[way] == nil {
		r.links[way] = newFlow(r.ordered)
	}
	r.links[way].send(data, r.events+1)
	r.flying += way.digest(data)
}

// receive records the receipt of a message from another server.
func (r *Run) receive(s *server, e *Event) {
	way := link{e.From, s.server}
	f := r.links[way]
	sender, repeated, gone := f.receive(f.content(&e.Line))
	e.Sender, e.Repeated = sender, repeated
	for _, data := range gone {
		r.flying -= way.digest(data)
	}
}

func sameCluster(a, b *record.Header) bool {
	return a.Model == b.Model && a.Version == b.Version && slices.Equal(a.Servers, b.Servers) &&
		maps.Equal(a.Config, b.Config)
}

// cluster returns a description of the cluster of a header.
func cluster(h *record.Header) string {
	text := h.Model
	for _, n := range slices.Sorted(maps.Keys(h.Config)) {
		text += " " + n + "=" + h.Config[n]
	}
	text += " among"
	for _, id := range h.Servers {
		text += " " + spawn.Describe(id)
	}
	return text
}
