package record

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"synod/actor"
	"synod/internal/strictjson"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

// MaxLine is the maximum length of a line, in bytes.
const MaxLine = 64 << 20

// Decode parses a line, with or without its line end. It is strict: it returns an error for an unknown, missing or
// repeated field, and for one that does not belong to the kind of event. It does not retain data.
func Decode(data []byte) (Line, error) {
	if len(data) > MaxLine {
		return Line{}, fmt.Errorf("line of %d bytes exceeds the limit of %d", len(data), MaxLine)
	}
	d := decoder{r: strictjson.NewReader(data), seen: make(map[string]bool)}
	d.r.Fields(d.field)
	if err := d.r.End(); err != nil {
		return Line{}, err
	}
	if d.err == nil {
		d.err = d.complete()
	}
	return d.line, d.err
}

// Server returns the server of a line, even if it is torn after that, provided that it was written by Append.
func Server(data []byte) (actor.ID, bool) {
	const prefix = linePrefix + `"`
	if len(data) < len(prefix) || string(data[:len(prefix)]) != prefix {
		return 0, false
	}
	data = data[len(prefix):]
	end := bytes.IndexByte(data, '"')
	if end < 0 {
		return 0, false
	}
	id, err := parseID(string(data[:end]))
	return id, err == nil
}

// decoder parses a line.
type decoder struct {
	r      *strictjson.Reader
	line   Line
	header Header
	format string
	event  string
	seen   map[string]bool
	err    error // an error that is not a JSON error
}

// fieldsOf lists the required fields of each kind of line, and the optional ones with a question mark. Every line has
// a server and a wall.
var (
	headerFields = []string{"record", "servers", "model", "version", "config", "durable", "transport", "faults", "build"}
	eventFields  = map[Event][]string{
		Start:   {"state"},
		Recover: {"records", "state"},
		Receive: {"from", "message?", "size?", "rejected?", "state"},
		Timeout: {"timer", "state"},
		Choose:  {"option", "state"},
		Stop:    {"error?"},
	}
	effectFields = []string{"save", "send", "arm", "disarm", "draw"}
)

// complete returns an error if a field is missing or does not belong to the kind of line.
func (d *decoder) complete() error {
	want := []string{"server", "wall"}
	switch {
	case d.seen["record"]:
		if d.format != Format {
			return fmt.Errorf("record format %q is not %q", d.format, Format)
		}
		want = append(want, headerFields...)
		d.header.Server, d.header.Wall = d.line.Server, d.line.Wall
		d.line = Line{Server: d.line.Server, Header: &d.header}
	case !d.seen["event"]:
		return errors.New("the field event is missing")
	default:
		at := slices.Index(words[:], d.event)
		if at < 1 || Event(at) == Crash {
			return fmt.Errorf("event %q: expected start, recover, receive, timeout, choose or stop", d.event)
		}
		d.line.Event = Event(at)
		want = append(append(want, "step", "at", "event"), eventFields[d.line.Event]...)
		if d.line.Event != Stop {
			want = append(want, "joins?")
		}
		if d.line.Event != Stop && !d.seen["rejected"] {
			for _, name := range effectFields {
				want = append(want, name+"?")
			}
		}
		if d.line.Event == Receive && d.seen["message"] == d.seen["size"] {
			return errors.New("the line must have either a message or its size")
		}
	}
	allowed := make(map[string]bool)
	for _, name := range want {
		if optional := name[len(name)-1] == '?'; optional {
			name = name[:len(name)-1]
		} else if !d.seen[name] {
			return fmt.Errorf("the field %s is missing", name)
		}
		allowed[name] = true
	}
	for name := range d.seen {
		if !allowed[name] {
			return fmt.Errorf("the field %s is not allowed in this line", name)
		}
	}
	return nil
}

// field parses the value of one field.
func (d *decoder) field(raw []byte) bool {
	name := string(raw)
	if d.seen[name] {
		d.r.Fail("each field once")
		return true
	}
	d.seen[name] = true
	if !d.headerField(name) && !d.eventField(name) && !d.effectField(name) {
		d.fail(fmt.Errorf("unknown field %q", name))
		d.r.Skip()
	}
	return true
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *decoder) headerField(name string) bool {
	h := &d.header
	switch name {
	case "server":
		d.line.Server = d.id()
	case "record":
		d.format = d.text()
	case "servers":
		d.r.Elements(func() { h.Servers = append(h.Servers, d.id()) })
		if !slices.IsSorted(h.Servers) || len(slices.Compact(slices.Clone(h.Servers))) != len(h.Servers) {
			d.fail(errors.New("servers: must be distinct, in ascending order of their ids"))
		}
	case "model":
		h.Model = d.text()
	case "version":
		h.Version = d.r.Uint32()
	case "config":
		d.r.Fields(func(raw []byte) bool {
			key := string(raw)
			if _, ok := h.Config[key]; ok {
				d.r.Fail("each field once")
				return true
			}
			if h.Config == nil {
				h.Config = make(map[string]string)
			}
			h.Config[key] = d.text()
			return true
		})
	case "durable":
		h.Durable = d.r.Bool()
	case "transport":
		h.Transport = d.text()
	case "faults":
		h.Faults = d.r.Bool()
	case "build":
		h.Build = d.text()
	default:
		return false
	}
	return true
}

func (d *decoder) eventField(name string) bool {
	l := &d.line
	switch name {
	case "step":
		l.Step = d.r.Uint64()
	case "at":
		l.At = d.duration()
	case "wall":
		l.Wall = time.Unix(0, int64(d.duration()))
	case "joins":
		l.Joins = d.r.Bool()
	case "event":
		d.event = d.text()
	case "from":
		l.From = d.id()
	case "message":
		l.Data = d.payload()
	case "size":
		l.Size = int(d.r.Uint32())
		if l.Size <= machine.MaxMessage {
			d.fail(fmt.Errorf("size %d: must be more than %d, or the message must be given", l.Size, machine.MaxMessage))
		}
	case "timer":
		l.Timer = d.payload()
	case "option":
		l.Option = d.payload()
	case "records":
		l.Records = d.records(false)
	case "rejected":
		if l.Rejected = d.text(); l.Rejected == "" {
			d.fail(errors.New("rejected: the reason is missing"))
		}
	case "error":
		if l.Reason = d.text(); l.Reason == "" {
			d.fail(errors.New("error: the reason is missing"))
		}
	default:
		return false
	}
	return true
}

func (d *decoder) effectField(name string) bool {
	l := &d.line
	switch name {
	case "save":
		l.Save = d.records(true)
	case "send":
		d.r.Elements(func() {
			var m machine.Message
			d.pair(func() { m.To = d.id() }, func() { m.Data = d.payload() })
			l.Send = append(l.Send, m)
		})
	case "arm":
		d.r.Elements(func() {
			var a Alarm
			d.pair(func() { a.Timer = d.payload() }, func() { a.In = d.duration() })
			l.Arm = append(l.Arm, a)
		})
	case "disarm":
		d.r.Elements(func() { l.Disarm = append(l.Disarm, d.payload()) })
	case "draw":
		d.r.Elements(func() { l.Drawn = append(l.Drawn, d.payload()) })
	case "state":
		text := d.text()
		state, err := strconv.ParseUint(text, 16, 64)
		if err != nil || len(text) != 16 {
			d.fail(fmt.Errorf("state %q: expected 16 hexadecimal digits", text))
		}
		l.State = state
	default:
		return false
	}
	return true
}

func (d *decoder) pair(first, second func()) {
	d.r.Open()
	first()
	d.r.Comma()
	second()
	d.r.Close()
}

// records parses records in ascending order of name; only in a change can a record be deleted.
func (d *decoder) records(change bool) []storage.Record {
	var all []storage.Record
	d.r.Elements(func() {
		var r storage.Record
		d.pair(func() { r.Name = string(d.payload()) }, func() {
			if change && d.r.Null() {
				return
			}
			r.Data = d.payload()
		})
		if n := len(all); n > 0 && all[n-1].Name >= r.Name {
			d.fail(errors.New("records: names must be distinct, in ascending order"))
		}
		all = append(all, r)
	})
	return all
}

// payload parses bytes as appendPayload writes them. The result is never nil.
func (d *decoder) payload() []byte {
	switch d.r.Next() {
	case '"':
		return append([]byte{}, d.r.Text()...)
	case '{', '[':
	default:
		d.r.Fail("a string, an array or an object")
		return []byte{}
	}
	raw := d.r.Raw()
	if len(raw) < len(base64Prefix) || string(raw[:len(base64Prefix)]) != base64Prefix {
		return append([]byte{}, raw...)
	}
	var data []byte
	inner := strictjson.NewReader(raw)
	inner.Tagged(func([]byte) {
		var err error
		if data, err = base64.StdEncoding.Strict().AppendDecode([]byte{}, inner.Text()); err != nil {
			d.fail(errors.New("base64: invalid encoding"))
		}
	})
	if err := inner.End(); err != nil {
		d.fail(fmt.Errorf("base64: %w", err))
	}
	return data
}

func (d *decoder) text() string { return string(d.r.Text()) }

// duration parses nanoseconds.
func (d *decoder) duration() time.Duration {
	n := d.r.Uint64()
	if n > math.MaxInt64 {
		d.fail(errors.New("expected a number below 2^63"))
	}
	return time.Duration(n)
}

func (d *decoder) id() actor.ID {
	text := d.text()
	id, err := parseID(text)
	if err != nil {
		d.fail(err)
	}
	return id
}

// parseID parses what appendID writes.
func parseID(text string) (actor.ID, error) {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil && n>>48 != 0 {
		return actor.ID(n), nil
	}
	addr, err := netip.ParseAddrPort(text)
	if err != nil {
		return 0, fmt.Errorf("%q: expected an address with a port, such as 127.0.0.1:3000", text)
	}
	return spawn.IDOf(addr)
}
