package strictjson

import (
	"encoding/binary"
	"unicode/utf8"
)

// Fits reports whether data is one compact JSON array or object, without surrounding white space or control
// characters, so that it can be embedded in a line of a file unchanged. The depth is at most 56. It is fast, and may
// reject valid data but never accepts invalid data.
func Fits(data []byte) bool {
	if len(data) > 0 && data[0] == ' ' {
		return false
	}
	f := fitter{data: data}
	return f.whole()
}

// FitsKnown is [Fits] for data known to be valid JSON, because a [Reader] accepted it or our own code wrote it. It is
// faster for short ASCII data.
func FitsKnown(data []byte) bool {
	n := len(data)
	// Data this short cannot be nested too deeply.
	if n < 2 || n > 2*maxFit || !printable(data) {
		return Fits(data)
	}
	return (data[0] == '{' || data[0] == '[') && (data[n-1] == '}' || data[n-1] == ']')
}

// printable reports whether all bytes are ASCII and not control characters other than DEL.
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
	// If 8 bytes below 0x80 are all at least blank, no subtraction borrows and no high bit is set. The last word
	// overlaps the one before.
	w := binary.LittleEndian.Uint64(data[n-8:])
	wrong := (w - blank) | w
	for ; len(data) > 8; data = data[8:] {
		w = binary.LittleEndian.Uint64(data)
		wrong |= (w - blank) | w
	}
	return wrong&high == 0
}

// fitter scans a value from front to back.
type fitter struct {
	data    []byte
	at      int
	objects uint64 // one bit per open array or object, the innermost lowest: whether it is an object
	depth   int
	wide    bool // a byte was not ASCII
}

// maxFit is the number of levels that fit into objects.
const maxFit = 56

// whole scans all values and separators.
func (f *fitter) whole() bool {
	for {
		// A value is expected.
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
			if f.at < len(f.data) && f.data[f.at] == c+2 { // the closing bracket
				break
			}
			if c == '{' && !f.name() {
				return false
			}
			continue
		case f.depth == 0:
			return false // not an array or object
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

// after scans from the end of a value to the next value, or to the end of the data.
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

// blanks skips blanks.
func (f *fitter) blanks() {
	for f.at < len(f.data) && f.data[f.at] == ' ' {
		f.at++
	}
}

// next returns the next byte that is not a blank; 0 at the end.
func (f *fitter) next() byte {
	f.blanks()
	if f.at == len(f.data) {
		return 0
	}
	f.at++
	return f.data[f.at-1]
}

// name scans the name of a field and the colon.
func (f *fitter) name() bool { return f.next() == '"' && f.text() && f.next() == ':' }

// text scans the rest of a string. A string with escapes, which is rare, is left to the Reader.
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

// number scans the rest of a number: digits itself, others with the Reader.
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

// word scans the rest of a literal after its first letter.
func (f *fitter) word(w string) bool {
	end := f.at - 1 + len(w)
	if end > len(f.data) || string(f.data[f.at-1:end]) != w {
		return false
	}
	f.at = end
	return true
}
