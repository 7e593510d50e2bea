package oplog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// headerOf parses the first line of a file in this package's format.
func headerOf(line []byte) (Header, error) {
	var h Header
	format := ""
	err := fieldsOf(line, func(name string, value []byte) (err error) {
		var text Value
		switch name {
		case "format":
			text, err = wordOf(value)
			format = string(text)
		case "spec":
			if text, err = wordOf(value); err == nil {
				h.Spec, err = ParseSpec(string(text))
			}
		case "initial":
			h.Initial, err = valueOf(value)
		case "about":
			text, err = wordOf(value)
			h.About = string(text)
		default:
			return fmt.Errorf("field %q: expected format, spec, initial or about", name)
		}
		return err
	})
	if err == nil && format != formatName {
		err = fmt.Errorf("format %q: expected %q", format, formatName)
	}
	return h, err
}

// eventOf parses a line of a file in this package's format.
func eventOf(line []byte) (Event, error) {
	var e Event
	valued := false
	err := fieldsOf(line, func(name string, value []byte) (err error) {
		var word Value
		switch name {
		case "type":
			if word, err = wordOf(value); err == nil {
				e.Type, err = typeOf(string(word))
			}
		case "op":
			if word, err = wordOf(value); err == nil {
				e.Op, err = opOf(string(word))
			}
		case "process":
			e.Process, err = wholeOf(name, value)
		case "time":
			var ns int64
			ns, err = wholeOf(name, value)
			e.Time = time.Duration(ns)
		case "key":
			e.Key, err = valueOf(value)
		case "value":
			valued = true
			switch value[0] {
			case '[':
				e.List, err = listOf(value)
			case '{':
				var b bytes.Buffer
				err = json.Compact(&b, value)
				e.Value = Compound(b.Bytes())
			default:
				e.Value, err = valueOf(value)
			}
		case "refused":
			e.Refused = string(value) == "true"
			if !e.Refused && string(value) != "false" {
				err = errors.New("refused: expected true or false")
			}
		default:
			err = fmt.Errorf("field %q: expected type, process, time, op, key, value or refused", name)
		}
		return err
	})
	if err == nil && e.Value.compound() && e.Op != 0 && e.Op != Call {
		_, err = valueOf([]byte(e.Value))
	}
	if err != nil {
		return e, err
	}
	if e.Type == Invoke && e.Op == Cas {
		if len(e.List) != 2 {
			return e, errors.New("cas: the value must be [OLD, NEW]")
		}
		e.Old, e.Value, e.List = e.List[0], e.List[1], nil
	}
	e.Told = valued && e.Type == Ok
	if e.Type != Ok && e.Type != Invoke {
		e.Value, e.List = None, nil // some histories repeat the request
	}
	return e, e.validate()
}

// fieldsOf parses an object. The values of fields are passed unparsed, without surrounding white space.
func fieldsOf(line []byte, field func(name string, value []byte) error) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8")
	}
	if !json.Valid(line) {
		return errors.New("not a JSON object")
	}
	// The line is valid JSON, so it is enough to find where values end.
	at := skipSpace(line, 0)
	if line[at] != '{' {
		return errors.New("not a JSON object")
	}
	seen := make([]string, 0, 8)
	for at = skipSpace(line, at+1); line[at] != '}'; {
		end := skipValue(line, at)
		key, err := wordOf(line[at:end])
		if err != nil {
			return err
		}
		name := string(key)
		for _, other := range seen {
			if other == name {
				return fmt.Errorf("duplicate field %q", name)
			}
		}
		seen = append(seen, name)
		at = skipSpace(line, skipSpace(line, end)+1) // after the colon
		end = skipValue(line, at)
		if err := field(name, line[at:end]); err != nil {
			return err
		}
		if at = skipSpace(line, end); line[at] == ',' {
			at = skipSpace(line, at+1)
		}
	}
	return nil
}

func skipSpace(line []byte, at int) int {
	for at < len(line) && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r' || line[at] == '\n') {
		at++
	}
	return at
}

// skipValue returns the end of the value that begins at a position. The line must be valid JSON.
func skipValue(line []byte, at int) int {
	depth := 0
	for ; at < len(line); at++ {
		switch line[at] {
		case '"':
			for at++; line[at] != '"'; at++ {
				if line[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return at + 1
			}
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return at // of the array or object with a number or word
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}

// wordOf parses a string.
func wordOf(value []byte) (Value, error) {
	if value[0] != '"' {
		return None, fmt.Errorf("%s: expected a string", brief(value))
	}
	for _, c := range value {
		if c == '\\' {
			var s string
			if err := json.Unmarshal(value, &s); err != nil {
				return None, fmt.Errorf("%s: %w", brief(value), err)
			}
			return Value(s), nil
		}
	}
	return Value(value[1 : len(value)-1]), nil
}

// valueOf parses a value.
func valueOf(value []byte) (Value, error) {
	switch value[0] {
	case '"':
		word, err := wordOf(value)
		return Text(string(word)), err
	case 'n':
		return None, nil
	case 't', 'f':
		return Value(value), nil
	case '[', '{':
		return None, fmt.Errorf("%s: expected a string, a whole number, true, false or null", brief(value))
	}
	return numberOf(string(value))
}

// numberOf parses an integer of any size.
func numberOf(text string) (Value, error) {
	digits := text
	if digits != "" && digits[0] == '-' {
		digits = digits[1:]
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return None, fmt.Errorf("number %s: expected a whole number", brief([]byte(text)))
		}
	}
	if digits == "0" {
		return "0", nil // not -0
	}
	if digits == "" || digits[0] == '0' {
		return None, fmt.Errorf("number %s: leading zeros are not allowed", brief([]byte(text)))
	}
	return Value(text), nil
}

// wholeOf parses a non-negative integer.
func wholeOf(name string, value []byte) (int64, error) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 || value[0] == '-' {
		return 0, fmt.Errorf("%s %s: expected a whole number, 0 or more", name, brief(value))
	}
	return n, nil
}

// listOf parses an array of values.
func listOf(value []byte) ([]Value, error) {
	list := []Value{}
	for at := skipSpace(value, 1); value[at] != ']'; {
		end := skipValue(value, at)
		v, err := valueOf(value[at:end])
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if at = skipSpace(value, end); value[at] == ',' {
			at = skipSpace(value, at+1)
		}
	}
	return list, nil
}

// brief returns the beginning of text, for error messages.
func brief(text []byte) string {
	const most = 40
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return string(text)
}
