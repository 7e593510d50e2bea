package actor_test

import (
	"fmt"
	"time"

	"synod/actor"
)

// The messages of the example: a question and its answer.
type (
	ask    struct{ Number int }
	answer struct{ Number int }
)

// asker asks one server, and asks again whenever no answer came in time.
type asker struct{ server actor.ID }

// asking is its state.
type asking struct {
	Tries    int
	Answered bool
}

const retry = "retry" // its timer

func (a asker) Start(_ actor.ID, out *actor.Out[any]) asking {
	return a.ask(asking{}, out)
}

func (a asker) Receive(_ actor.ID, st asking, _ actor.ID, msg any, out *actor.Out[any]) asking {
	if _, ok := msg.(answer); ok {
		st.Answered = true
		out.CancelTimer(retry)
	}
	return st
}

// Timeout handles the timer. That it is a method of this name is a habit; actor.Timers is what makes it a handler.
func (a asker) Timeout(_ actor.ID, st asking, _ actor.Timer, out *actor.Out[any]) asking {
	return a.ask(st, out)
}

func (a asker) ask(st asking, out *actor.Out[any]) asking {
	st.Tries++
	out.Send(a.server, ask{st.Tries})
	out.SetTimer(retry, time.Second, 2*time.Second)
	return st
}

// An actor is a few pure functions: each takes a state and an event, and gives a state and commands. Here they are
// called by hand. Nothing waits: a timer is a command like any other, and a timeout an event.
func Example() {
	a := asker{server: 1}
	client := actor.New[asking, any](a, actor.Timers(a.Timeout))

	var out actor.Out[any]
	show := func(event string, st asking) {
		fmt.Printf("%s: %+v\n", event, st)
		for _, c := range out.Commands() {
			switch c.Kind {
			case actor.Send:
				fmt.Printf("  send %+v to %v\n", c.Message, c.To)
			case actor.SetTimer:
				fmt.Printf("  set %v, %v to %v\n", c.Timer, c.Min, c.Max)
			case actor.CancelTimer:
				fmt.Printf("  cancel %v\n", c.Timer)
			case actor.Choose:
			}
		}
		out.Reset()
	}
	st := client.Start(0, &out)
	show("start", st)
	st = client.Timeout(0, st, retry, &out)
	show("timeout", st)
	st = client.Receive(0, st, 1, answer{2}, &out)
	show("answer", st)
	// Output:
	// start: {Tries:1 Answered:false}
	//   send {Number:1} to 1
	//   set retry, 1s to 2s
	// timeout: {Tries:2 Answered:false}
	//   send {Number:2} to 1
	//   set retry, 1s to 2s
	// answer: {Tries:2 Answered:true}
	//   cancel retry
}

// tally counts what it receives, and keeps every tenth count.
type tally struct{}

func (tally) Start(actor.ID, *actor.Out[any]) int                                 { return 0 }
func (tally) Receive(_ actor.ID, n int, _ actor.ID, _ any, _ *actor.Out[any]) int { return n + 1 }

// What survives a crash is a function of the state: what keep selects is on disk before a message leaves, and recover
// starts from it.
func ExampleDurable() {
	keep := func(n int) int { return n - n%10 }
	recovered := func(_ actor.ID, kept int, _ *actor.Out[any]) int { return kept }
	counter := actor.New[int, any](tally{}, actor.Durable(keep, recovered))

	var out actor.Out[any]
	st := counter.Start(0, &out)
	for range 27 {
		st = counter.Receive(0, st, 1, ask{}, &out)
	}
	fmt.Println("before the crash:", st)
	fmt.Println("after it:", counter.Recover(0, counter.Keep(st), &out))
	// Output:
	// before the crash: 27
	// after it: 20
}

// Any two majorities have a member in common; and a broadcast goes to the others, in ascending order.
func ExampleMajority() {
	servers := actor.IDs(5)
	fmt.Println(actor.Majority(len(servers)), "of", len(servers))
	fmt.Println(actor.Others(servers, 2))
	// Output:
	// 3 of 5
	// [0 1 3 4]
}
