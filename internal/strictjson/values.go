package strictjson

import "fmt"

// Text reads a string. What it gives is valid until the next string is read.
func (r *Reader) Text() []byte { return r.text() }

// Raw reads a value of any kind, and gives its bytes as they stand, a part of the input.
func (r *Reader) Raw() []byte {
	r.peek()
	start := r.at
	r.Skip()
	if r.err != nil {
		return nil
	}
	return r.data[start:r.at]
}

// At returns where the next value begins, in bytes from the start, from 0; at the end that is the length of the input.
func (r *Reader) At() int {
	r.peek()
	return r.at
}

// Next returns the first byte of the next value, which it does not read; 0 at the end or after a mistake.
func (r *Reader) Next() byte { return r.peek() }

// Elements reads an array of any length; element reads one of its elements.
func (r *Reader) Elements(element func()) {
	r.Open()
	for n := 0; r.err == nil && r.peek() != ']'; n++ {
		if n > 0 {
			r.Comma()
		}
		if r.err == nil {
			element()
		}
	}
	r.Close()
}

// Int64 reads a whole number that fits so many bits, of which one is its sign, written in digits and perhaps a minus sign.
func (r *Reader) Int64(bits int) int64 {
	expected := signedRanges[bits]
	if r.peek() != '-' {
		return int64(r.uint(1<<(bits-1)-1, expected))
	}
	r.at++
	if r.at < len(r.data) && !isDigit(r.data[r.at]) {
		r.fail(Syntax, "a digit")
		return 0
	}
	n := r.uint(1<<(bits-1), expected)
	if n == 0 && r.err == nil {
		r.fail(Unexpected, expected) // There is one form of each number.
	}
	return -int64(n)
}

// signedRanges lists the ranges of signed integers by their number of bits.
var signedRanges = func() (all [65]string) {
	for bits := 1; bits < len(all); bits++ {
		all[bits] = fmt.Sprintf("a whole number from -2^%d to below 2^%d", bits-1, bits-1)
	}
	return all
}()

// Within lets content read values that are inside another one, so that they count as deeper.
func (r *Reader) Within(content func()) {
	r.enter()
	if r.err == nil {
		content()
	}
	r.depth--
}
