package oplog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Annotations returns the keywords of Jepsen's operations that do not affect their meaning: indices, errors and
// locations.
func Annotations() []string {
	return []string{"index", "error", "exception", "node", "debug", "via", "msg", "message", "final?"}
}

// openJepsen starts a Jepsen history: one map per operation, one after another or all in a vector. Every keyword of a
// map must be known or ignored, or it is an error. Operations whose process is not a number are nemesis operations,
// and skipped.
func (s *Scanner) openJepsen(in *bufio.Reader, c ReadConfig) error {
	s.format = "edn"
	if c.Spec == "" {
		return errNoSpec
	}
	r := &edn{in: in, line: 1}
	j := newJepsen(c)
	var last byte // of the vector that holds all operations
	first := true
	s.next = func() (Event, error) {
		for {
			c, err := r.start()
			switch {
			case errors.Is(err, io.EOF) && last == 0:
				return Event{}, io.EOF
			case errors.Is(err, io.EOF):
				return Event{}, &LineError{r.line, errEnd}
			case err != nil:
				return Event{}, err
			case c == last:
				last = 0
				continue
			case (c == '[' || c == '(') && last == 0 && first:
				last = map[byte]byte{'[': ']', '(': ')'}[c]
				continue
			}
			if discarded, err := r.discard(c, 0); err != nil || discarded {
				if err != nil {
					return Event{}, err
				}
				continue
			}
			r.items = 0
			line := r.line
			f, err := r.form(c, 0)
			if err != nil {
				return Event{}, err
			}
			e, wanted, err := j.event(f)
			if err != nil {
				return e, &LineError{line, err}
			}
			if wanted {
				e.Line, first = line, false
				return e, nil
			}
		}
	}
	return nil
}

var errNoSpec = errors.New("the file does not name the object of its operations; name a specification")

// jepsen interprets the operations of Jepsen's files.
type jepsen struct {
	spec   Spec
	ignore []string
	keyed  map[int64]bool // the processes whose invocation had a key-value pair
}

func newJepsen(c ReadConfig) *jepsen {
	return &jepsen{spec: c.Spec, ignore: append(Annotations(), c.Ignore...), keyed: make(map[int64]bool)}
}

// operation has the fields of a map, by keyword.
type operation struct {
	kind, f, process, value, key, time form
	said                               []string // the keywords present
}

// event interprets an operation, and reports whether it is a client operation.
func (j *jepsen) event(f form) (e Event, wanted bool, err error) {
	if f.kind != dict {
		return e, false, errors.New("not a map such as {:type :invoke, :f :read, :value nil, :process 0}")
	}
	var o operation
	known := map[string]*form{
		"type": &o.kind, "f": &o.f, "process": &o.process, "value": &o.value, "key": &o.key, "time": &o.time,
	}
	strange := ""
	for i := 0; i+1 < len(f.items); i += 2 {
		name := f.items[i]
		if name.kind != keyword {
			return e, false, fmt.Errorf("map key %q: must be a keyword", name.text)
		}
		if slices.Contains(o.said, name.text) {
			return e, false, fmt.Errorf(":%s is a duplicate", name.text)
		}
		o.said = append(o.said, name.text)
		if at := known[name.text]; at != nil {
			*at = f.items[i+1]
		} else if !slices.Contains(j.ignore, name.text) && strange == "" {
			strange = name.text
		}
	}
	if o.process.kind == keyword || o.process.kind == text {
		return e, false, nil // :nemesis
	}
	if strange != "" {
		return e, false, fmt.Errorf(":%s is unknown; if it is irrelevant, add --ignore %s", strange, strange)
	}
	return j.read(o)
}

// read interprets a client operation.
func (j *jepsen) read(o operation) (e Event, wanted bool, err error) {
	if e.Process, err = strconv.ParseInt(o.process.text, 10, 64); err != nil || e.Process < 0 || o.process.kind != symbol {
		return e, false, errors.New(":process must be a number, or a keyword such as :nemesis")
	}
	if o.kind.kind != keyword || o.f.kind != keyword {
		return e, false, errors.New(":type and :f must be present, as keywords")
	}
	if e.Type, err = typeOf(o.kind.text); err != nil {
		return e, false, err
	}
	if e.Op, err = j.opOf(o.f.text); err != nil {
		return e, false, fmt.Errorf(":f :%s: %w", o.f.text, err)
	}
	if o.time.text != "" && o.time.text != "nil" {
		ns, err := strconv.ParseInt(o.time.text, 10, 64)
		if err != nil || o.time.kind != symbol {
			return e, false, fmt.Errorf(":time %s: must be a whole number of nanoseconds", brief([]byte(o.time.text)))
		}
		e.Time = time.Duration(ns)
	}
	value, err := j.keyOf(&e, o)
	if err != nil {
		return e, false, err
	}
	return e, true, j.valueOf(&e, value)
}

// opOf returns the operation for a word, if the object has it.
func (j *jepsen) opOf(word string) (Op, error) {
	if word == "txn" {
		return 0, errors.New("a transaction of many reads and writes: only histories of single operations can be checked; " +
			"Elle checks transactions")
	}
	op, err := opOf(word)
	if err == nil {
		err = j.spec.knows(op)
	}
	return op, err
}

// keyOf returns the value of an operation without its key, which it stores: the key follows :key, or is the first of
// a pair (jepsen.independent). If the value of an invocation is such a pair, so is the value of the event that ends
// it.
func (j *jepsen) keyOf(e *Event, o operation) (form, error) {
	value := o.value
	pair := isPair(value) && (e.Op != Cas || isPair(value.items[1]))
	said := slices.Contains(o.said, "key")
	if e.Type == Invoke {
		j.keyed[e.Process] = pair && !said
	}
	var err error
	switch ended := e.Type == Fail || e.Type == Unknown; { // their values do not matter
	case said:
		e.Key, err = valueOfForm(o.key)
	case !j.keyed[e.Process] || !pair && ended:
		return value, nil
	case !pair:
		return value, errors.New("must be a key and a value, as in the invocation")
	default:
		e.Key, err = valueOfForm(value.items[0])
		value = value.items[1]
	}
	if err != nil {
		err = fmt.Errorf("the key: %w", err)
	}
	return value, err
}

func isPair(f form) bool { return (f.kind == vector || f.kind == list) && len(f.items) == 2 }

// valueOf interprets the value of an operation, as far as it matters.
func (j *jepsen) valueOf(e *Event, value form) (err error) {
	switch {
	case e.Type == Fail || e.Type == Unknown:
	case e.Type == Ok && (e.Op == Contains || e.Op == Read && !j.spec.lists()):
		e.Told = true
		e.Value, err = valueOfForm(value)
	case e.Type == Ok && e.Op == Read:
		e.Told, e.List = true, []Value{}
		if (value.kind == dict || value.kind == symbol && value.text != "nil") || value.kind == text || value.kind == keyword {
			return errors.New(":value must be a vector, a list, a set or nil")
		}
		for _, item := range value.items {
			v, err := valueOfForm(item)
			if err != nil {
				return err
			}
			e.List = append(e.List, v)
		}
	case e.Type == Invoke && e.Op == Cas:
		if !isPair(value) {
			return errors.New(":f :cas: the value must be [OLD NEW]")
		}
		if e.Old, err = valueOfForm(value.items[0]); err == nil {
			e.Value, err = valueOfForm(value.items[1])
		}
	case e.Type == Invoke && e.Op != Read:
		e.Value, err = valueOfForm(value)
	}
	return err
}

// valueOfForm converts a form to a value. A keyword becomes a string with its colon.
func valueOfForm(f form) (Value, error) {
	switch {
	case f.kind == text:
		return Text(f.text), nil
	case f.kind == keyword:
		return Text(":" + f.text), nil
	case f.kind == symbol && (f.text == "" || f.text == "nil"):
		return None, nil
	case f.kind == symbol && (f.text == "true" || f.text == "false"):
		return Value(f.text), nil
	case f.kind == symbol:
		number, err := numberOf(strings.TrimSuffix(f.text, "N")) // Clojure's suffix for large integers
		if err != nil {
			return None, fmt.Errorf("%s: expected a text, a keyword, a whole number, true, false or nil", brief([]byte(f.text)))
		}
		return number, nil
	}
	return None, errors.New("a value must not be a collection: use a string, a keyword, a whole number, true, false or nil")
}
