package strictjson

import "fmt"

// Text reads a string. The result is valid until the next string is read.
func (r *Reader) Text() []byte { return r.text() }

// Raw reads a value of any kind and returns its bytes, which are a part of the input.
func (r *Reader) Raw() []byte {
	r.peek()
	start := r.at
	r.Skip()
	if r.err != nil {
		return nil
	}
	return r.data[start:r.at]
}

// At returns the byte offset of the next value; at the end it is the length of the input.
func (r *Reader) At() int {
	r.peek()
	return r.at
}

// Next returns the first byte of the next value without reading it; 0 at the end or after an error.
func (r *Reader) Next() byte { return r.peek() }

// Elements reads an array of any length and calls element to read each element.
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

// Int64 reads a signed integer of the given number of bits, written as digits with an optional minus sign.
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
		r.fail(Unexpected, expected) // Each number has only one form.
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

// Within calls content to read nested values, which count as one level deeper.
func (r *Reader) Within(content func()) {
	r.enter()
	if r.err == nil {
		content()
	}
	r.depth--
}
