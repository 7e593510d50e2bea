package record

import (
	"bytes"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"synod/actor"
	"synod/internal/strictjson"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

// Append appends a line, with its line end, to dst.
func (l *Line) Append(dst []byte) []byte {
	if l.Header != nil {
		return l.Header.append(dst)
	}
	dst = appendPrefix(dst, l.Server)
	dst = appendMoment(dst, l.Step, l.At, l.Wall.UnixNano())
	dst = appendEvent(dst, l.Joins, l.Event)
	switch l.Event {
	case Recover:
		dst = appendRecords(append(dst, `,"records":`...), l.Records)
	case Receive:
		dst = appendMessage(appendID(append(dst, fromName...), l.From), l.Data, l.Size, l.Rejected, false)
	case Timeout:
		dst = appendPayload(append(dst, `,"timer":`...), l.Timer)
	case Choose:
		dst = appendPayload(append(dst, `,"option":`...), l.Option)
	case Stop:
		return appendReason(dst, l.Reason)
	case Start, Crash:
	}
	dst = appendSave(dst, l.Save)
	dst = appendSend(dst, l.Send, appendID, false)
	for i, a := range l.Arm {
		dst = appendArm(dst, i, a.Timer, a.In)
	}
	dst = closeList(dst, len(l.Arm))
	for i, t := range l.Disarm {
		dst = appendPayload(openList(dst, "disarm", i), t)
	}
	dst = closeList(dst, len(l.Disarm))
	for i, o := range l.Drawn {
		dst = appendPayload(openList(dst, "draw", i), o)
	}
	dst = closeList(dst, len(l.Drawn))
	return appendState(dst, l.State)
}

func (h *Header) append(dst []byte) []byte {
	dst = appendPrefix(dst, h.Server)
	dst = append(dst, `"record":"`+Format+`","servers":[`...)
	for i, id := range h.Servers {
		dst = appendID(separated(dst, i), id)
	}
	dst = appendString(append(dst, `],"model":`...), h.Model)
	dst = strconv.AppendUint(append(dst, `,"version":`...), uint64(h.Version), 10)
	dst = append(dst, `,"config":{`...)
	for i, name := range slices.Sorted(maps.Keys(h.Config)) {
		dst = appendString(append(appendString(separated(dst, i), name), ':'), h.Config[name])
	}
	dst = strconv.AppendBool(append(dst, `},"durable":`...), h.Durable)
	dst = appendString(append(dst, `,"transport":`...), h.Transport)
	dst = strconv.AppendBool(append(dst, `,"faults":`...), h.Faults)
	dst = appendString(append(dst, `,"build":`...), h.Build)
	dst = strconv.AppendInt(append(dst, `,"wall":`...), h.Wall.UnixNano(), 10)
	return append(dst, "}\n"...)
}

// linePrefix begins every line.
const linePrefix = `{"server":`

// appendPrefix begins a line with its server, which can then be told even from a torn line.
func appendPrefix(dst []byte, id actor.ID) []byte {
	return append(appendID(append(dst, linePrefix...), id), ',')
}

// The names of the fields with the time of an event.
const stepName, atName, wallName = `"step":`, `,"at":`, `,"wall":`

// appendMoment appends the step and its times; wall is in nanoseconds since 1970.
func appendMoment(dst []byte, step uint64, at time.Duration, wall int64) []byte {
	dst = strconv.AppendUint(append(dst, stepName...), step, 10)
	dst = strconv.AppendInt(append(dst, atName...), int64(at), 10)
	return strconv.AppendInt(append(dst, wallName...), wall, 10)
}

// joinsName precedes the event: a torn line with an event then shows whether it joins.
const joinsName = `,"joins":true`

func appendEvent(dst []byte, joins bool, e Event) []byte {
	if joins {
		dst = append(dst, joinsName...)
	}
	return append(append(append(dst, `,"event":"`...), e.String()...), '"')
}

const fromName = `,"from":`

// appendMessage appends a received message; known reports that it is known to be JSON.
func appendMessage(dst, data []byte, size int, rejected string, known bool) []byte {
	switch {
	case size > 0:
		dst = strconv.AppendInt(append(dst, `,"size":`...), int64(size), 10)
	case known:
		dst = appendJSON(append(dst, `,"message":`...), data)
	default:
		dst = appendPayload(append(dst, `,"message":`...), data)
	}
	if rejected != "" {
		dst = appendString(append(dst, `,"rejected":`...), rejected)
	}
	return dst
}

func appendReason(dst []byte, reason string) []byte {
	if reason != "" {
		dst = appendString(append(dst, `,"error":`...), reason)
	}
	return append(dst, "}\n"...)
}

func appendSave(dst []byte, save []storage.Record) []byte {
	if len(save) == 0 {
		return dst
	}
	return appendRecords(append(dst, `,"save":`...), save)
}

func appendRecords(dst []byte, records []storage.Record) []byte {
	dst = append(dst, '[')
	for i, r := range records {
		dst = append(appendPayload(append(separated(dst, i), '['), []byte(r.Name)), ',')
		if r.Data == nil {
			dst = append(dst, "null"...)
		} else {
			dst = appendPayload(dst, r.Data)
		}
		dst = append(dst, ']')
	}
	return append(dst, ']')
}

// appendSend appends messages and their recipients, formatted by id; known reports that they are known to be JSON.
func appendSend(dst []byte, send []machine.Message, id func([]byte, actor.ID) []byte, known bool) []byte {
	var start, end int // the previous payload, since often all servers are sent the same
	for i, m := range send {
		dst = append(id(append(openList(dst, "send", i), '['), m.To), ',')
		at := len(dst)
		switch {
		case i > 0 && bytes.Equal(m.Data, send[i-1].Data):
			dst = append(dst, dst[start:end]...)
		case known:
			dst = appendJSON(dst, m.Data)
		default:
			dst = appendPayload(dst, m.Data)
		}
		start, end = at, len(dst)
		dst = append(dst, ']')
	}
	return closeList(dst, len(send))
}

func appendArm(dst []byte, i int, timer []byte, in time.Duration) []byte {
	dst = append(appendPayload(append(openList(dst, "arm", i), '['), timer), ',')
	return append(strconv.AppendInt(dst, int64(in), 10), ']')
}

const hexDigits = "0123456789abcdef"

func appendState(dst []byte, state uint64) []byte {
	var digits [16]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = hexDigits[state&15]
		state >>= 4
	}
	return append(append(append(dst, `,"state":"`...), digits[:]...), "\"}\n"...)
}

// openList begins element i of a list, and before the first one the list.
func openList(dst []byte, name string, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return append(append(append(dst, `,"`...), name...), `":[`...)
}

// closeList ends a list of n elements. An empty list is omitted.
func closeList(dst []byte, n int) []byte {
	if n == 0 {
		return dst
	}
	return append(dst, ']')
}

func separated(dst []byte, i int) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, ',')
}

// appendID appends an address, or the number of an id without one.
func appendID(dst []byte, id actor.ID) []byte {
	dst = append(dst, '"')
	if addr, ok := spawn.AddressOf(id); ok {
		dst = addr.AppendTo(dst)
	} else {
		dst = strconv.AppendUint(dst, uint64(id), 10)
	}
	return append(dst, '"')
}

// base64Prefix begins the encoding of bytes that are not text.
const base64Prefix = `{"base64":`

// appendPayload appends bytes, readable if they are text: JSON arrays and objects as they are, other text as a
// string, and anything else in base64.
func appendPayload(dst, data []byte) []byte {
	return appendBare(dst, data, bare(data) && strictjson.Fits(data))
}

// appendJSON is appendPayload for bytes known to be JSON.
func appendJSON(dst, data []byte) []byte {
	return appendBare(dst, data, bare(data) && strictjson.FitsKnown(data))
}

func appendBare(dst, data []byte, fits bool) []byte {
	if fits {
		return append(dst, data...)
	}
	if utf8.Valid(data) {
		return appendString(dst, data)
	}
	dst = append(append(dst, base64Prefix...), '"')
	return append(base64.StdEncoding.AppendEncode(dst, data), `"}`...)
}

// bare reports whether bytes can be in a line as they are, if they are a JSON array or object.
func bare(data []byte) bool {
	n := len(data)
	if n < 2 || data[0] != '{' && data[0] != '[' || data[n-1] != '}' && data[n-1] != ']' {
		return false
	}
	return n < len(base64Prefix) || string(data[:len(base64Prefix)]) != base64Prefix
}

// appendString appends a string; invalid UTF-8 in it becomes U+FFFD.
func appendString[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}
