package oplog

import (
	"slices"
	"strings"
)

// before returns the unknown operations that could matter right before an operation, as required by
// consistency.WindowsConfig.
func (s Spec) before(whole bool) func(c cell, in input, heard output, depending func() []input) ([]input, bool) {
	plain := beforeElement
	switch {
	case s == Register || s == KV:
		return beforeRegister
	case s == Custom:
		return nil
	case s == WriteOnce:
		plain = beforeOnce
	case s == Log:
		plain = beforeLog
	case s == Set && whole:
		plain = beforeSet
	}
	return func(c cell, in input, heard output, _ func() []input) ([]input, bool) { return plain(c, in, heard) }
}

// beforeRegister: a write hides the previous state, so only the value in the answer matters.
func beforeRegister(c cell, in input, heard output, depending func() []input) ([]input, bool) {
	switch {
	case in.op == Append: // its result depends on the state
		return nil, true
	case in.op == Write || !heard.told:
		return nil, false
	case in.op == Cas && heard.value == Truth(false):
		return nil, c.value == in.old // any other value will do
	case in.op == Cas:
		return towards(c.value, in.old, depending), false
	}
	return towards(c.value, heard.value, depending), false
}

// towards returns the operations that can be the next on a way from one value to another: those that write the target
// or a value from which others lead to it, and those others.
func towards(from, to Value, unknown func() []input) []input {
	if from == to {
		return nil
	}
	depending := unknown()
	useful := []Value{to}
	for i := 0; i < len(useful); i++ {
		for _, in := range depending {
			for _, v := range in.before(useful[i]) {
				if !slices.Contains(useful, v) {
					useful = append(useful, v)
				}
			}
		}
	}
	var which []input
	for _, v := range useful {
		if v != from {
			which = append(which, input{op: Write, value: v})
		}
		if v == None {
			which = append(which, input{op: Delete})
		}
	}
	for _, in := range depending {
		if next, _ := stepRegister(cell{value: from}, in); next.value != from && slices.Contains(useful, next.value) {
			which = append(which, in)
		}
	}
	return which
}

// before returns the values from which an operation leads to another one.
func (in input) before(after Value) []Value {
	switch {
	case in.op == Cas && in.value == after && in.old != after:
		return []Value{in.old}
	case in.op == Append && after != None && after[0] == '"':
		if shorter, found := strings.CutSuffix(string(after[1:]), string(in.value[1:])); found {
			return []Value{Text(shorter), Value(shorter)} // the latter is a number, nothing, or not a valid value
		}
	}
	return nil
}

// beforeOnce: once the register is set, nothing changes it.
func beforeOnce(c cell, in input, heard output) ([]input, bool) {
	switch {
	case c.value != None:
		return nil, false
	case in.op == Write:
		return nil, heard.refused // because of any other value
	case heard.value == None:
		return nil, false
	}
	return []input{{op: Write, value: heard.value}}, false
}

// beforeLog: a read shows exactly what is missing, and a position how many entries.
func beforeLog(c cell, in input, heard output) ([]input, bool) {
	if in.op == Append {
		if !heard.told {
			return nil, true
		}
		place := Number(int64(c.log.len() + 1))
		return nil, len(place) < len(heard.value) || len(place) == len(heard.value) && place < heard.value
	}
	if c.log.len() >= len(heard.values) || !c.log.beginning(heard.values) {
		return nil, false
	}
	return []input{{op: Append, value: heard.values[c.log.len()]}}, false
}

// beforeElement: the result of an add or a remove does not depend on the previous state.
func beforeElement(c cell, _ input, heard output) ([]input, bool) {
	switch {
	case !heard.told || heard.value == Truth(c.value != None):
		return nil, false
	case c.value == None:
		return []input{{op: Add}}, false
	}
	return []input{{op: Remove}}, false
}

// beforeSet: the first element that is in either the state or the answer but not in both. Each such element needs an
// operation of its own, and these may take effect in any order.
func beforeSet(c cell, in input, heard output) (which []input, all bool) {
	if !heard.told {
		return nil, false
	}
	if in.op != Read {
		_, out := stepSet(c, in)
		switch {
		case out.value == heard.value:
			return nil, false
		case out.value == Truth(true):
			return []input{{op: Remove, value: in.value}}, false
		}
		return []input{{op: Add, value: in.value}}, false
	}
	have, want := c.set, heard.values
	for len(have) > 0 && len(want) > 0 && have[0] == want[0] {
		have, want = have[1:], want[1:]
	}
	switch {
	case len(have) == 0 && len(want) == 0:
		return nil, false
	case len(want) == 0 || len(have) > 0 && have[0] < want[0]:
		return []input{{op: Remove, value: have[0]}}, false
	}
	return []input{{op: Add, value: want[0]}}, false
}
