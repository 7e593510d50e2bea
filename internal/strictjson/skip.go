package strictjson

// Skip reads a value of any kind.
func (r *Reader) Skip() {
	switch c := r.peek(); {
	case r.err != nil:
	case c == '{':
		r.skipAll('{', '}', true)
	case c == '[':
		r.skipAll('[', ']', false)
	case c == '"':
		r.text()
	case c == 't' || c == 'f':
		r.Bool()
	case c == 'n':
		r.Null()
	case c == '-' || isDigit(c):
		r.number()
	default:
		r.fail(Syntax, "a value")
	}
}

// skipAll skips an array, or an object, whose elements have names.
func (r *Reader) skipAll(first, last byte, named bool) {
	r.take(first)
	r.enter()
	for n := 0; r.err == nil && !r.take(last); n++ {
		if n > 0 && !r.take(',') {
			r.fail(Syntax, "a comma")
			break
		}
		if named {
			if r.peek() != '"' {
				r.fail(Syntax, "the name of a field")
				break
			}
			r.text()
			if r.err == nil && !r.take(':') {
				r.fail(Syntax, "a colon")
			}
		}
		r.Skip()
	}
	r.depth--
}

// number reads a number of any kind and size.
func (r *Reader) number() {
	r.take('-')
	start := r.at
	if n := r.digits(); n > 1 && r.data[start] == '0' {
		r.fail(Syntax, "a number without leading zeros")
	}
	if r.at < len(r.data) && r.data[r.at] == '.' {
		r.at++
		r.digits()
	}
	if r.at < len(r.data) && r.data[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.data) && (r.data[r.at] == '+' || r.data[r.at] == '-') {
			r.at++
		}
		r.digits()
	}
}

// digits reads at least one digit, and returns the number of digits.
func (r *Reader) digits() int {
	start := r.at
	for r.at < len(r.data) && isDigit(r.data[r.at]) {
		r.at++
	}
	if r.at == start {
		r.fail(Syntax, "a digit")
	}
	return r.at - start
}
