package oplog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Limits of what is read.
const (
	maxLine   = 64 << 20   // bytes of one line
	maxEvents = 50_000_000 // of one history
)

// ErrNoHistory is what Load returns, wrapped, of a file that is no history at all.
var ErrNoHistory = errors.New("expected a history: lines of JSON that begin with a format, or Jepsen's EDN")

// Load reads a history of ours or of Jepsen's, and tells by its first characters that are not blank which it is. What the
// values of Jepsen's operations mean depends on the object: if spec is empty, it is the file's, and Jepsen's need one.
//
// The error is a [*LineError] if a line cannot be read, and then the events before it are given, too; it is
// [ErrNoHistory], wrapped, if the file is something else. All is held in memory, some 150 bytes an event.
func Load(in io.Reader, spec Spec) (History, error) {
	r := bufio.NewReaderSize(in, 1<<16)
	start, err := beginning(r)
	if err != nil {
		return History{}, err
	}
	text := bytes.TrimLeft(start, blank)
	switch {
	case len(text) == 0:
		return History{}, fmt.Errorf("the file is empty: %w", ErrNoHistory)
	case text[0] == '{' && bytes.HasPrefix(bytes.TrimLeft(text[1:], blank), []byte{'"'}):
		if _, err := r.Discard(len(start) - len(text)); err != nil {
			return History{}, err
		}
		return readLines(r, spec, bytes.Count(start[:len(start)-len(text)], []byte{'\n'}))
	case text[0] == '#' && len(text) > 1 && (text[1] == ' ' || text[1] == '#' || text[1] == '!'):
	case bytes.ContainsAny(text[:1], "{[(#;^,"):
		return readJepsen(r, spec)
	}
	return History{}, fmt.Errorf("the file begins with %q: %w", text, ErrNoHistory)
}

const blank = " \t\r\n\f"

// beginning gives the first characters of a file, up to the second one that is not blank, and leaves them to be read.
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

// next gives a line without its end, and tells whether it had one. The line is valid until the next call. At the end
// of the file it is io.EOF.
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

// readLines reads a history of ours, behind so many lines that are blank.
func readLines(r *bufio.Reader, spec Spec, before int) (History, error) {
	h := History{Format: "ndjson"}
	l := lines{in: r, at: before}
	line, _, err := l.next()
	if err != nil {
		return h, err
	}
	if h.Header, err = headerOf(line); err != nil {
		return h, fmt.Errorf("the first line: %w: %w", err, ErrNoHistory)
	}
	if spec != "" {
		h.Header.Spec = spec
	}
	names := make(map[Value]Value) // values are few, so one copy of each will do
	for {
		line, ended, err := l.next()
		if errors.Is(err, io.EOF) {
			return h, nil
		}
		if err != nil {
			return h, err
		}
		e, err := eventOf(line)
		switch {
		case err != nil && !ended:
			h.Torn = len(line)
			return h, nil
		case err == nil && len(h.Events) == maxEvents:
			err = fmt.Errorf("more than %d events", maxEvents)
		}
		if err != nil {
			return h, &LineError{l.at, err}
		}
		e.Line, e.Key, e.Value = l.at, shared(names, e.Key), shared(names, e.Value)
		h.Events = append(h.Events, e)
	}
}

func shared(names map[Value]Value, v Value) Value {
	if known, ok := names[v]; ok {
		return known
	}
	if len(names) < 1<<16 {
		names[v] = v
	}
	return v
}
