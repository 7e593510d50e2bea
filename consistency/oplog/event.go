package oplog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type is what an event says of an operation.
type Type uint8

// The types of events. The zero value is none of them.
const (
	_       Type = iota
	Invoke       // it begins
	Ok           // it has taken effect, and was answered
	Fail         // it has not taken effect, and never will
	Unknown      // nobody can tell: it may take effect at any later time, or never
)

var typeNames = []string{Invoke: "invoke", Ok: "ok", Fail: "fail", Unknown: "unknown"}

// String is the word in a file: "invoke", "ok", "fail" or "unknown".
func (t Type) String() string {
	if t == 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("type %d", uint8(t))
	}
	return typeNames[t]
}

// typeOf knows "info" too, which is what Jepsen calls an unknown outcome.
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

// The operations. Which of them an object has is said by its [Spec]. The zero value is none.
const (
	_        Op = iota
	Read        // what a register or a key holds; all of a log or a set
	Write       // a value into a register, or to a key
	Delete      // a key
	Cas         // compare and set: a value into a register, or to a key, if it holds another one
	Append      // a value to a log; to a key, a text behind the one that it holds
	Add         // an element to a set
	Remove      // an element of a set
	Contains    // whether an element is in a set
	Call        // any operation of a custom object, which Value says
)

var opNames = []string{
	Read: "read", Write: "write", Delete: "delete", Cas: "cas", Append: "append", Add: "add", Remove: "remove", Contains: "contains", Call: "call",
}

// String is the word in a file.
func (o Op) String() string {
	if o == 0 || int(o) >= len(opNames) {
		return fmt.Sprintf("operation %d", uint8(o))
	}
	return opNames[o]
}

// opOf knows "get" and "put" as other words for read and write.
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

// Value is what is written and read: a text, a whole number, true or false, or nothing, which is the zero value; of calls of
// a custom object a JSON object as well. Equal
// values are equal strings; make them with the functions below.
type Value string

// None is no value: what a register holds before the first write, unless the history says otherwise.
const None Value = ""

// Text is the value for a string.
func Text(s string) Value { return Value(`"` + s) }

// Number is the value for a whole number.
func Number(n int64) Value { return Value(strconv.FormatInt(n, 10)) }

// Truth is the value for true or false.
func Truth(b bool) Value { return Value(strconv.FormatBool(b)) }

// Compound is the value for a compact JSON object, of a call of a custom object or its answer.
func Compound(object []byte) Value { return Value(object) }

// compound reports whether the value is a JSON object.
func (v Value) compound() bool { return v != None && v[0] == '{' }

// String is the value for people: a text in quotes, or nothing as "none".
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
// An invocation has the operation, the key if the object has keys, and in Value what is written, appended, added, removed
// or looked for. The event that ends the operation needs neither; if they are there, they have to be the same.
//
// What was answered stands in an event of type Ok. Of a read it is Value, or List for a log and a set; of contains it is
// Value, true or false. The other operations may leave it out: Told says that it is there. Then Value is the place of what
// was appended, counted from 1; or what a delete removed; or whether the element was in the set before an add or a
// remove; or whether a cas found what it expected, which it did unless it says so. A write is answered nothing, but Refused
// by a write-once register that holds another value.
type Event struct {
	Type    Type
	Op      Op
	Told    bool
	Refused bool
	Process int64 // who: 0 or more, with at most one outstanding operation
	Time    time.Duration
	Key     Value
	Value   Value
	Old     Value   // what a cas expects; none in other events
	List    []Value // not changed by anybody
	Line    int     // of the file, from 1; 0 if there is none
}

// LineError describes which line of a file is wrong, and how.
type LineError struct {
	Line int // from 1
	Err  error
}

// Error is the line and what is wrong.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// Header is what a file says of itself.
type Header struct {
	Spec    Spec   // empty if the file does not say it
	Initial Value  // what a register holds at first
	About   string // anything, for people
}

// History is a file that was read.
type History struct {
	Header Header
	Events []Event
	// Torn is the number of bytes of an unfinished last line, which was left out: anyone who wrote it was stopped. What it
	// was about to say had no consequences yet, since a line is written before its request is sent, and after its answer
	// was received.
	Torn int
	// Format is "ndjson", "edn" or "log".
	Format string
}
