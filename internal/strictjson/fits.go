package strictjson

import (
	"encoding/binary"
	"unicode/utf8"
)

// Fits reports whether data is one compact JSON array or object, without white space around it or control characters in
// it, so that it may stand in a line of a file as it is. It is at most 56 levels deep. It may refuse what others would
// take, never the reverse, and is quick.
func Fits(data []byte) bool {
	if len(data) > 0 && data[0] == ' ' {
		return false
	}
	f := fitter{data: data}
	return f.whole()
}

// FitsKnown is [Fits] for data that is known to be JSON, as a [Reader] took it whole or code wrote it that writes nothing
// else. It is quicker still where there is little of it, all of it ASCII.
func FitsKnown(data []byte) bool {
	n := len(data)
	// So few bytes are not nested too deep.
	if n < 2 || n > 2*maxFit || !printable(data) {
		return Fits(data)
	}
	return (data[0] == '{' || data[0] == '[') && (data[n-1] == '}' || data[n-1] == ']')
}

// printable reports whether all bytes are ASCII, and none a control character but DEL.
func printable(data []byte) bool {
	const high, blank = 0x8080808080808080, 0x2020202020202020
	n := len(data)
	if n < 8 {
		for _, c := range data {
			if c < ' ' || c >= utf8.RuneSelf {
				return false
			}
		}
		return true
	}
	// Of 8 bytes below 0x80, all blank or above, none borrows from the next one, and no highest bit comes to be set. The last
	// ones overlap those before.
	w := binary.LittleEndian.Uint64(data[n-8:])
	wrong := (w - blank) | w
	for ; len(data) > 8; data = data[8:] {
		w = binary.LittleEndian.Uint64(data)
		wrong |= (w - blank) | w
	}
	return wrong&high == 0
}

// fitter looks at a value from the front to the back.
type fitter struct {
	data    []byte
	at      int
	objects uint64 // a bit for each open array or object, the last one the lowest: whether it is an object
	depth   int
	wide    bool // there was a byte that is not ASCII
}

// maxFit is how many levels fit into objects.
const maxFit = 56

// whole goes through all of it: values, and what stands between them.
func (f *fitter) whole() bool {
	for {
		// A value is to come.
		switch c := f.next(); {
		case c == '{' || c == '[':
			if f.depth++; f.depth > maxFit {
				return false
			}
			f.objects <<= 1
			if c == '{' {
				f.objects |= 1
			}
			f.blanks()
			if f.at < len(f.data) && f.data[f.at] == c+2 { // the closing one
				break
			}
			if c == '{' && !f.name() {
				return false
			}
			continue
		case f.depth == 0:
			return false // no array or object
		case c == '"':
			if !f.text() {
				return false
			}
		case c == '-' || isDigit(c):
			if !f.number(c) {
				return false
			}
		case c == 't':
			if !f.word("true") {
				return false
			}
		case c == 'f':
			if !f.word("false") {
				return false
			}
		case c == 'n':
			if !f.word("null") {
				return false
			}
		default:
			return false
		}
		if !f.after() {
			return false
		}
		if f.depth == 0 {
			return f.at == len(f.data) && (!f.wide || utf8.Valid(f.data))
		}
	}
}

// after goes from the end of a value to the next one, or to the end of all of it.
func (f *fitter) after() bool {
	for f.depth > 0 {
		object := f.objects&1 == 1
		switch c := f.next(); {
		case c == ',':
			return !object || f.name()
		case c == '}' && object || c == ']' && !object:
			f.depth--
			f.objects >>= 1
		default:
			return false
		}
	}
	return true
}

// blanks passes over the blanks that come now.
func (f *fitter) blanks() {
	for f.at < len(f.data) && f.data[f.at] == ' ' {
		f.at++
	}
}

// next takes the next byte that is no blank; 0 at the end.
func (f *fitter) next() byte {
	f.blanks()
	if f.at == len(f.data) {
		return 0
	}
	f.at++
	return f.data[f.at-1]
}

// name takes the name of a field, and the colon.
func (f *fitter) name() bool { return f.next() == '"' && f.text() && f.next() == ':' }

// text takes the rest of a string. One with escapes, which is rare, it leaves to the reader.
func (f *fitter) text() bool {
	start := f.at - 1
	for f.at < len(f.data) {
		c := f.data[f.at]
		f.at++
		switch {
		case c == '"':
			return true
		case c == '\\':
			r := Reader{data: f.data, at: start}
			r.text()
			f.at, f.wide = r.at, true
			return r.err == nil
		case c < ' ':
			return false
		case c >= utf8.RuneSelf:
			f.wide = true
		}
	}
	return false
}

// number takes the rest of a number: digits alone, or what the reader takes.
func (f *fitter) number(c byte) bool {
	start := f.at - 1
	for f.at < len(f.data) && isDigit(f.data[f.at]) {
		f.at++
	}
	simple := c != '-' && (c != '0' || f.at == start+1)
	if f.at < len(f.data) && (f.data[f.at] == '.' || f.data[f.at]|0x20 == 'e') || !simple {
		r := Reader{data: f.data, at: start}
		r.number()
		f.at = r.at
		return r.err == nil
	}
	return true
}

// word takes the rest of a word, whose first letter is taken.
func (f *fitter) word(w string) bool {
	end := f.at - 1 + len(w)
	if end > len(f.data) || string(f.data[f.at-1:end]) != w {
		return false
	}
	f.at = end
	return true
}
