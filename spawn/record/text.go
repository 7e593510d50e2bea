package record

import (
	"strconv"
	"time"

	"synod/actor"
)

// texts caches text that recurs from line to line. Its methods append the same as the functions of the same names.
type texts struct {
	ids      [64]idText // an id has one place
	at, wall moment
}

// idText is the text of an id.
type idText struct {
	id   actor.ID
	size uint8 // 0 if the entry is empty
	text [31]byte
}

func (t *texts) appendID(dst []byte, id actor.ID) []byte {
	e := &t.ids[(id^id>>16)%actor.ID(len(t.ids))]
	if e.id != id || e.size == 0 {
		e.id, e.size = id, uint8(len(appendID(e.text[:0], id)))
	}
	return append(dst, e.text[:e.size]...)
}

func (t *texts) appendMoment(dst []byte, step uint64, at time.Duration, wall int64) []byte {
	dst = strconv.AppendUint(append(dst, stepName...), step, 10)
	return t.wall.append(t.at.append(dst, atName, int64(at)), wallName, wall)
}

// moment is the name of a field with nanoseconds, followed by the seconds, which change rarely.
type moment struct {
	second int64
	text   []byte
}

func (m *moment) append(dst []byte, name string, nanoseconds int64) []byte {
	const second = int64(time.Second)
	if nanoseconds < second {
		return strconv.AppendInt(append(dst, name...), nanoseconds, 10)
	}
	s := nanoseconds / second
	if s != m.second {
		m.second, m.text = s, strconv.AppendInt(append(m.text[:0], name...), s, 10)
	}
	return appendNine(append(dst, m.text...), uint32(nanoseconds-s*second))
}

// pairs are the two digits of the numbers below 100.
var pairs = func() (p [100][2]byte) {
	for i := range p {
		p[i] = [2]byte{'0' + byte(i/10), '0' + byte(i%10)}
	}
	return p
}()

// appendNine appends a number with up to nine digits, zero-padded to nine.
func appendNine(dst []byte, n uint32) []byte {
	high, low := n/10_000, n%10_000
	first, high := high/10_000, high%10_000
	a, b, c, d := pairs[high/100], pairs[high%100], pairs[low/100], pairs[low%100]
	return append(dst, '0'+byte(first), a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1])
}
