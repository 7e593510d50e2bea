package record

import (
	"fmt"
	"io"
	"time"

	"synod/internal/intern"
	"synod/spawn"
	"synod/spawn/machine"
)

// Recorder writes the record of one process of a server, with one call of Write per line. It implements
// spawn.Recorder, and is not safe for concurrent use.
type Recorder struct {
	w      io.Writer
	wall   func() time.Time
	zero   int64  // the time of day at the server's time 0, in nanoseconds since 1970; set at the first event
	prefix []byte // the prefix of every line
	known  bool   // messages are known to be JSON
	texts  texts
	buf    []byte
	steps  uint64
}

var _ spawn.Recorder = (*Recorder)(nil)

// New starts the record of a server that is about to run by writing the header. A nil wall means time.Now. It is read
// for the header and the first event only; later times are computed from the server's own time, so that setting the
// clock does not affect the order.
func New(w io.Writer, h Header, wall func() time.Time) (*Recorder, error) {
	if wall == nil {
		wall = time.Now
	}
	h.Wall = wall()
	r := &Recorder{w: w, wall: wall, prefix: appendPrefix(nil, h.Server)}
	r.buf = h.append(r.buf)
	return r, r.write()
}

func (r *Recorder) write() error {
	_, err := r.w.Write(r.buf)
	return err
}

// Step records an event and its effects.
func (r *Recorder) Step(m spawn.Machine, e machine.Event, f machine.Effects, now time.Duration, joins bool) error {
	state, err := m.StateHash()
	if err != nil {
		return err
	}
	if r.steps == 0 {
		r.known = m.JSON()
	}
	dst := r.begin(now, joins, Event(e.Kind))
	switch e.Kind {
	case machine.Recover:
		dst = appendRecords(append(dst, `,"records":`...), e.Records)
	case machine.Receive:
		dst = r.appendReceived(dst, e, f.Rejected)
	case machine.Timeout:
		dst = appendPayload(append(dst, `,"timer":`...), Encode(e.Timer))
	case machine.Choice:
		dst = appendPayload(append(dst, `,"option":`...), Encode(e.Option))
	case machine.Start:
	}
	if f.Rejected == nil {
		dst = appendSend(appendSave(dst, f.Save), f.Send, r.texts.appendID, r.known)
		for i, a := range f.Arm {
			dst = appendArm(dst, i, Encode(a.Timer), a.At-now)
		}
		dst = closeList(dst, len(f.Arm))
		for i, t := range f.Disarm {
			dst = appendPayload(openList(dst, "disarm", i), Encode(t))
		}
		dst = closeList(dst, len(f.Disarm))
		for i, o := range f.Drawn {
			dst = appendPayload(openList(dst, "draw", i), Encode(o))
		}
		dst = closeList(dst, len(f.Drawn))
	}
	r.buf = appendState(dst, state)
	return r.write()
}

// Stop records that the server stops, and why.
func (r *Recorder) Stop(now time.Duration, reason error) error {
	text := ""
	if reason != nil {
		text = fmt.Sprint(reason)
	}
	r.buf = appendReason(r.begin(now, false, Stop), text)
	return r.write()
}

// begin begins the line of the next event.
func (r *Recorder) begin(now time.Duration, joins bool, e Event) []byte {
	if r.steps++; r.steps == 1 {
		r.zero = r.wall().UnixNano() - int64(now)
	}
	dst := r.texts.appendMoment(append(r.buf[:0], r.prefix...), r.steps, now, r.zero+int64(now))
	return appendEvent(dst, joins, e)
}

// appendReceived appends a received message. An accepted one may be known to be JSON.
func (r *Recorder) appendReceived(dst []byte, e machine.Event, rejected *machine.Rejection) []byte {
	size, reason := 0, ""
	if len(e.Data) > machine.MaxMessage {
		size = len(e.Data)
	}
	if rejected != nil {
		reason = rejected.Reason.String()
	}
	dst = r.texts.appendID(append(dst, fromName...), e.From)
	return appendMessage(dst, e.Data, size, reason, r.known && rejected == nil)
}

// anything encodes timers and options.
var anything = func() *intern.Walker[any] {
	w, err := intern.For[any]()
	if err != nil {
		panic(err) // an interface can always be walked
	}
	return w
}()

// Encode returns the canonical encoding of a timer or an option, as used in lines.
func Encode(v any) []byte { return anything.Encode(nil, v) }
