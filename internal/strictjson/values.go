package strictjson

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

// Next gives the first byte of the next value, which it does not read; 0 at the end or after a mistake.
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
