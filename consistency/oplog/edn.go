package oplog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// kind is the kind of an EDN form.
type kind uint8

const (
	symbol  kind = iota // anything without quotes, including true, false, nil and numbers
	keyword             // without its colon
	text
	list
	vector
	dict // keys and values alternate
	set
)

// form is an EDN value. A tagged one is represented without its tag.
type form struct {
	kind  kind
	text  string
	items []form
}

const (
	maxDepth = 200     // of nested forms
	maxItems = 1 << 22 // of one form, including nested ones
	maxToken = 1 << 20 // bytes
)

// edn reads forms one after another. The existing EDN library for Go has had no release for years, does not report
// the line of an error, and cannot skip unknown forms, of which histories are full: printed exceptions and objects.
// Histories need only a small part of EDN.
type edn struct {
	in    *bufio.Reader
	line  int
	items int
}

func (r *edn) fail(format string, args ...any) error {
	return &LineError{r.line, fmt.Errorf(format, args...)}
}

// read returns the next character, or io.EOF at the end of the file.
func (r *edn) read() (byte, error) {
	c, err := r.in.ReadByte()
	if c == '\n' && err == nil {
		r.line++
	}
	return c, err
}

func (r *edn) unread(c byte) {
	if c == '\n' {
		r.line--
	}
	_ = r.in.UnreadByte() // a character was just read
}

// start skips white space and comments, and returns the next character.
func (r *edn) start() (byte, error) {
	for {
		c, err := r.read()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r', '\n', ',', '\f':
		case ';':
			for c != '\n' {
				if c, err = r.read(); err != nil {
					return 0, err
				}
			}
		default:
			return c, nil
		}
	}
}

var errEnd = errors.New("the form is incomplete at the end of the file")

// form reads a form whose first character is c.
func (r *edn) form(c byte, depth int) (form, error) {
	if r.items++; r.items > maxItems {
		return form{}, r.fail("a form of more than %d parts", maxItems)
	}
	if depth > maxDepth {
		return form{}, r.fail("more than %d levels of nesting", maxDepth)
	}
	switch c {
	case '(':
		return r.until(')', list, depth)
	case '[':
		return r.until(']', vector, depth)
	case '{':
		f, err := r.until('}', dict, depth)
		if err == nil && len(f.items)%2 != 0 {
			err = r.fail("a map with a key that has no value")
		}
		return f, err
	case ')', ']', '}':
		return form{}, r.fail("%q without its beginning", c)
	case '"':
		return r.string()
	case '\\':
		return r.character()
	case '#':
		return r.dispatch(depth)
	case '^': // metadata: a form that precedes the form that it describes
		if _, err := r.next(depth + 1); err != nil {
			return form{}, err
		}
		return r.next(depth + 1)
	case ':':
		f, err := r.token(nil)
		f.kind = keyword
		if err == nil && f.text == "" {
			err = r.fail("a keyword without name")
		}
		return f, err
	}
	return r.token([]byte{c})
}

// next reads the next form, which must exist.
func (r *edn) next(depth int) (form, error) {
	c, err := r.start()
	if err != nil {
		return form{}, r.cut(err)
	}
	return r.form(c, depth)
}

func (r *edn) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return &LineError{r.line, errEnd}
	}
	return err
}

func (r *edn) until(last byte, k kind, depth int) (form, error) {
	f := form{kind: k}
	for {
		c, err := r.start()
		if err != nil {
			return f, r.cut(err)
		}
		if c == last {
			return f, nil
		}
		discarded, err := r.discard(c, depth)
		if err != nil {
			return f, err
		}
		if discarded {
			continue
		}
		item, err := r.form(c, depth+1)
		if err != nil {
			return f, err
		}
		f.items = append(f.items, item)
	}
}

// discard reads #_ and the form after it, which is ignored.
func (r *edn) discard(c byte, depth int) (bool, error) {
	if c != '#' {
		return false, nil
	}
	after, err := r.in.Peek(1)
	if err != nil || after[0] != '_' {
		return false, nil //nolint:nilerr // Whoever reads the form says that the file ends.
	}
	if _, err := r.read(); err != nil {
		return false, err
	}
	if _, err = r.next(depth + 1); err != nil {
		return false, err
	}
	return true, nil
}

// dispatch reads what follows a hash sign: a set, a regular expression, a special number, or a tag.
func (r *edn) dispatch(depth int) (form, error) {
	c, err := r.read()
	if err != nil {
		return form{}, r.cut(err)
	}
	switch c {
	case '{':
		return r.until('}', set, depth)
	case '"':
		return r.string()
	case '#':
		return r.token([]byte("##"))
	case '_': // where a form is required: read the one after the ignored form
		if _, err := r.next(depth + 1); err != nil {
			return form{}, err
		}
		return r.next(depth + 1)
	}
	if c == ' ' || c == '\n' || c == '\t' {
		return form{}, r.fail("a tag without name")
	}
	if _, err := r.token([]byte{c}); err != nil {
		return form{}, err
	}
	return r.next(depth + 1)
}

// string reads the rest of a string.
func (r *edn) string() (form, error) {
	var b strings.Builder
	for b.Len() <= maxToken {
		c, err := r.read()
		if err != nil {
			return form{}, r.cut(err)
		}
		switch c {
		case '"':
			return form{kind: text, text: b.String()}, nil
		case '\\':
			if c, err = r.read(); err != nil {
				return form{}, r.cut(err)
			}
			switch c {
			case 'n':
				c = '\n'
			case 't':
				c = '\t'
			case 'r':
				c = '\r'
			case '"', '\\':
			default:
				b.WriteByte('\\') // kept as written: escapes are compared as written
			}
		}
		b.WriteByte(c)
	}
	return form{}, r.fail("a string of more than %d bytes", maxToken)
}

// character reads the rest of a single character, such as \a or \newline.
func (r *edn) character() (form, error) {
	c, err := r.read()
	if err != nil {
		return form{}, r.cut(err)
	}
	f, err := r.token([]byte{c}) // the first one may be a bracket
	f.kind = text
	return f, err
}

// token reads a word up to its delimiter, which it leaves unread.
func (r *edn) token(start []byte) (form, error) {
	word := start
	for len(word) <= maxToken {
		c, err := r.read()
		if errors.Is(err, io.EOF) {
			return form{text: string(word)}, nil
		}
		if err != nil {
			return form{}, err
		}
		if strings.IndexByte(" \t\r\n\f,()[]{}\";", c) >= 0 {
			r.unread(c)
			return form{text: string(word)}, nil
		}
		word = append(word, c)
	}
	return form{}, r.fail("a word of more than %d bytes", maxToken)
}
