package interaction

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"synod/actor"
	"synod/internal/intern"
)

// node is an actor with any type of state.
type node[M any] interface {
	receive(e actor.Envelope[M], out *actor.Out[M])
	timeout(timer string, out *actor.Out[M]) error
	choose(option string, out *actor.Out[M]) error
	crash() error
	recover(out *actor.Out[M]) error
	text() string
	changes() []intern.Change // since the last call
	down() bool
	waits() *waits
}

// waits are the timers and choices that an actor waits for.
type waits struct {
	timers  []actor.Timer // without duplicates, in the order in which they were set
	choices [][]actor.Option
}

// pend applies a command to the timers and choices, and returns a description; empty if it had no effect.
func pend[M any](w *waits, command actor.Command[M]) string {
	set := slices.Contains(w.timers, command.Timer)
	switch {
	case command.Kind == actor.SetTimer:
		if !set {
			w.timers = append(w.timers, command.Timer)
		}
		return "sets " + text(command.Timer)
	case command.Kind == actor.CancelTimer && set:
		w.timers = slices.DeleteFunc(w.timers, func(t actor.Timer) bool { return t == command.Timer })
		return "cancels " + text(command.Timer)
	case command.Kind == actor.Choose:
		w.choices = append(w.choices, command.Options)
		return "chooses " + texts(command.Options)
	}
	return ""
}

// host runs an actor with states S.
type host[S, M any] struct {
	id     actor.ID
	actor  actor.Typed[S, M]
	state  S
	seen   S // the state at the last call of changes
	kept   any
	isDown bool
	walk   *intern.Walker[S]
	waited waits
}

func (h *host[S, M]) keep() {
	if h.actor.Keep != nil {
		h.kept = values.Copy(h.actor.Keep(h.state))
	}
}

func (h *host[S, M]) receive(e actor.Envelope[M], out *actor.Out[M]) {
	h.state = h.actor.Receive(h.id, h.state, e.From, e.Message, out)
	h.keep()
}

func (h *host[S, M]) timeout(name string, out *actor.Out[M]) error {
	i := slices.IndexFunc(h.waited.timers, func(t actor.Timer) bool { return squeeze(text(t)) == squeeze(name) })
	if i < 0 {
		return fmt.Errorf("no timer %q is set", name)
	}
	timer := h.waited.timers[i]
	h.waited.timers = slices.Delete(h.waited.timers, i, i+1)
	h.state = h.actor.Timeout(h.id, h.state, timer, out)
	h.keep()
	return nil
}

func (h *host[S, M]) choose(name string, out *actor.Out[M]) error {
	for i, options := range h.waited.choices {
		for _, option := range options {
			if squeeze(text(option)) == squeeze(name) {
				h.waited.choices = slices.Delete(h.waited.choices, i, i+1)
				h.state = h.actor.Chosen(h.id, h.state, option, out)
				h.keep()
				return nil
			}
		}
	}
	return fmt.Errorf("no choice with %q is pending", name)
}

func (h *host[S, M]) crash() error {
	if h.isDown {
		return errors.New("it is down already")
	}
	h.isDown, h.waited = true, waits{}
	return nil
}

func (h *host[S, M]) recover(out *actor.Out[M]) error {
	if !h.isDown {
		return errors.New("it is not down")
	}
	h.isDown = false
	if h.actor.Recover == nil {
		h.state = h.actor.Start(h.id, out)
	} else {
		h.state = h.actor.Recover(h.id, values.Copy(h.kept), out)
	}
	h.keep()
	return nil
}

func (h *host[S, M]) changes() []intern.Change {
	changes := h.walk.Diff(h.seen, h.state)
	h.seen = h.walk.Copy(h.state)
	return changes
}

func (h *host[S, M]) text() string {
	if h.isDown {
		return "keeps " + values.Text(h.kept)
	}
	return h.walk.Text(h.state)
}

func (h *host[S, M]) down() bool    { return h.isDown }
func (h *host[S, M]) waits() *waits { return &h.waited }

var values = must(intern.For[any]())

// text returns a timer or an option as named in scripts.
func text(v any) string { return values.Brief(v) }

func texts(options []actor.Option) string {
	var all []string
	for _, o := range options {
		all = append(all, text(o))
	}
	return strings.Join(all, " or ")
}
