package oplog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Limits of input.
const (
	maxLine   = 64 << 20   // bytes of one line
	maxEvents = 50_000_000 // of one history
)

// ErrNoHistory is returned, wrapped, by Load for a file that is not a history.
var ErrNoHistory = errors.New("not a history: expected JSON lines that begin with a format, or an EDN file or log of Jepsen")

// ReadConfig configures reading of a history.
type ReadConfig struct {
	// Spec is the object. If it is empty, the file must name it; Jepsen's files do not, so it is required for them.
	Spec Spec
	// Ignore lists keywords of Jepsen's operations, without colon, that do not affect their meaning, in addition to
	// [Annotations]. Other unknown keywords are errors.
	Ignore []string
}

// Scanner reads a history event by event: in this package's format, in Jepsen's EDN, or from Jepsen's log. It detects
// the format by the first non-blank characters.
type Scanner struct {
	header Header
	format string
	torn   int
	events int
	next   func() (Event, error)
	names  map[Value]Value // interns values, which are few
}

// NewScanner reads the beginning of a history. The error wraps [ErrNoHistory] if the input is something else.
func NewScanner(in io.Reader, c ReadConfig) (*Scanner, error) {
	s := &Scanner{header: Header{Spec: c.Spec}, names: make(map[Value]Value)}
	r := bufio.NewReaderSize(in, 1<<16)
	start, err := beginning(r)
	if err != nil {
		return nil, err
	}
	text := bytes.TrimLeft(start, blank)
	switch {
	case len(text) == 0:
		return nil, fmt.Errorf("the file is empty: %w", ErrNoHistory)
	case text[0] == '{' && bytes.HasPrefix(bytes.TrimLeft(text[1:], blank), []byte{'"'}):
		if _, err := r.Discard(len(start) - len(text)); err != nil {
			return nil, err
		}
		return s, s.openLines(r, bytes.Count(start[:len(start)-len(text)], []byte{'\n'}))
	case isLog(r, text):
		return s, s.openLog(r, c)
	case text[0] == '#' && len(text) > 1 && (text[1] == ' ' || text[1] == '#' || text[1] == '!'):
	case bytes.ContainsAny(text[:1], "{[(#;^,"):
		return s, s.openJepsen(r, c)
	}
	return nil, fmt.Errorf("the file begins with %q: %w", text, ErrNoHistory)
}

// Header returns the header of the file, with the Spec of the configuration if that is set.
func (s *Scanner) Header() Header { return s.header }

// Format returns "ndjson", "edn" or "log".
func (s *Scanner) Format() string { return s.format }

// Torn returns the number of bytes of an unfinished last line, once the end has been reached; see [History].
func (s *Scanner) Torn() int { return s.torn }

// Next returns the next event, or io.EOF at the end. The error is a [*LineError] if a line cannot be read.
func (s *Scanner) Next() (Event, error) {
	e, err := s.next()
	if err != nil {
		return e, err
	}
	if s.events++; s.events > maxEvents {
		return e, &LineError{e.Line, fmt.Errorf("more than %d events", maxEvents)}
	}
	e.Key, e.Value, e.Old = s.shared(e.Key), s.shared(e.Value), s.shared(e.Old)
	for i, v := range e.List {
		e.List[i] = s.shared(v)
	}
	return e, nil
}

// Load reads a whole history into memory, about 150 bytes per event. If a line cannot be read, it returns the events
// before it with the error. See [NewScanner].
func Load(in io.Reader, c ReadConfig) (History, error) {
	s, err := NewScanner(in, c)
	if err != nil {
		return History{}, err
	}
	h := History{Header: s.Header(), Format: s.Format()}
	for {
		e, err := s.Next()
		h.Torn = s.Torn()
		if errors.Is(err, io.EOF) {
			return h, nil
		}
		if err != nil {
			return h, err
		}
		h.Events = append(h.Events, e)
	}
}

const blank = " \t\r\n\f"

// beginning returns the first characters of a file, up to the second non-blank one, without consuming them.
func beginning(r *bufio.Reader) ([]byte, error) {
	for n, full := 1, 0; ; n++ {
		start, err := r.Peek(n)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull):
			return start, nil
		case err != nil:
			return nil, err
		}
		if c := start[n-1]; bytes.IndexByte([]byte(blank), c) < 0 || full == 1 && start[0] == '#' {
			if full++; full == 2 {
				return start, nil
			}
		}
	}
}

// lines reads a file line by line.
type lines struct {
	in   *bufio.Reader
	at   int // the number of the last line, from 1
	long []byte
}

// next returns a line without its end, and reports whether it had one. The line is valid until the next call. At the
// end of the file the error is io.EOF.
func (l *lines) next() (line []byte, ended bool, err error) {
	l.at++
	l.long = l.long[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		switch {
		case err == nil && len(l.long) == 0:
			return part[:len(part)-1], true, nil
		case len(l.long)+len(part) > maxLine:
			return nil, false, &LineError{l.at, fmt.Errorf("more than %d bytes", maxLine)}
		}
		l.long = append(l.long, part...)
		switch {
		case err == nil:
			return l.long[:len(l.long)-1], true, nil
		case errors.Is(err, io.EOF) && len(l.long) == 0:
			return nil, false, io.EOF
		case errors.Is(err, io.EOF):
			return l.long, false, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, err
		}
	}
}

// openLines starts a history in this package's format, after the given number of blank lines.
func (s *Scanner) openLines(r *bufio.Reader, before int) error {
	s.format = "ndjson"
	l := lines{in: r, at: before}
	line, _, err := l.next()
	if err != nil {
		return err
	}
	spec := s.header.Spec
	if s.header, err = headerOf(line); err != nil {
		return fmt.Errorf("the first line: %w: %w", err, ErrNoHistory)
	}
	if spec != "" {
		s.header.Spec = spec
	}
	s.next = func() (Event, error) {
		line, ended, err := l.next()
		if err != nil {
			return Event{}, err
		}
		e, err := eventOf(line)
		e.Line = l.at
		switch {
		case err != nil && !ended:
			s.torn = len(line)
			return e, io.EOF
		case err != nil:
			return e, &LineError{l.at, err}
		}
		return e, nil
	}
	return nil
}

func (s *Scanner) shared(v Value) Value {
	if known, ok := s.names[v]; ok {
		return known
	}
	if len(s.names) < 1<<16 {
		s.names[v] = v
	}
	return v
}
