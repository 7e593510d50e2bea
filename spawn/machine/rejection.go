package machine

import (
	"cmp"
	"errors"
	"fmt"

	"synod/actor"
	"synod/internal/strictjson"
)

// Reason describes why a message was rejected.
type Reason uint8

// The reasons, from the first that is looked for to the last.
const (
	TooLarge Reason = iota // more than Config.MaxMessage bytes
	NotJSON
	TooDeep  // nested too deeply
	Unknown  // JSON, but no message
	Stranger // a message of servers, from somebody else
	Reasons  // how many there are
)

// String is a phrase for logs and metrics.
func (r Reason) String() string {
	return [...]string{"too large", "not JSON", "too deep", "not a message", "not from a server"}[r]
}

// Rejection is why a message was refused.
type Rejection struct {
	Reason Reason
	From   actor.ID
	Err    error // what exactly is wrong, or nil
}

// Error is a sentence.
func (r *Rejection) Error() string {
	if r.Err == nil {
		return fmt.Sprintf("message of %v: %v", r.From, r.Reason)
	}
	return fmt.Sprintf("message of %v: %v: %v", r.From, r.Reason, r.Err)
}

// Unwrap returns what exactly is wrong.
func (r *Rejection) Unwrap() error { return r.Err }

// decode reads the message of an event, or tells why it is refused. It changes nothing.
func (m *Machine[S, M]) decode(e Event) (M, *Rejection) {
	var none M
	if len(e.Data) > cmp.Or(m.config.MaxMessage, MaxMessage) {
		return none, &Rejection{Reason: TooLarge, From: e.From}
	}
	msg, err := m.config.Wire.Decode(e.Data)
	if err != nil {
		reason := Unknown
		var wrong *strictjson.Error
		if errors.As(err, &wrong) {
			switch wrong.Kind {
			case strictjson.Syntax:
				reason = NotJSON
			case strictjson.Depth:
				reason = TooDeep
			case strictjson.Unexpected:
			}
		}
		return none, &Rejection{Reason: reason, From: e.From, Err: err}
	}
	if !m.config.Wire.Open(msg) && !m.server(e.From) {
		return none, &Rejection{Reason: Stranger, From: e.From}
	}
	return msg, nil
}

// server reports whether an actor is one of the servers.
func (m *Machine[S, M]) server(id actor.ID) bool {
	for _, s := range m.config.Servers {
		if s == id {
			return true
		}
	}
	return false
}
