package register

import (
	"fmt"

	"synod/consistency"
)

// words describes how histories of a register are explained.
var words = consistency.Words[input, output]{Named: named, Answered: answered, Answers: answers, Shown: shown}

// operation is an operation of a register history.
type operation = consistency.Operation[input, output]

// named returns an operation without its answer: "client 3's put 'A'".
func named(op operation) string {
	if op.In.Write {
		return fmt.Sprintf("%s's put %v", op.Client.Name(), op.In.Value)
	}
	return op.Client.Name() + "'s get"
}

// answered returns the answer in words: "is done", "is refused" or "returns 'A'".
func answered(op operation) string {
	switch op.Out.Answer {
	case consistency.WriteOk:
		return "is done"
	case consistency.WriteRefused:
		return "is refused"
	case consistency.ReadUnset:
		return fmt.Sprintf("returns %v", Value(0))
	case consistency.ReadOk:
	}
	return fmt.Sprintf("returns %v", op.Out.Value)
}

// answers returns all answers that an operation might have had.
func answers(before History, op operation) []output {
	if op.In.Write {
		return []output{consistency.Wrote[Value](), consistency.Refused[Value]()}
	}
	outs := []output{consistency.Got(Value(0)), consistency.Unset[Value]()}
	for other := range before.Operations() {
		if other.In.Write {
			outs = append(outs, consistency.Got(other.In.Value))
		}
	}
	return outs
}

// shown returns the answer to a put, or the value that a get returned.
func shown(in input, out output) string {
	if in.Write {
		return out.String()
	}
	return out.Value.String()
}
