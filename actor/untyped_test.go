package actor_test

import (
	"reflect"
	"testing"
	"time"

	"synod/actor"
)

// counter has every capability. Its state counts messages.
type counter struct{}

func (counter) Start(_ actor.ID, out *actor.Out[string]) int {
	out.SetTimer("tick", time.Second, 2*time.Second)
	return 1
}

func (counter) Receive(_ actor.ID, st int, from actor.ID, m string, out *actor.Out[string]) int {
	out.Send(from, m+"!")
	out.Choose(1, 2)
	return st + len(m)
}

// TestUntyped calls every handler of an actor without its types, and finds the same states and commands.
func TestUntyped(t *testing.T) {
	u := actor.Untyped(actor.New(counter{},
		actor.Timers(func(_ actor.ID, st int, tm actor.Timer, out *actor.Out[string]) int {
			out.CancelTimer(tm)
			return st + 10
		}),
		actor.Choices(func(_ actor.ID, st int, o actor.Option, _ *actor.Out[string]) int { return st + o.(int) }),
		actor.Durable(func(st int) int { return st / 2 }, func(_ actor.ID, kept int, out *actor.Out[string]) int {
			out.Send(9, "back")
			return kept
		}),
		actor.Forget[int, *actor.Out[string]](func(_ actor.ID, st int) int { return st % 2 }),
	))
	var out actor.Out[any]
	st := u.Start(1, &out)
	st = u.Receive(1, st, 5, "hey", &out)
	st = u.Timeout(1, st, "tick", &out)
	st = u.Chosen(1, st, 2, &out)
	if st != 16 || u.Keep(st) != 8 || u.Recover(1, 8, &out) != 8 || u.Forget(1, st) != 0 {
		t.Errorf("the state is %v", st)
	}
	want := []actor.Command[any]{
		{Kind: actor.SetTimer, Timer: "tick", Min: time.Second, Max: 2 * time.Second},
		{Kind: actor.Send, To: 5, Message: "hey!"},
		{Kind: actor.Choose, Options: []actor.Option{1, 2}},
		{Kind: actor.CancelTimer, Timer: "tick"},
		{Kind: actor.Send, To: 9, Message: "back"},
	}
	if got := out.Commands(); !reflect.DeepEqual(got, want) {
		t.Errorf("commands %+v, want %+v", got, want)
	}
	if bare := actor.Untyped(actor.New(counter{})); bare.Timeout != nil || bare.Keep != nil || bare.Value != (counter{}) {
		t.Errorf("an actor without capabilities has some: %+v", bare)
	}
}
