package wire

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/register"
	"synod/spawn/service"
)

// The inputs and outputs of a register.
type (
	input  = consistency.RegisterInput[register.Value]
	output = consistency.RegisterOutput[register.Value]
)

// Register is what clients ask of a register: put and get.
var Register = service.Must(serviceConfig(oplog.Register))

// WriteOnce is what clients ask of a register that can be written once.
var WriteOnce = service.Must(serviceConfig(oplog.WriteOnce))

func serviceConfig(spec oplog.Spec) service.Config[register.Value, input, output, register.Message] {
	return service.Config[register.Value, input, output, register.Message]{
		Object: consistency.Register(register.Value(0)),
		Operations: []service.Operation[input]{
			{
				Name: "put", Doc: "Store a character", Arguments: []string{"CHARACTER"}, Parse: parsePut,
				Draw: func(d service.Draw) input { return consistency.Write(register.Value(d.Value)) },
			},
			{Name: "get", Doc: "Print the stored character, or none", Reads: true},
		},
		Wire: Requests,
		Print: func(server string, in input, out output) string {
			switch {
			case out.Answer == consistency.WriteRefused:
				return "not stored: another value is chosen"
			case in.Write:
				return fmt.Sprintf("%s has stored %c.", server, rune(in.Value))
			case out.Value == 0:
				return "none"
			}
			return string(rune(out.Value))
		},
		Request: func(number uint64, in input) register.Message {
			if in.Write {
				return register.Put{Request: register.Request(number), Value: in.Value}
			}
			return register.Get{Request: register.Request(number)}
		},
		Answer: func(m register.Message) (uint64, output, bool) {
			switch m := m.(type) {
			case register.PutOk:
				return uint64(m.Request), consistency.Wrote[register.Value](), true
			case register.PutFail:
				return uint64(m.Request), consistency.Refused[register.Value](), true
			case register.GetOk:
				return uint64(m.Request), consistency.Got(m.Value), true
			case register.Put, register.Get, register.Expired, register.Internal[struct{}]:
			}
			return 0, output{}, false
		},
		Fits: func(in input, out output) bool {
			return in.Write == (out.Answer == consistency.WriteOk || out.Answer == consistency.WriteRefused)
		},
		Expired: func(m register.Message) (uint64, uint64, bool) {
			e, ok := m.(register.Expired)
			return uint64(e.Request), uint64(e.Floor), ok
		},
		History: history{spec},
	}
}

func parsePut(args []string) (input, error) {
	if utf8.RuneCountInString(args[0]) != 1 || !utf8.ValidString(args[0]) {
		return input{}, errors.New("expected one character to store")
	}
	value, _ := utf8.DecodeRuneInString(args[0])
	return consistency.Write(register.Value(value)), nil
}

// history is the form of a register's operations in a history.
type history struct{ spec oplog.Spec }

// Spec names the object.
func (h history) Spec() oplog.Spec { return h.spec }

// Invoked is a write or a read.
func (history) Invoked(_ int, in input) oplog.Event {
	if in.Write {
		return oplog.Event{Op: oplog.Write, Value: value(in.Value)}
	}
	return oplog.Event{Op: oplog.Read}
}

// Told is an answer.
func (history) Told(_ int, in input, out output) oplog.Event {
	if in.Write {
		return oplog.Event{Op: oplog.Write, Refused: out.Answer == consistency.WriteRefused}
	}
	return oplog.Event{Op: oplog.Read, Value: value(out.Value), Told: true}
}

// value is a register's value in a history.
func value(v register.Value) oplog.Value {
	if v == 0 {
		return oplog.None
	}
	return oplog.Text(fmt.Sprintf("%c", rune(v)))
}
