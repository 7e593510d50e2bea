package oplog

// before tells which unknown operations could matter right before an operation, as consistency.WindowsConfig wants it.
func (s Spec) before(whole bool) func(c cell, in input, heard output) ([]input, bool) {
	switch {
	case s == WriteOnce:
		return beforeOnce
	case s == Log:
		return beforeLog
	case s == Set && whole:
		return beforeSet
	case s == Set:
		return beforeElement
	}
	return beforeRegister
}

// beforeRegister: a write hides all that was there, so that only what is heard of the value matters.
func beforeRegister(c cell, in input, heard output) ([]input, bool) {
	if in.op == Write || !heard.told || heard.value == c.value {
		return nil, false
	}
	if heard.value == None {
		return []input{{op: Delete}, {op: Write}}, false
	}
	return []input{{op: Write, value: heard.value}}, false
}

// beforeOnce: once it is set, nothing changes it any more.
func beforeOnce(c cell, in input, heard output) ([]input, bool) {
	switch {
	case c.value != None:
		return nil, false
	case in.op == Write:
		return nil, heard.refused // by any other value
	case heard.value == None:
		return nil, false
	}
	return []input{{op: Write, value: heard.value}}, false
}

// beforeLog: a read tells exactly what is missing, and a place how many.
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

// beforeElement: what an add or a remove leaves does not depend on what was there.
func beforeElement(c cell, _ input, heard output) ([]input, bool) {
	switch {
	case !heard.told || heard.value == Truth(c.value != None):
		return nil, false
	case c.value == None:
		return []input{{op: Add}}, false
	}
	return []input{{op: Remove}}, false
}

// beforeSet: each element that is there and was not heard of, or the other way round.
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
	for len(have) > 0 || len(want) > 0 {
		switch {
		case len(want) == 0 || len(have) > 0 && have[0] < want[0]:
			which = append(which, input{op: Remove, value: have[0]})
			have = have[1:]
		case len(have) == 0 || want[0] < have[0]:
			which = append(which, input{op: Add, value: want[0]})
			want = want[1:]
		default:
			have, want = have[1:], want[1:]
		}
	}
	return which, false
}
