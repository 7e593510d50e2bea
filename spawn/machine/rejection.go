package machine

import (
	"cmp"
	"errors"
	"fmt"

	"synod/actor"
	"synod/internal/strictjson"
)

// Reason is the reason why a message was rejected.
type Reason uint8

// The reasons, in the order in which they are checked.
const (
	TooLarge Reason = iota // more than Config.MaxMessage bytes
	NotJSON
	TooDeep  // nested too deeply
	Unknown  // JSON, but not a message
	Stranger // a message for servers only, from another sender
	Reasons  // the number of reasons
)

// String returns a phrase for logs and metrics.
func (r Reason) String() string {
	return [...]string{"too large", "not JSON", "too deep", "not a message", "not from a server"}[r]
}

// Rejection describes a rejected message.
type Rejection struct {
	Reason Reason
	From   actor.ID
	Err    error // details, or nil
}

// Error implements error.
func (r *Rejection) Error() string {
	if r.Err == nil {
		return fmt.Sprintf("message of %v: %v", r.From, r.Reason)
	}
	return fmt.Sprintf("message of %v: %v: %v", r.From, r.Reason, r.Err)
}

// Unwrap returns the details.
func (r *Rejection) Unwrap() error { return r.Err }

// decode decodes the message of an event, or returns why it is rejected. It changes nothing.
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
