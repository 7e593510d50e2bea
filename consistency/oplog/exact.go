package oplog

import (
	"math"
	"slices"
	"strconv"

	"synod/consistency"
)

// windows returns the configuration of the check of one part, with the effects and the exact method for its kind of
// object.
func (c Config) windows() consistency.WindowsConfig[cell, input, output] {
	return consistency.WindowsConfig[cell, input, output]{
		Spec: c.object(), Before: c.Spec.before(c.WholeSets), Effect: c.effect,
		Exact: c.Spec.exact(c.WholeSets), MaxOperations: c.MaxWindow, MaxMemory: c.MaxMemory,
	}
}

// exact returns the method that decides most windows without a search.
func (s Spec) exact(whole bool) consistency.Exact[cell, input, output] {
	switch s {
	case Register, KV:
		return registers
	case WriteOnce:
		return onces
	case Log:
		return logs
	case Set:
		return sets(whole)
	case Custom:
	}
	return nil
}

// unread is a value that cannot occur in a file.
var unread = Value("?")

var registers = consistency.ExactRegister[Value, cell, input, output]{
	Value:  func(c cell) Value { return c.value },
	State:  func(v Value) cell { return cell{value: v} },
	Access: access,
	Writers: func(v Value) []input {
		if v == None {
			return []input{{op: Write}, {op: Delete}}
		}
		return []input{{op: Write, value: v}}
	},
	Unread: &unread,
}

// access returns the effect of an operation on a register or a key; see [consistency.ExactRegister].
func access(in input, heard *output) consistency.Access[Value] {
	reads := consistency.Access[Value]{Reads: true}
	if heard != nil {
		reads.Read = heard.value
	}
	switch told := heard != nil && heard.told; {
	case in.op == Read && heard == nil:
		return consistency.Access[Value]{}
	case in.op == Read, in.op == Delete && told && heard.value == None:
		return reads
	case in.op == Write, in.op == Delete && !told:
		return consistency.Access[Value]{Writes: true, Write: in.value}
	case in.op == Delete:
		return consistency.Access[Value]{Reads: true, Read: heard.value, Writes: true}
	case in.op != Cas, told && heard.value == Truth(false):
		return consistency.Access[Value]{Other: true}
	case in.old != in.value:
		return consistency.Access[Value]{Reads: true, Read: in.old, Writes: true, Write: in.value}
	case heard == nil: // it changes nothing
		return consistency.Access[Value]{}
	}
	return consistency.Access[Value]{Reads: true, Read: in.old}
}

var onces = consistency.ExactOnce[Value, cell, input, output]{
	Value: func(c cell) (Value, bool) { return c.value, c.value != None },
	State: func(v Value) cell { return cell{value: v} },
	Access: func(in input, heard *output) consistency.OnceAccess[Value] {
		switch {
		case in.op == Write:
			return consistency.OnceAccess[Value]{Write: true, Value: in.value, Refused: heard != nil && heard.refused}
		case heard == nil:
			return consistency.OnceAccess[Value]{Unset: true}
		}
		return consistency.OnceAccess[Value]{Value: heard.value, Unset: heard.value == None}
	},
}

var logs = consistency.ExactLog[Value, cell, input, output]{
	Len:    func(c cell) int { return c.log.len() },
	Values: func(c cell) []Value { return c.log.values() },
	Extend: func(c cell, more []Value) cell {
		for _, v := range more {
			c.log = &tail{before: c.log, value: v, length: c.log.len() + 1}
		}
		return c
	},
	Access: func(in input, heard *output) consistency.LogAccess[Value] {
		a := consistency.LogAccess[Value]{Append: in.op == Append, Value: in.value}
		switch {
		case heard == nil || !heard.told:
		case a.Append:
			a.Place = placeOf(heard.value)
		default:
			a.List = heard.values
		}
		return a
	},
	Append: func(v Value) input { return input{op: Append, value: v} },
}

// placeOf returns a position in a log; impossible positions map to the greatest.
func placeOf(v Value) int {
	n, err := strconv.Atoi(string(v))
	if err != nil {
		return math.MaxInt
	}
	return n
}

// sets returns the method for a whole set, or for an element, which is named None.
func sets(whole bool) consistency.Exact[cell, input, output] {
	e := consistency.ExactSet[Value, cell, input, output]{
		Has: func(c cell, _ Value) bool { return c.value != None },
		Len: func(cell) int { return 0 },
		With: func(c cell, more []Value) cell {
			if len(more) > 0 {
				c.value = Truth(true)
			}
			return c
		},
		Access: setAccess,
		Add:    func(v Value) input { return input{op: Add, value: v} },
	}
	if whole {
		e.Has = func(c cell, v Value) bool { _, found := slices.BinarySearch(c.set, v); return found }
		e.Len = func(c cell) int { return len(c.set) }
		e.With = func(c cell, more []Value) cell {
			if len(more) > 0 {
				c.set = slices.Sorted(slices.Values(slices.Concat(c.set, more)))
			}
			return c
		}
	}
	return e
}

func setAccess(in input, heard *output) consistency.SetAccess[Value] {
	a := consistency.SetAccess[Value]{
		Read: in.op == Read, Add: in.op == Add, Element: in.value, Other: in.op == Remove,
	}
	if heard != nil && heard.told {
		a.Told, a.Was, a.Elements = true, heard.value == Truth(true), heard.values
	}
	return a
}
