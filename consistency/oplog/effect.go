package oplog

import "synod/consistency"

// effect returns the effect of an operation on a part, as required by consistency.WindowsConfig.
func (s Spec) effect(in input, heard *output) consistency.Effect {
	told := heard != nil && heard.told
	switch {
	case heard != nil && heard.refused: // only a write-once register refuses, and it does not change
		return consistency.Reads
	case s == Custom:
		return consistency.Depends
	case in.op.pure():
		return consistency.Reads
	case s == WriteOnce || s == Log:
		return consistency.Depends
	case in.op == Cas && told && (heard.value == Truth(false) || in.old == in.value):
		return consistency.Reads
	case in.op == Write, in.op == Delete && !told:
		return consistency.Overwrites
	case in.op == Delete && heard.value == None, in.op == Add && told && heard.value == Truth(true),
		in.op == Remove && told && heard.value == Truth(false):
		return consistency.Reads // the element was absent, or present already
	case in.value == None && !told && (in.op == Add || in.op == Remove): // on one element
		return consistency.Overwrites
	}
	return consistency.Depends
}
