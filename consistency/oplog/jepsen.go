package oplog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// readJepsen reads the operations of Jepsen's histories: one map for each, one after another or all in a vector. Of a map
// it looks at :type, :f, :value, :process and :time. Operations whose process is no number are those of the nemesis,
// and left out. A pair as the value of an invocation is a key and a value (jepsen.independent), and so it is then in
// what ends that operation; of :fail and :info the value does not matter.
func readJepsen(in *bufio.Reader, spec Spec) (History, error) {
	h := History{Header: Header{Spec: spec}, Format: "edn"}
	if spec == "" {
		return h, fmt.Errorf("EDN does not say of what object the operations are: expected a specification")
	}
	r := &edn{in: in, line: 1}
	j := jepsen{spec: spec, keyed: make(map[int64]bool), names: make(map[Value]Value)}
	var last byte // of the vector that holds all
	for {
		c, err := r.start()
		switch {
		case errors.Is(err, io.EOF) && last == 0:
			return h, nil
		case errors.Is(err, io.EOF):
			return h, &LineError{r.line, errEnd}
		case err != nil:
			return h, err
		case c == last:
			last = 0
			continue
		case (c == '[' || c == '(') && last == 0 && len(h.Events) == 0:
			last = map[byte]byte{'[': ']', '(': ')'}[c]
			continue
		}
		if discarded, err := r.discard(c, 0); err != nil || discarded {
			if err != nil {
				return h, err
			}
			continue
		}
		r.items = 0
		line := r.line
		f, err := r.form(c, 0)
		if err != nil {
			return h, err
		}
		e, wanted, err := j.event(f)
		if err == nil && len(h.Events) == maxEvents {
			err = fmt.Errorf("more than %d events", maxEvents)
		}
		if err != nil {
			return h, &LineError{line, err}
		}
		if wanted {
			e.Line = line
			h.Events = append(h.Events, e)
		}
	}
}

type jepsen struct {
	spec  Spec
	keyed map[int64]bool // the processes whose invocation had a key
	names map[Value]Value
}

// event reads an operation, and tells whether it is one of a client.
func (j *jepsen) event(f form) (e Event, wanted bool, err error) {
	if f.kind != dict {
		return e, false, errors.New("expected a map, such as {:type :invoke, :f :read, :value nil, :process 0}")
	}
	var kindWord, op, process, value form
	for i := 0; i+1 < len(f.items); i += 2 {
		if key := f.items[i]; key.kind == keyword {
			switch key.text {
			case "type":
				kindWord = f.items[i+1]
			case "f":
				op = f.items[i+1]
			case "process":
				process = f.items[i+1]
			case "value":
				value = f.items[i+1]
			case "time":
				if ns, err := strconv.ParseInt(f.items[i+1].text, 10, 64); err == nil {
					e.Time = time.Duration(ns)
				}
			}
		}
	}
	if process.kind == keyword || process.kind == text {
		return e, false, nil // :nemesis
	}
	if e.Process, err = strconv.ParseInt(process.text, 10, 64); err != nil || e.Process < 0 || process.kind != symbol {
		return e, false, errors.New(":process: expected a number, or a keyword such as :nemesis")
	}
	if kindWord.kind != keyword || op.kind != keyword {
		return e, false, errors.New("expected :type and :f, each a keyword")
	}
	if e.Type, err = typeOf(kindWord.text); err != nil {
		return e, false, err
	}
	if e.Op, err = opOf(op.text); err == nil {
		err = j.spec.knows(e.Op)
	}
	if err != nil {
		return e, false, fmt.Errorf(":f :%s: %w", op.text, err)
	}
	if e.Type == Invoke {
		j.keyed[e.Process] = value.kind == vector && len(value.items) == 2
	}
	ended := e.Type == Fail || e.Type == Unknown // what these say of a value does not matter
	pair := value.kind == vector && len(value.items) == 2
	if j.keyed[e.Process] && (pair || !ended) {
		if !pair {
			return e, false, errors.New("expected a key and a value, as in the invocation")
		}
		if e.Key, err = j.value(value.items[0]); err != nil {
			return e, false, fmt.Errorf("the key: %w", err)
		}
		value = value.items[1]
	}
	switch {
	case ended:
	case e.Type == Ok && (e.Op == Contains || e.Op == Read && !j.spec.lists()):
		e.Told = true
		e.Value, err = j.value(value)
	case e.Type == Ok && e.Op == Read:
		e.Told, e.List = true, []Value{}
		for _, item := range value.items {
			v, err := j.value(item)
			if err != nil {
				return e, false, err
			}
			e.List = append(e.List, v)
		}
		if (value.kind == dict || value.kind == symbol && value.text != "nil") || value.kind == text || value.kind == keyword {
			err = errors.New(":value: expected a vector, a list, a set or nil")
		}
	case e.Type == Invoke && e.Op != Read:
		e.Value, err = j.value(value)
	}
	return e, err == nil, err
}

// value reads what can be a value. A keyword is a text with its colon.
func (j *jepsen) value(f form) (Value, error) {
	v := None
	switch {
	case f.kind == text:
		v = Text(f.text)
	case f.kind == keyword:
		v = Text(":" + f.text)
	case f.kind == symbol && (f.text == "" || f.text == "nil"):
	case f.kind == symbol && (f.text == "true" || f.text == "false"):
		v = Value(f.text)
	case f.kind == symbol:
		digits := f.text
		if n := len(digits); n > 1 && digits[n-1] == 'N' { // how Clojure prints large ones
			digits = digits[:n-1]
		}
		number, err := numberOf(digits)
		if err != nil {
			return None, fmt.Errorf("%s: expected a text, a keyword, a whole number, true, false or nil", brief([]byte(f.text)))
		}
		v = number
	default:
		return None, errors.New("a collection as a value: expected a text, a keyword, a whole number, true, false or nil")
	}
	return shared(j.names, v), nil
}
