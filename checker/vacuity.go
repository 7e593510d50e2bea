package checker

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"synod/model/statespace"
	"synod/trace"
)

// Vacuous describes in sentences the parts of the model that had no effect in an exhausted search and are probably
// errors: messages that an actor ignored every time, messages to ids that no actor has, and what properties that hold
// never tested. Handlers and timers without effect, which may serve other configurations, are only in Space.Vacuous
// and Harmless. A search that was cut short returns none, as it may not have reached them. With Options.Strict each
// of them makes the check fail.
func (r *Result) Vacuous() []string {
	if !r.Exhausted || r.Err != nil {
		return nil
	}
	var all []string
	for _, v := range r.Space.Vacuous {
		switch {
		case !alarming(v):
		case v.Property != "":
			all = append(all, fmt.Sprintf("Property %q: %s.", v.Property, v.Why))
		default:
			all = append(all, neverMattered(v))
		}
	}
	return all
}

// Harmless describes in sentences the parts without effect that Vacuous does not return: handlers and timers that may
// serve other configurations, and everything if the search was not exhausted.
func (r *Result) Harmless() []string {
	var all []string
	for _, v := range r.Space.Vacuous {
		if !r.Exhausted || !alarming(v) {
			all = append(all, neverMattered(v))
		}
	}
	return all
}

// neverMattered returns a sentence for a handler, timer or message without effect.
func neverMattered(v statespace.Vacuity) string {
	return fmt.Sprintf("%s, %s: %s.", sentence(called(trace.Printable(v.Actor))), trace.Printable(v.Event), v.Why)
}

// alarming reports whether a vacuity is probably an error.
func alarming(v statespace.Vacuity) bool {
	return v.Property != "" || v.Why == statespace.NeverAccepted || v.Why == statespace.NoSuchActor
}

// writeVacuous writes Vacuous, one line each.
func (r *Result) writeVacuous(w io.Writer) {
	all := r.Vacuous()
	for _, line := range all {
		fmt.Fprintln(w, line)
	}
	if len(all) > 0 && r.Options.Strict {
		fmt.Fprintln(w, "That fails the check, as it is strict.")
	}
}

// logVacuous logs Vacuous to a test.
func (r *Result) logVacuous(t TestingT) {
	l, ok := t.(interface {
		Logf(format string, args ...any)
	})
	if all := r.Vacuous(); ok && len(all) > 0 {
		t.Helper()
		l.Logf("%s", strings.Join(all, "\n"))
	}
}

// called returns how a sentence names an actor: by its name, or as "actor 3" if the name is only a number.
func called(name string) string {
	if strings.Trim(name, "0123456789") == "" {
		return "actor " + name
	}
	return name
}

// sentence capitalizes the first letter of some words.
func sentence(words string) string {
	r, n := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(r)) + words[n:]
}
