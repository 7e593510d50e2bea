package oplog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// formatName is the first field of the header.
const formatName = "synod.history/1"

// Writer appends events to a history. Every line is written by one call of Write, so that a process that dies leaves
// at most one unfinished line, the last. It is safe for concurrent use.
//
// The lines must be in the order in which things happened: a client writes an invocation before it sends the request,
// and the end of the operation after it has received the answer.
type Writer struct {
	mu   sync.Mutex
	out  io.Writer
	now  func() time.Duration
	line []byte
	err  error
}

// NewWriter starts a history by writing its header. The times of events are taken from now, in the order of the
// lines; if now is nil, events keep their own times. The writer does not close out.
func NewWriter(out io.Writer, h Header, now func() time.Duration) (*Writer, error) {
	if h.Spec != "" {
		if _, err := ParseSpec(string(h.Spec)); err != nil {
			return nil, err
		}
	}
	line := append([]byte(`{"format":`), strconv.Quote(formatName)...)
	if h.Spec != "" {
		line = append(append(line, `,"spec":`...), strconv.Quote(string(h.Spec))...)
	}
	if h.Initial != None {
		line = appendValue(append(line, `,"initial":`...), h.Initial)
	}
	if h.About != "" {
		line = appendText(append(line, `,"about":`...), h.About)
	}
	w := &Writer{out: out, now: now}
	return w, w.flush(append(line, "}\n"...))
}

// Write appends an event. After an error nothing more is written, and every call returns that error.
func (w *Writer) Write(e Event) error {
	if err := e.validate(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if w.now != nil {
		e.Time = w.now()
	}
	w.line = e.append(w.line[:0])
	return w.flush(w.line)
}

func (w *Writer) flush(line []byte) error {
	if _, err := w.out.Write(line); err != nil {
		w.err = fmt.Errorf("write history: %w", err)
	}
	return w.err
}

// validate returns an error for an event that a line cannot represent.
func (e Event) validate() error {
	switch {
	case e.Type == 0 || int(e.Type) >= len(typeNames):
		return errors.New("event without type; set Invoke, OK, Fail or Unknown")
	case e.Process < 0:
		return fmt.Errorf("process %d: must be at least 0", e.Process)
	case e.Type == Invoke && (e.Op == 0 || int(e.Op) >= len(opNames)):
		return errors.New("an invocation without operation")
	case e.Old != None && (e.Type != Invoke || e.Op != Cas):
		return fmt.Errorf("%v with a value to compare: only the invocation of a cas has one", e.Type)
	case e.Type != Ok && (e.List != nil || e.Told || e.Refused):
		return fmt.Errorf("%v must have no answer", e.Type)
	}
	return nil
}

// append appends the event as a line.
func (e Event) append(line []byte) []byte {
	line = append(append(append(line, `{"type":"`...), e.Type.String()...), `","process":`...)
	line = strconv.AppendInt(line, e.Process, 10)
	line = strconv.AppendInt(append(line, `,"time":`...), int64(e.Time), 10)
	if e.Op != 0 {
		line = append(append(append(line, `,"op":"`...), e.Op.String()...), '"')
	}
	if e.Key != None {
		line = appendValue(append(line, `,"key":`...), e.Key)
	}
	switch {
	case e.Type == Invoke && e.Op == Cas:
		line = append(appendValue(append(line, `,"value":[`...), e.Old), ',')
		line = append(appendValue(line, e.Value), ']')
	case e.List != nil:
		line = append(line, `,"value":[`...)
		for i, v := range e.List {
			if i > 0 {
				line = append(line, ',')
			}
			line = appendValue(line, v)
		}
		line = append(line, ']')
	case e.Type == Invoke && e.Value != None || e.Type == Ok && e.Told:
		line = appendValue(append(line, `,"value":`...), e.Value)
	}
	if e.Refused {
		line = append(line, `,"refused":true`...)
	}
	return append(line, "}\n"...)
}

func appendValue(line []byte, v Value) []byte {
	switch {
	case v == None:
		return append(line, "null"...)
	case v[0] == '"':
		return appendText(line, string(v[1:]))
	}
	return append(line, v...)
}

// appendText appends a JSON string. Invalid UTF-8 is replaced by U+FFFD.
func appendText(line []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\'
	}
	if plain {
		return append(append(append(line, '"'), s...), '"')
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic("oplog: a string has no JSON") // every string can be encoded
	}
	return append(line, text...)
}
