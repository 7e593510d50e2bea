package consistency

import "fmt"

// RegisterInput is what a client asks of a register: a read, which is the zero value, or a write of Value.
type RegisterInput[V any] struct {
	Write bool
	Value V // the zero value for a read
}

// Read is the input that reads a register.
func Read[V any]() RegisterInput[V] { return RegisterInput[V]{} }

// Write is the input that writes v into a register.
func Write[V any](v V) RegisterInput[V] { return RegisterInput[V]{Write: true, Value: v} }

// String is "read" or "write A".
func (in RegisterInput[V]) String() string {
	if in.Write {
		return fmt.Sprintf("write %v", in.Value)
	}
	return "read"
}

// RegisterAnswer is the kind of a [RegisterOutput].
type RegisterAnswer uint8

// The answers of registers. The zero value is none, so that a forgotten answer is wrong.
const (
	_            RegisterAnswer = iota
	WriteOk                     // the value was written
	WriteRefused                // a write-once register holds another value
	ReadOk                      // the value was read
	ReadUnset                   // nothing was written yet to a write-once register
)

// RegisterOutput is a register's answer.
type RegisterOutput[V any] struct {
	Answer RegisterAnswer
	Value  V // what was read, for ReadOk; else the zero value
}

// Wrote is the answer to a write.
func Wrote[V any]() RegisterOutput[V] { return RegisterOutput[V]{Answer: WriteOk} }

// Got is the answer to a read that saw v.
func Got[V any](v V) RegisterOutput[V] { return RegisterOutput[V]{Answer: ReadOk, Value: v} }

// Refused is a write-once register's answer to a write that came too late.
func Refused[V any]() RegisterOutput[V] { return RegisterOutput[V]{Answer: WriteRefused} }

// Unset is a write-once register's answer to a read that came too early.
func Unset[V any]() RegisterOutput[V] { return RegisterOutput[V]{Answer: ReadUnset} }

// String is "ok", "refused", "unset" or the value read.
func (out RegisterOutput[V]) String() string {
	switch out.Answer {
	case WriteOk:
		return "ok"
	case WriteRefused:
		return "refused"
	case ReadOk:
		return fmt.Sprint(out.Value)
	case ReadUnset:
		return "unset"
	default:
		return fmt.Sprintf("answer %d", out.Answer)
	}
}

// Register is a variable that holds initial at first. A read returns what was written last. Values must equal
// themselves: a NaN that was written cannot be read.
func Register[V comparable](initial V) Spec[V, RegisterInput[V], RegisterOutput[V]] {
	return Spec[V, RegisterInput[V], RegisterOutput[V]]{
		Name: "register",
		Init: initial,
		Step: func(held V, in RegisterInput[V]) (V, RegisterOutput[V]) {
			if in.Write {
				return in.Value, Wrote[V]()
			}
			return held, Got(held)
		},
		SameState:  same[V],
		SameOutput: same[RegisterOutput[V]],
	}
}

// Once is the state of a write-once register.
type Once[V any] struct {
	Set   bool
	Value V // the zero value until Set
}

// WriteOnceRegister is a variable that keeps the first value written. Writing that value again succeeds, writing
// another is refused, and a read before the first write says so.
func WriteOnceRegister[V comparable]() Spec[Once[V], RegisterInput[V], RegisterOutput[V]] {
	return Spec[Once[V], RegisterInput[V], RegisterOutput[V]]{
		Name: "write-once register",
		Step: func(held Once[V], in RegisterInput[V]) (Once[V], RegisterOutput[V]) {
			switch {
			case in.Write && !held.Set:
				return Once[V]{Set: true, Value: in.Value}, Wrote[V]()
			case in.Write && held.Value == in.Value:
				return held, Wrote[V]()
			case in.Write:
				return held, Refused[V]()
			case held.Set:
				return held, Got(held.Value)
			default:
				return held, Unset[V]()
			}
		},
		SameState:  same[Once[V]],
		SameOutput: same[RegisterOutput[V]],
	}
}

func same[T comparable](a, b T) bool { return a == b }
