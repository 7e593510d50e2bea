package link_test

import (
	"fmt"
	"time"

	"synod/actor"
	"synod/actor/link"
)

// greeter says two things to actor 1.
type greeter struct{}

func (greeter) Start(_ actor.ID, out *actor.Out[string]) int {
	out.Send(1, "hello")
	out.Send(1, "world")
	return 0
}

func (greeter) Receive(_ actor.ID, st int, _ actor.ID, _ string, _ *actor.Out[string]) int { return st }

// listener prints what it hears.
type listener struct{}

func (listener) Start(actor.ID, *actor.Out[string]) int { return 0 }

func (listener) Receive(_ actor.ID, heard int, _ actor.ID, word string, _ *actor.Out[string]) int {
	fmt.Println("heard", word)
	return heard + 1
}

// The network brings the second message first, then both twice. The listener hears each once, in order: what comes
// before its turn waits until the sender repeats it.
func Example() {
	config := link.Config{Wait: 100 * time.Millisecond}
	from := link.New(actor.New[int, string](greeter{}), config)
	to := link.New(actor.New[int, string](listener{}), config)

	var out actor.Out[link.Message[string]]
	from.Start(0, &out)
	var sent []link.Message[string]
	for _, c := range out.Commands() {
		if c.Kind == actor.Send {
			sent = append(sent, c.Message)
		}
	}
	out.Reset()
	st := to.Start(1, &out)
	for _, i := range []int{1, 0, 0, 1, 1} {
		st = to.Receive(1, st, 0, sent[i], &out)
	}
	for _, c := range out.Commands() {
		fmt.Printf("answers %T%v\n", c.Message, c.Message)
	}
	// Output:
	// heard hello
	// heard world
	// answers link.Ack[string]{1}
	// answers link.Ack[string]{1}
	// answers link.Ack[string]{2}
	// answers link.Ack[string]{2}
}
