package oplog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Jepsen logs every operation as a line with a process, a type, an operation and a value, separated by tabs:
//
//	INFO  jepsen.util - 3	:invoke	:cas	[2 3]
//	2024-02-12 10:12:44,560	INFO	[jepsen worker 4] jepsen.util: 4	:invoke	:read	nil
//
// Other lines of the log are ignored.

// logger occurs in every line with an operation.
var logger = []byte("jepsen.util")

// isLog reports whether a file begins with lines of a log.
func isLog(r *bufio.Reader, text []byte) bool {
	if !bytes.ContainsAny(text[:1], "0123456789DEITWF") { // a date or a log level
		return false
	}
	start, _ := r.Peek(1 << 12) // as much as is available
	return bytes.Contains(start, logger) || bytes.Contains(start, []byte("\tINFO\t"))
}

func (s *Scanner) openLog(r *bufio.Reader, c ReadConfig) error {
	s.format = "log"
	if c.Spec == "" {
		return errNoSpec
	}
	l := lines{in: r}
	j := newJepsen(c)
	s.next = func() (Event, error) {
		for {
			line, ended, err := l.next()
			if err != nil {
				return Event{}, err
			}
			rest, found := loggedOperation(line)
			if !found {
				continue
			}
			e, wanted, err := j.logged(rest)
			switch {
			case err != nil && !ended:
				s.torn = len(line)
				return e, io.EOF
			case err != nil:
				return e, &LineError{l.at, err}
			case wanted:
				e.Line = l.at
				return e, nil
			}
		}
	}
	return nil
}

// loggedOperation returns the operation in a line, and reports whether there is one.
func loggedOperation(line []byte) ([]byte, bool) {
	_, rest, found := bytes.Cut(line, logger)
	rest = bytes.TrimLeft(rest, " ")
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == ':') {
		rest = bytes.TrimLeft(rest[1:], " ")
	}
	first, after, tabbed := bytes.Cut(rest, []byte{'\t'})
	return rest, found && tabbed && len(first) > 0 && bytes.HasPrefix(bytes.TrimLeft(after, blank), []byte{':'})
}

// logged interprets such an operation. Its value may be followed by an error.
func (j *jepsen) logged(rest []byte) (Event, bool, error) {
	r := &edn{in: bufio.NewReader(bytes.NewReader(rest)), line: 1}
	var o operation
	for i := 0; ; i++ {
		c, err := r.start()
		if errors.Is(err, io.EOF) {
			break
		}
		var f form
		if err == nil {
			f, err = r.form(c, 0)
		}
		var line *LineError
		switch {
		case errors.As(err, &line):
			return Event{}, false, line.Err
		case err != nil:
			return Event{}, false, err
		case i < 4:
			*[]*form{&o.process, &o.kind, &o.f, &o.value}[i] = f
		}
		if i == 0 && (f.kind == keyword || f.kind == text) {
			return Event{}, false, nil // :nemesis
		}
	}
	return j.read(o)
}
