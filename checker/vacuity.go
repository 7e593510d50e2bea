package checker

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"synod/model/statespace"
	"synod/trace"
)

// What a property is not about, although it was written to be.
const (
	neverWhen = "its condition held in no state"
	nothing   = "it reads nothing of the state"
	downOf    = "it reads %s, which was down each time"
)

// seen is what a predicate met while it was asked.
type seen struct {
	yes  atomic.Bool  // it said yes of some state
	up   map[int]bool // slots of which it read something; false while all of it was of an actor that is down
	none bool         // it read nothing of some state
}

// answered notes an answer.
func (s *seen) answered(answer uint32) {
	if answer == yes && !s.yes.Load() {
		s.yes.Store(true)
	}
}

// see notes an evaluation. The caller holds the lock.
func (p *predicate) see(answer uint32, reads []statespace.Read) {
	p.seen.answered(answer)
	p.seen.none = p.seen.none || len(reads) == 0
	for _, r := range reads {
		if slot := int(r.Slot); !p.seen.up[slot] {
			if p.seen.up == nil {
				p.seen.up = make(map[int]bool)
			}
			p.seen.up[slot] = !r.Down()
		}
	}
}

// vacuities returns what properties that were not refuted are not about. It is the same in every run of an exhausted search.
func (e *engine) vacuities(r *Result) []statespace.Vacuity {
	if !r.Exhausted || r.Err != nil {
		return nil
	}
	var all []statespace.Vacuity
	for i, p := range r.Properties {
		if p.Verdict != Holds {
			continue
		}
		if when := e.judge.whens[i]; when != nil && !when.seen.yes.Load() {
			all = append(all, statespace.Vacuity{Property: p.Name, Why: neverWhen})
		}
		q := e.judge.predicates[i]
		if q == nil || q.forgets {
			continue
		}
		if q.seen.none {
			all = append(all, statespace.Vacuity{Property: p.Name, Why: nothing})
		}
		for slot := range e.space.Slots() {
			if up, read := q.seen.up[slot]; read && !up {
				all = append(all, statespace.Vacuity{Property: p.Name, Why: fmt.Sprintf(downOf, called(e.space.SlotName(slot)))})
			}
		}
	}
	return all
}

// Vacuous describes in sentences what never mattered in an exhausted search: messages that an actor ignored every
// time, messages to ids that no actor has, and what properties that hold are not about. Handlers and timers without effect, which may be for
// other configurations, are among Space.Vacuous only, and in Harmless. A search that was cut short tells nothing, as it may
// not have come that far. With Options.Strict any of it makes the check fail.
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

// Harmless describes in sentences what never mattered as far as was searched, and is not among what Vacuous returns:
// handlers and timers without effect, which may be for other configurations.
func (r *Result) Harmless() []string {
	var all []string
	for _, v := range r.Space.Vacuous {
		if !r.Exhausted || !alarming(v) {
			all = append(all, neverMattered(v))
		}
	}
	return all
}

// neverMattered returns what an actor was made for, or was sent, to no effect.
func neverMattered(v statespace.Vacuity) string {
	return fmt.Sprintf("%s, %s: %s.", sentence(called(trace.Printable(v.Actor))), trace.Printable(v.Event), v.Why)
}

// alarming reports whether something is likely to be a mistake.
func alarming(v statespace.Vacuity) bool {
	return v.Property != "" || v.Why == statespace.NeverAccepted || v.Why == statespace.NoSuchActor
}

// writeVacuous writes a line for each of these.
func (r *Result) writeVacuous(w io.Writer) {
	all := r.Vacuous()
	for _, line := range all {
		fmt.Fprintln(w, line)
	}
	if len(all) > 0 && r.Options.Strict {
		fmt.Fprintln(w, "That fails the check, as it is strict.")
	}
}

// logVacuous logs it to a test that does not fail.
func (r *Result) logVacuous(t TestingT) {
	l, ok := t.(interface {
		Logf(format string, args ...any)
	})
	if all := r.Vacuous(); ok && len(all) > 0 {
		t.Helper()
		l.Logf("%s", strings.Join(all, "\n"))
	}
}

// called names an actor within a sentence: by its name, or if that is but a number, as an actor.
func called(name string) string {
	if strings.Trim(name, "0123456789") == "" {
		return "actor " + name
	}
	return name
}

// sentence begins one with some words.
func sentence(words string) string {
	r, n := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(r)) + words[n:]
}
