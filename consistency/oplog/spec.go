package oplog

import (
	"fmt"
	"slices"
	"strings"

	"synod/consistency"
)

// Spec names a kind of object.
type Spec string

// The kinds of objects. All but sets may have keys, each a separate object.
const (
	// Register is read and written.
	Register Spec = "register"
	// WriteOnce is a register that keeps the first value written and refuses others.
	WriteOnce Spec = "write-once"
	// Log is appended to and read.
	Log Spec = "log"
	// KV is read, written and deleted, by key.
	KV Spec = "kv"
	// Set has elements that are added, removed and looked for.
	Set Spec = "set"
	// Custom is a user-defined object, see [Object]: the value of a call is the request, and that of its end the answer.
	// Its histories can be checked only together with the object.
	Custom Spec = "custom"
)

// Object is the sequential specification of a custom object, in terms of the values of its histories. Equal answers
// must be equal values. Its methods must be safe for concurrent use.
type Object interface {
	// Init returns the initial state.
	Init() any
	// Step applies a call. It must not change the state. It returns an error for an invalid call.
	Step(state any, in Value) (next any, out Value, err error)
	// Same reports whether two states are equal.
	Same(a, b any) bool
	// Pure reports whether a call changes nothing in any state.
	Pure(in Value) bool
}

// Specs returns the names of all kinds of objects.
func Specs() []string {
	return []string{string(Register), string(WriteOnce), string(Log), string(KV), string(Set), string(Custom)}
}

// ParseSpec returns the kind of object with the given name.
func ParseSpec(name string) (Spec, error) {
	if !slices.Contains(Specs(), name) {
		return "", fmt.Errorf("specification %q: expected one of %s", name, strings.Join(Specs(), ", "))
	}
	return Spec(name), nil
}

// Part returns the noun for what a history has one or more of, each checked by itself.
func (s Spec) Part() string {
	switch s {
	case Register, WriteOnce:
		return "register"
	case KV:
		return "key"
	case Log, Set:
		return string(s)
	case Custom:
	}
	return "object"
}

// ops returns the operations of the object.
func (s Spec) ops() []Op {
	switch s {
	case Register:
		return []Op{Read, Write, Cas}
	case WriteOnce:
		return []Op{Read, Write}
	case Log:
		return []Op{Read, Append}
	case KV:
		return []Op{Read, Write, Delete, Cas, Append}
	case Set:
		return []Op{Read, Add, Remove, Contains}
	case Custom:
		return []Op{Call}
	}
	return nil
}

func (s Spec) knows(op Op) error {
	if slices.Contains(s.ops(), op) {
		return nil
	}
	var words []string
	for _, o := range s.ops() {
		words = append(words, o.String())
	}
	return fmt.Errorf("a %s has no operation %v; use %s", s, op, strings.Join(words, ", "))
}

// lists reports whether a read returns many values.
func (s Spec) lists() bool { return s == Log || s == Set }

// cell is the state of a part: a register, a key, a log, an element of a set, or a whole set.
type cell struct {
	value Value   // the content; for an element whether it is present
	log   *tail   // of a log; nil if it is empty
	set   []Value // of a whole set, ascending; never changed
	own   any     // of a custom object
}

// tail is the last entry of a log, linked to the entries before it. Diverging logs share their common prefix.
type tail struct {
	before *tail
	value  Value
	length int
}

func (t *tail) len() int {
	if t == nil {
		return 0
	}
	return t.length
}

func (t *tail) same(u *tail) bool {
	for t != u {
		if t.len() != u.len() || t.value != u.value {
			return false
		}
		t, u = t.before, u.before
	}
	return true
}

// beginning reports whether the log is a prefix of a list.
func (t *tail) beginning(list []Value) bool {
	if t.len() > len(list) {
		return false
	}
	for ; t != nil; t = t.before {
		if t.value != list[t.length-1] {
			return false
		}
	}
	return true
}

func (t *tail) values() []Value {
	list := make([]Value, t.len())
	for ; t != nil; t = t.before {
		list[t.length-1] = t.value
	}
	return list
}

// sameOwn returns the comparison of states of a custom object.
func sameOwn(o Object) func(a, b cell) bool {
	return func(a, b cell) bool { return o.Same(a.own, b.own) }
}

// stepOwn returns the step of a custom object. Calls were validated when they arrived.
func stepOwn(o Object) func(c cell, in input) (cell, output) {
	return func(c cell, in input) (cell, output) {
		next, out, err := o.Step(c.own, in.value)
		if err != nil {
			panic(err)
		}
		return cell{own: next}, output{told: true, value: out}
	}
}

func sameCell(a, b cell) bool {
	return a.value == b.value && a.log.same(b.log) && slices.Equal(a.set, b.set)
}

// String returns the content in human-readable form.
func (c cell) String() string {
	switch {
	case c.own != nil:
		return fmt.Sprintf("%+v", c.own)
	case c.log != nil:
		return valuesText(c.log.values())
	case c.set != nil:
		return valuesText(c.set)
	}
	return c.value.String()
}

// valuesText formats a list; of a long one, only the last values.
func valuesText(list []Value) string {
	const most = 8
	var b strings.Builder
	b.WriteByte('[')
	if len(list) > most {
		fmt.Fprintf(&b, "%d more … ", len(list)-most)
		list = list[len(list)-most:]
	}
	for i, v := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(v.String())
	}
	b.WriteByte(']')
	return b.String()
}

// input is a request to a part.
type input struct {
	op    Op
	value Value
	old   Value // of a cas
}

// String returns the operation and its argument.
func (in input) String() string {
	if in.op == Call {
		return in.value.String()
	}
	if in.op == Read || in.op == Delete || in.op == Contains && in.value == None {
		return in.op.String()
	}
	if in.op == Cas {
		return in.op.String() + " " + in.old.String() + " " + in.value.String()
	}
	return in.op.String() + " " + in.value.String()
}

// output is the answer of a part, or what a history records of it. The answer of an object is always told.
type output struct {
	told, refused bool
	value         Value
	list          *tail   // the answer of a log
	values        []Value // the answer of a set, ascending; the recorded answer of a log
}

// String returns the answer as recorded.
func (out output) String() string {
	switch {
	case out.refused:
		return "refused"
	case out.values != nil:
		return valuesText(out.values)
	case out.told:
		return out.value.String()
	}
	return "ok"
}

// matches reports whether an answer agrees with the recorded one.
func (out output) matches(heard output) bool {
	switch {
	case out.refused != heard.refused:
		return false
	case !heard.told:
		return true
	case heard.values == nil:
		return out.value == heard.value
	case out.values != nil:
		return slices.Equal(out.values, heard.values)
	}
	return out.list.len() == len(heard.values) && out.list.beginning(heard.values)
}

// object returns the sequential specification of a part. For a set, a part is an element, or all of it if whole is
// set.
func (s Spec) object(initial Value, whole bool) consistency.Spec[cell, input, output] {
	spec := consistency.Spec[cell, input, output]{
		Name: string(s), SameState: sameCell, SameOutput: output.matches, Step: stepRegister,
	}
	switch {
	case s == Register || s == KV:
		spec.Init.value = initial
	case s == WriteOnce:
		spec.Step = stepOnce
	case s == Log:
		spec.Step = stepLog
	case s == Set && whole:
		spec.Step = stepSet
	case s == Set:
		spec.Step = stepElement
	}
	return spec
}

// custom returns the sequential specification of a custom object.
func custom(o Object) consistency.Spec[cell, input, output] {
	return consistency.Spec[cell, input, output]{
		Name: string(Custom), Init: cell{own: o.Init()}, SameState: sameOwn(o), SameOutput: output.matches, Step: stepOwn(o),
	}
}

func stepRegister(c cell, in input) (cell, output) {
	switch in.op {
	case Write:
		return cell{value: in.value}, output{}
	case Delete:
		return cell{}, output{value: c.value}
	case Cas:
		if c.value != in.old {
			return c, output{value: Truth(false)}
		}
		return cell{value: in.value}, output{value: Truth(true)}
	case Append:
		return cell{value: longer(c.value, in.value)}, output{}
	default:
		return c, output{value: c.value}
	}
}

// longer returns a string with another one appended. None counts as an empty string, a number as its digits.
func longer(held, more Value) Value {
	if held == None || held[0] != '"' {
		held = Text(string(held))
	}
	return held + more[1:]
}

func stepOnce(c cell, in input) (cell, output) {
	switch {
	case in.op != Write:
		return c, output{value: c.value}
	case c.value == None:
		return cell{value: in.value}, output{}
	default:
		return c, output{refused: c.value != in.value}
	}
}

func stepLog(c cell, in input) (cell, output) {
	if in.op != Append {
		return c, output{list: c.log}
	}
	longer := &tail{before: c.log, value: in.value, length: c.log.len() + 1}
	return cell{log: longer}, output{value: Number(int64(longer.length))}
}

func stepElement(c cell, in input) (cell, output) {
	out := output{value: Truth(c.value != None)}
	switch in.op {
	case Add:
		return cell{value: Truth(true)}, out
	case Remove:
		return cell{}, out
	default:
		return c, out
	}
}

func stepSet(c cell, in input) (cell, output) {
	at, found := slices.BinarySearch(c.set, in.value)
	out := output{value: Truth(found)}
	switch {
	case in.op == Read:
		return c, output{values: orEmpty(c.set)}
	case in.op == Add && !found:
		return cell{set: slices.Insert(slices.Clone(c.set), at, in.value)}, out
	case in.op == Remove && found:
		return cell{set: slices.Delete(slices.Clone(c.set), at, at+1)}, out
	default:
		return c, out
	}
}

// orEmpty replaces a nil list by an empty one.
func orEmpty(list []Value) []Value {
	if list == nil {
		return []Value{}
	}
	return list
}
