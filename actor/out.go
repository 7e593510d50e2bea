package actor

import "time"

// Timer is the value of a timer; an actor may have several set at once, each a different value. It must be a plain
// comparable value.
type Timer any

// Option is one of the values that a Choose picks from. It must be a plain comparable value.
type Option any

// CommandKind describes which fields of a Command count.
type CommandKind uint8

// The commands of a handler.
const (
	Send        CommandKind = iota + 1 // To, Message
	SetTimer                           // Timer, Min, Max
	CancelTimer                        // Timer
	Choose                             // Options
)

// Command is one thing that a handler asks for.
type Command[M any] struct {
	Kind     CommandKind
	To       ID
	Message  M
	Timer    Timer
	Min, Max time.Duration
	Options  []Option
}

// Out collects the commands of one step, in order. The zero value is ready to use. It belongs to the step: a handler
// must not keep it. It is not safe for concurrent use.
type Out[M any] struct {
	commands []Command[M]
}

// Send sends m to an actor, perhaps to itself.
func (o *Out[M]) Send(to ID, m M) {
	o.commands = append(o.commands, Command[M]{Kind: Send, To: to, Message: m})
}

// Broadcast sends m to each of ids, in their order; Others gives ascending ones.
func (o *Out[M]) Broadcast(ids []ID, m M) {
	for _, id := range ids {
		o.Send(id, m)
	}
}

// SetTimer sets a timer that fires once, after a duration drawn from [shortest, longest] in a live run. For a model durations
// do not exist: a timer that is set may fire at any time. Setting one that is set sets it anew.
func (o *Out[M]) SetTimer(t Timer, shortest, longest time.Duration) {
	o.commands = append(o.commands, Command[M]{Kind: SetTimer, Timer: t, Min: shortest, Max: longest})
}

// CancelTimer takes a timer back; one that is not set is ignored.
func (o *Out[M]) CancelTimer(t Timer) {
	o.commands = append(o.commands, Command[M]{Kind: CancelTimer, Timer: t})
}

// Choose leaves it to chance which of the options comes next: the handler given to Choices gets it. A model explores
// every one. Choosing among none does nothing.
func (o *Out[M]) Choose(options ...Option) {
	if len(options) > 0 {
		o.commands = append(o.commands, Command[M]{Kind: Choose, Options: options})
	}
}

// Commands returns what was collected, in order. The slice is valid until the next call of Reset.
func (o *Out[M]) Commands() []Command[M] { return o.commands }

// Reset empties o for another step; what Commands gave before is lost.
func (o *Out[M]) Reset() {
	clear(o.commands)
	o.commands = o.commands[:0]
}
