package actor

import "time"

// Timer identifies a timer. An actor may have several timers set at once, each with a different value. It must be a
// plain comparable value.
type Timer any

// Option is one of the values that Choose picks from. It must be a plain comparable value.
type Option any

// CommandKind determines which fields of a Command are used.
type CommandKind uint8

// The commands of a handler, with the fields that each uses.
const (
	Send        CommandKind = iota + 1 // To, Message
	SetTimer                           // Timer, Min, Max
	CancelTimer                        // Timer
	Choose                             // Options
)

// Command is one command of a handler.
type Command[M any] struct {
	Kind     CommandKind
	To       ID
	Message  M
	Timer    Timer
	Min, Max time.Duration
	Options  []Option
}

// Out collects the commands of one step, in order. The zero value is ready to use. Handlers must not retain it. It is
// not safe for concurrent use.
type Out[M any] struct {
	commands []Command[M]
}

// Send sends m to an actor, possibly to the sender itself.
func (o *Out[M]) Send(to ID, m M) {
	o.commands = append(o.commands, Command[M]{Kind: Send, To: to, Message: m})
}

// Broadcast sends m to each of ids, in their order; Others returns them in ascending order.
func (o *Out[M]) Broadcast(ids []ID, m M) {
	for _, id := range ids {
		o.Send(id, m)
	}
}

// SetTimer sets a timer that fires once, after a duration drawn from [shortest, longest] in a live run. Models ignore
// durations: a timer that is set may fire at any time. Setting a timer that is already set restarts it.
func (o *Out[M]) SetTimer(t Timer, shortest, longest time.Duration) {
	o.commands = append(o.commands, Command[M]{Kind: SetTimer, Timer: t, Min: shortest, Max: longest})
}

// CancelTimer cancels a timer; it does nothing if the timer is not set.
func (o *Out[M]) CancelTimer(t Timer) {
	o.commands = append(o.commands, Command[M]{Kind: CancelTimer, Timer: t})
}

// Choose makes a nondeterministic choice among options: the handler passed to Choices receives the chosen one. A
// model explores all of them. Choosing among no options does nothing.
func (o *Out[M]) Choose(options ...Option) {
	if len(options) > 0 {
		o.commands = append(o.commands, Command[M]{Kind: Choose, Options: options})
	}
}

// Commands returns the collected commands, in order. The slice is valid until the next call of Reset.
func (o *Out[M]) Commands() []Command[M] { return o.commands }

// Reset empties o for another step; slices that Commands returned become invalid.
func (o *Out[M]) Reset() {
	clear(o.commands)
	o.commands = o.commands[:0]
}
