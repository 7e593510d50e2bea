package consistency

import "fmt"

// RegisterInput is a request to a register: a read, which is the zero value, or a write of Value.
type RegisterInput[V any] struct {
	Write bool
	Value V // the zero value for a read
}

// Read returns the input that reads a register.
func Read[V any]() RegisterInput[V] { return RegisterInput[V]{} }

// Write returns the input that writes v to a register.
func Write[V any](v V) RegisterInput[V] { return RegisterInput[V]{Write: true, Value: v} }

// String returns "read" or "write A".
func (in RegisterInput[V]) String() string {
	if in.Write {
		return fmt.Sprintf("write %v", in.Value)
	}
	return "read"
}

// RegisterAnswer is the kind of a [RegisterOutput].
type RegisterAnswer uint8

// The answers of registers. The zero value is invalid, so that a missing answer is an error.
const (
	_            RegisterAnswer = iota
	WriteOk                     // the value was written
	WriteRefused                // a write-once register holds another value
	ReadOk                      // the value was read
	ReadUnset                   // nothing has been written to a write-once register
)

// RegisterOutput is a register's answer.
type RegisterOutput[V any] struct {
	Answer RegisterAnswer
	Value  V // the value read, for ReadOk; else the zero value
}

// Wrote returns the answer to a write.
func Wrote[V any]() RegisterOutput[V] { return RegisterOutput[V]{Answer: WriteOk} }

// Got returns the answer to a read that returns v.
func Got[V any](v V) RegisterOutput[V] { return RegisterOutput[V]{Answer: ReadOk, Value: v} }

// Refused returns a write-once register's answer to a write after another value was written.
func Refused[V any]() RegisterOutput[V] { return RegisterOutput[V]{Answer: WriteRefused} }

// Unset returns a write-once register's answer to a read before the first write.
func Unset[V any]() RegisterOutput[V] { return RegisterOutput[V]{Answer: ReadUnset} }

// String returns "ok", "refused", "unset" or the value read.
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

// Register returns the specification of a variable with the given initial value. A read returns the last value
// written. Values must equal themselves: a NaN that was written cannot be read.
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

// WriteOnceRegister returns the specification of a variable that keeps the first value written. Writing that value
// again succeeds, writing another is refused, and a read before the first write is answered Unset.
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
