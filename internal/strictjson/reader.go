// Package strictjson reads and writes the JSON of messages on a network: externally tagged, as Rust's serde writes
// it. Unlike encoding/json it rejects numbers out of range, strings of two characters where one is expected, unpaired
// surrogates, duplicate fields and names in the wrong case. It does not allocate.
package strictjson

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is the maximum nesting depth of arrays and objects.
const MaxDepth = 128

// Kind is the kind of an error.
type Kind uint8

// The kinds of errors.
const (
	Syntax     Kind = iota + 1 // not JSON
	Unexpected                 // JSON, but a different value was expected
	Depth                      // nested deeper than MaxDepth
)

// Error is an error in an input, with its position.
type Error struct {
	Kind     Kind
	At       int    // byte offset, from 0
	Expected string // a noun phrase
}

// Error returns the position and what was expected.
func (e *Error) Error() string { return fmt.Sprintf("byte %d: expected %s", e.At, e.Expected) }

// Reader reads one value from front to back. Each method reads the value that its name describes, after skipping
// white space. After an error all methods read nothing and return zero values; End returns the first error. The zero
// value has an empty input. A Reader is not safe for concurrent use.
type Reader struct {
	data  []byte
	at    int
	depth int
	err   *Error
	key   []byte // buffer for a string with escapes
}

// NewReader returns a reader of data, which it does not modify.
func NewReader(data []byte) *Reader {
	r := &Reader{data: data}
	if !utf8.Valid(data) {
		r.fail(Syntax, "UTF-8")
	}
	return r
}

// End checks that only white space is left. It returns the first error, as an *Error, or nil. If the input is not
// JSON at all, it returns a Syntax error even if another error came first.
func (r *Reader) End() error {
	if r.err == nil && r.peek() != 0 {
		r.fail(Syntax, "nothing after the value")
	}
	if r.err == nil {
		return nil
	}
	if r.err.Kind == Unexpected {
		whole := NewReader(r.data)
		whole.Skip()
		if err := whole.End(); err != nil {
			return err
		}
	}
	return r.err
}

// Failed reports whether there was an error.
func (r *Reader) Failed() bool { return r.err != nil }

// Fail records an error at the value read last, which is valid JSON but not what was expected.
func (r *Reader) Fail(expected string) { r.fail(Unexpected, expected) }

func (r *Reader) fail(kind Kind, expected string) {
	if r.err == nil {
		r.err = &Error{Kind: kind, At: r.at, Expected: expected}
	}
}

// peek returns the next byte that is not white space, and 0 at the end or after an error.
func (r *Reader) peek() byte {
	if r.err != nil {
		return 0
	}
	for ; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\n', '\r':
		case 0:
			r.fail(Syntax, "no zero byte")
			return 0
		default:
			return c
		}
	}
	return 0
}

// take reads a byte if it is next, and reports whether it was.
func (r *Reader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

// want reads a required byte. If another one is next, the input may still be JSON.
func (r *Reader) want(c byte, expected string) {
	if r.err == nil && !r.take(c) {
		r.fail(Unexpected, expected)
	}
}

func (r *Reader) enter() {
	if r.depth++; r.depth > MaxDepth {
		r.fail(Depth, fmt.Sprintf("at most %d levels of nesting", MaxDepth))
	}
}

// Tagged reads an object with a single field, whose name is the tag. The function content reads its value.
func (r *Reader) Tagged(content func(tag []byte)) {
	r.want('{', "an object with one field")
	r.enter()
	tag := r.name()
	if r.err == nil {
		content(tag)
	}
	r.want('}', "the end of an object with one field")
	r.depth--
}

// Fields reads an object. For each field it calls field with the name. The function reads the value and returns true,
// or returns false to skip the value. The name is valid until something is read.
func (r *Reader) Fields(field func(name []byte) bool) {
	r.want('{', "an object")
	r.enter()
	for n := 0; r.err == nil && !r.take('}'); n++ {
		if n > 0 {
			r.want(',', "a comma")
		}
		name := r.name()
		if r.err == nil && !field(name) {
			r.Skip()
		}
	}
	r.depth--
}

// name reads the name of a field and the colon.
func (r *Reader) name() []byte {
	name := r.text()
	r.want(':', "a colon")
	return name
}

// Once records in seen that the field with the bit has occurred. It is an error if it had occurred before.
func (r *Reader) Once(seen *uint8, bit uint8) {
	if *seen&bit != 0 {
		r.Fail("each field once")
	}
	*seen |= bit
}

// Open reads the start of an array.
func (r *Reader) Open() {
	r.want('[', "an array")
	r.enter()
}

// Comma reads the comma between two elements.
func (r *Reader) Comma() { r.want(',', "another element") }

// Close reads the end of an array.
func (r *Reader) Close() {
	r.want(']', "the end of the array")
	r.depth--
}

// Null reads null if it is next, and reports whether it was.
func (r *Reader) Null() bool {
	if r.peek() != 'n' {
		return false
	}
	r.word("null")
	return r.err == nil
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	switch r.peek() {
	case 't':
		r.word("true")
		return r.err == nil
	case 'f':
		r.word("false")
	default:
		r.fail(Unexpected, "true or false")
	}
	return false
}

func (r *Reader) word(w string) {
	if !bytes.HasPrefix(r.data[r.at:], []byte(w)) {
		r.fail(Syntax, w)
		return
	}
	r.at += len(w)
}

// Uint64 reads an integer of at most 64 bits, written in digits only.
func (r *Reader) Uint64() uint64 { return r.uint(math.MaxUint64, "a whole number below 2^64") }

// Uint32 reads an integer of at most 32 bits, written in digits only.
func (r *Reader) Uint32() uint32 { return uint32(r.uint(math.MaxUint32, "a whole number below 2^32")) }

func (r *Reader) uint(most uint64, expected string) uint64 {
	r.peek()
	if r.err != nil {
		return 0
	}
	start, n := r.at, uint64(0)
	for ; r.at < len(r.data) && isDigit(r.data[r.at]); r.at++ {
		d := uint64(r.data[r.at] - '0')
		if n > (most-d)/10 {
			r.fail(Unexpected, expected)
			return 0
		}
		n = 10*n + d
	}
	digits := r.at - start
	more := r.at < len(r.data) && (r.data[r.at] == '.' || r.data[r.at]|0x20 == 'e')
	if digits == 0 || more || digits > 1 && r.data[start] == '0' {
		r.fail(Unexpected, expected)
		return 0
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Char reads a string of one character.
func (r *Reader) Char() rune {
	s := r.text()
	if r.err != nil {
		return 0
	}
	c, n := utf8.DecodeRune(s)
	if n == 0 || n != len(s) {
		r.Fail("a string of one character")
		return 0
	}
	return c
}

// text reads a string. The result is valid until the next string is read.
func (r *Reader) text() []byte {
	r.want('"', "a string")
	if r.err != nil {
		return nil
	}
	start := r.at
	for i := start; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			r.at = i + 1
			return r.data[start:i]
		case c == '\\':
			return r.escaped(start, i)
		case c < ' ':
			r.at = i
			r.fail(Syntax, "no control character in a string")
			return nil
		}
	}
	r.at = len(r.data)
	r.fail(Syntax, "the end of a string")
	return nil
}

// escaped reads the rest of a string whose first escape is at first.
func (r *Reader) escaped(start, first int) []byte {
	r.key = append(r.key[:0], r.data[start:first]...)
	for r.at = first; r.at < len(r.data); {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return r.key
		case c == '\\':
			r.at++
			r.escape()
			if r.err != nil {
				return nil
			}
		case c < ' ':
			r.fail(Syntax, "no control character in a string")
			return nil
		default:
			r.key = append(r.key, c)
			r.at++
		}
	}
	r.fail(Syntax, "the end of a string")
	return nil
}

// plain are the single-letter escapes, and meant are the characters that they represent.
const plain, meant = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

// escape reads an escape after the backslash.
func (r *Reader) escape() {
	if r.at >= len(r.data) {
		r.fail(Syntax, "an escape")
		return
	}
	c := r.data[r.at]
	if i := strings.IndexByte(plain, c); i >= 0 {
		r.key = append(r.key, meant[i])
		r.at++
		return
	}
	first := r.unit()
	if r.err != nil {
		return
	}
	if utf16.IsSurrogate(first) {
		if r.at >= len(r.data) || r.data[r.at] != '\\' {
			r.fail(Syntax, "the second half of a surrogate pair")
			return
		}
		r.at++
		if first = utf16.DecodeRune(first, r.unit()); first == utf8.RuneError {
			r.fail(Syntax, "a surrogate pair")
			return
		}
	}
	r.key = utf8.AppendRune(r.key, first)
}

// unit reads u and four hexadecimal digits.
func (r *Reader) unit() rune {
	if r.at+5 > len(r.data) || r.data[r.at] != 'u' {
		r.fail(Syntax, "an escape")
		return 0
	}
	var n rune
	for _, c := range r.data[r.at+1 : r.at+5] {
		switch {
		case isDigit(c):
			n = n<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			n = n<<4 | rune(c|0x20-'a'+10)
		default:
			r.fail(Syntax, "four hexadecimal digits")
			return 0
		}
	}
	r.at += 5
	return n
}
