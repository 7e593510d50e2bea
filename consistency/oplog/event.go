package oplog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type is the type of an event.
type Type uint8

// The types of events. The zero value is invalid.
const (
	_       Type = iota
	Invoke       // the operation begins
	Ok           // it took effect and was acknowledged
	Fail         // it did not take effect and never will
	Unknown      // the outcome is unknown: it may take effect at any later time, or never
)

var typeNames = []string{Invoke: "invoke", Ok: "ok", Fail: "fail", Unknown: "unknown"}

// String returns the word used in files: "invoke", "ok", "fail" or "unknown".
func (t Type) String() string {
	if t == 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("type %d", uint8(t))
	}
	return typeNames[t]
}

// typeOf also accepts "info", Jepsen's word for an unknown outcome.
func typeOf(word string) (Type, error) {
	if word == "info" {
		return Unknown, nil
	}
	if i := slices.Index(typeNames, word); i > 0 {
		return Type(i), nil
	}
	return 0, fmt.Errorf("type %q: expected invoke, ok, fail or unknown", word)
}

// Op is an operation on an object.
type Op uint8

// The operations. The [Spec] of an object determines which of them it has. The zero value is invalid.
const (
	_        Op = iota
	Read        // reads a register or a key; all of a log or a set
	Write       // writes a value to a register or a key
	Delete      // deletes a key
	Cas         // compare-and-set of a register or a key
	Append      // appends a value to a log, or a string to that of a key
	Add         // adds an element to a set
	Remove      // removes an element from a set
	Contains    // looks up an element in a set
	Call        // any operation of a custom object, given by Value
)

var opNames = []string{
	Read: "read", Write: "write", Delete: "delete", Cas: "cas", Append: "append", Add: "add", Remove: "remove", Contains: "contains", Call: "call",
}

// String returns the word used in files.
func (o Op) String() string {
	if o == 0 || int(o) >= len(opNames) {
		return fmt.Sprintf("operation %d", uint8(o))
	}
	return opNames[o]
}

// opOf also accepts "get" and "put" for read and write.
func opOf(word string) (Op, error) {
	switch word {
	case "get":
		return Read, nil
	case "put":
		return Write, nil
	}
	if i := slices.Index(opNames, word); i > 0 {
		return Op(i), nil
	}
	return 0, fmt.Errorf("operation %q: expected one of %s", word, strings.Join(opNames[1:], ", "))
}

// pure reports whether the operation changes nothing.
func (o Op) pure() bool { return o == Read || o == Contains }

// Value is a value that is written or read: a string, an integer, true or false, or nothing, which is the zero value;
// for calls of a custom object also a JSON object. Equal values are equal strings; use the functions below to make
// them.
type Value string

// None is the absence of a value: the initial content of a register, unless the history specifies another.
const None Value = ""

// Text returns the value for a string.
func Text(s string) Value { return Value(`"` + s) }

// Number returns the value for an integer.
func Number(n int64) Value { return Value(strconv.FormatInt(n, 10)) }

// Truth returns the value for true or false.
func Truth(b bool) Value { return Value(strconv.FormatBool(b)) }

// Compound returns the value for a compact JSON object: a call of a custom object or its answer.
func Compound(object []byte) Value { return Value(object) }

// compound reports whether the value is a JSON object.
func (v Value) compound() bool { return v != None && v[0] == '{' }

// String returns the value in human-readable form: strings in quotes, None as "none".
func (v Value) String() string {
	switch {
	case v == None:
		return "none"
	case v[0] == '"':
		return strconv.Quote(string(v[1:]))
	default:
		return string(v)
	}
}

// Event is one event of a history.
//
// An invocation has the operation, the key if the object has keys, and in Value the value to write, append, add,
// remove or look up. The event that ends the operation needs neither; if present, they must be the same.
//
// An event of type Ok has the answer. For a read it is Value, or List for a log and a set; for contains it is Value,
// true or false. It is optional for other operations: Told reports whether it is present. Value is then the position
// of the appended value, counted from 1; the value that a delete removed; whether the element was in the set before
// an add or a remove; or whether a cas succeeded, which is the default. A write has no answer, except that Refused
// reports that a write-once register holds another value.
type Event struct {
	Type    Type
	Op      Op
	Told    bool
	Refused bool
	Process int64 // 0 or more; has at most one outstanding operation
	Time    time.Duration
	Key     Value
	Value   Value
	Old     Value   // the expected value of a cas; None in other events
	List    []Value // must not be changed
	Line    int     // the line of the file, from 1; 0 if none
}

// LineError is an error in a line of a file.
type LineError struct {
	Line int // from 1
	Err  error
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns Err.
func (e *LineError) Unwrap() error { return e.Err }

// Header is the header of a file.
type Header struct {
	Spec    Spec   // empty if the file has none
	Initial Value  // the initial value of a register
	About   string // any text
}

// History is the content of a file.
type History struct {
	Header Header
	Events []Event
	// Torn is the number of bytes of an unfinished last line, which is ignored: its writer was stopped. The event in it
	// had no effect yet, since a line is written before its request is sent or after its answer is received.
	Torn int
	// Format is "ndjson", "edn" or "log".
	Format string
}
