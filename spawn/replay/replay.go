// Package replay holds a run that was recorded against the model: it takes the records of all servers of a cluster, puts
// their events in an order in which every message is sent before it comes, and lets the same pure handlers take them
// again. The servers are those of the record and everybody else is an open environment, which may send what it likes.
// No clock counts: of the order only that of each server's lines, and that of sending and receiving.
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
	// Program returns what the servers of a header run, or an error if nobody knows.
	Program func(h *record.Header) (spawn.Program, error)
	// Visit is called after each event, unless it is nil. Neither the event nor the run may be kept. An error ends the
	// replay and is its result.
	Visit func(e *Event, r *Run) error
	Until int // the number of the last event; 0 for all
}

// Violation is an event after which an invariant of the program does not hold. The run is the model's up to there.
type Violation struct {
	Event  int // its number
	Server actor.ID
	File   string
	Line   int
	What   error  // which invariant, and what is wrong
	State  string // of the server, after the event
}

// Error returns what is wrong, in a line.
func (v *Violation) Error() string {
	return fmt.Sprintf("event %d, of %s (%s:%d): %v, after the step that made its state %s",
		v.Event, spawn.Describe(v.Server), v.File, v.Line, v.What, v.State)
}

// Result is what a replay found of a run that is the model's.
type Result struct {
	Events  int // those of Summary, with crashes and stops
	Servers []Summary
	Repeats int // messages that came more often than they were sent
	Missing int // messages between servers that were sent and never came, in the record
	Torn    int // lines that were never finished, those of which it cannot be told whose they are included
	// Invariants are the names of those that hold after every event.
	Invariants []string
}

// Event is an event of the run. It belongs to the replay, but what it holds does not change.
type Event struct {
	Number int // from 1
	record.Line
	File     string
	At       int  // the line in the file, from 1
	Process  int  // which one of the server's, from 1
	Sender   int  // the number of the event that sent the message; 0 for one from outside
	Repeated bool // the message came as often before as it was sent
	Undone   bool // what it had to save was not saved when the process ended, so that nothing of it remains
}

// Run is a run as far as it was replayed.
type Run struct {
	config  Config
	records *Records
	servers []*server // in ascending order of their ids
	links   map[link]*flow
	ordered bool
	events  int
	flying  uint64 // the sum of the digests of what is in flight
}

// Run replays the records. A run that is not the model's is a *Deviation; files that are no records, or those of one
// process twice, or not in order, or that cannot be read any more, are another error.
func (r *Records) Run(c Config) (*Result, error) {
	result, err := r.run(c)
	if broken := r.broken(); broken != nil {
		return nil, broken
	}
	if err == nil && len(r.headers) == 0 { // There are torn lines at most, and what they were nobody knows.
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

// next returns the server whose event can come next, of several the one that did according to the time of day; nil if
// all events have come.
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
		wall := s.wall // of a line that has none of its own, or that tells of a crash, which was before it
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

// possible reports whether an event can come now: only one that receives has to wait for others.
func (r *Run) possible(s *server, i *item) bool {
	l := &i.line
	if i.err != nil || l.Step != s.steps+1 || l.Event != record.Receive || !r.peer(s, l.From) || r.sequence(l.From) == nil {
		return true
	}
	f := r.links[link{l.From, s.server}]
	return f != nil && f.has(f.content(l))
}

// peer reports whether a message comes from a server of the cluster.
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

// stuck returns which event waits in vain: one for a message that nobody sends later either, if there is one.
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
	expected := fmt.Sprintf("a message that %s sent before, and that did not come yet", from)
	if !r.ordered {
		expected = fmt.Sprintf("a message that %s sent before", from)
	}
	return r.deviation(best, i, &mismatch{expected, show(i.line.Data)})
}

// sends reports whether a server sends a message in one of its lines that are still to come.
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

// take takes the first line of a server that is still to come.
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

// wrong turns a mismatch into an error, or returns nil.
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

// hold looks at the invariants after an event of a server.
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

// event takes an event that stands in a line.
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

// step lets the machine of a server take an event.
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

// send notes a message that the next event sends.
func (r *Run) send(way link, data []byte) {
	if r.links[way] == nil {
		r.links[way] = newFlow(r.ordered)
	}
	r.links[way].send(data, r.events+1)
	r.flying += way.digest(data)
}

// receive notes the message of an event that another server sent.
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

// cluster returns what a header is of.
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
