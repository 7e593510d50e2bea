package oplog

import "synod/consistency"

// windows is how one part is checked. What the object is decides how much is known of its operations, and which exact
// method there is.
func (c Config) windows() consistency.WindowsConfig[cell, input, output] {
	return consistency.WindowsConfig[cell, input, output]{
		Spec: c.object(), Before: c.Spec.before(c.WholeSets), Effect: c.effect,
		Exact: c.Spec.exact(), MaxOperations: c.MaxWindow, MaxMemory: c.MaxMemory,
	}
}

// exact is the method that decides most windows without a search.
func (s Spec) exact() consistency.Exact[cell, input, output] {
	switch s {
	case Register, KV:
		return registers
	case WriteOnce, Log, Set, Custom:
	}
	return nil
}

// unread is a value that no file can have.
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

// access is what an operation does to a register or a key; see [consistency.ExactRegister].
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
