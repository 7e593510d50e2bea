package checker_test

import (
	"context"
	"fmt"
	"time"

	"synod/actor"
	"synod/checker"
	"synod/model"
)

// A lock with a lease. Clients ask the server for the lock. The server grants it to one at a time, and, so that a
// client which is gone does not keep it for ever, takes it back when a timer fires.

// note is what clients and server say to one another.
type note string

const (
	request note = "request"
	granted note = "granted"
)

// String returns the note as it is.
func (n note) String() string { return string(n) }

// lease is the server's timer.
type lease struct{}

// String returns the lease as it is.
func (lease) String() string { return "lease" }

// keeper is the server, lock its state: two clients, by their ids, 0 for nobody.
type (
	keeper struct{}
	lock   struct{ Holder, Waiting actor.ID }
)

func (keeper) Start(actor.ID, *actor.Out[note]) lock { return lock{} }

func (k keeper) Receive(_ actor.ID, st lock, from actor.ID, n note, out *actor.Out[note]) lock {
	switch {
	case n != request: // Clients say nothing else.
	case st.Holder == 0:
		return k.grant(from, out)
	default:
		st.Waiting = from
	}
	return st
}

func (k keeper) Timeout(_ actor.ID, st lock, _ actor.Timer, out *actor.Out[note]) lock {
	if st.Waiting == 0 {
		return lock{}
	}
	return k.grant(st.Waiting, out)
}

func (keeper) grant(to actor.ID, out *actor.Out[note]) lock {
	out.Send(to, granted)
	out.SetTimer(lease{}, time.Second, time.Second)
	return lock{Holder: to}
}

// user is a client. It holds the lock once it is granted, and is never in a hurry.
type user struct{ server actor.ID }

func (u user) Start(_ actor.ID, out *actor.Out[note]) bool {
	out.Send(u.server, request)
	return false
}

func (u user) Receive(_ actor.ID, holds bool, _ actor.ID, n note, _ *actor.Out[note]) bool {
	return holds || n == granted
}

// Example checks a small protocol: a lock that is taken back by a timer. The checker tries every order of events, among
// them a timer that fires while the client still works, and shows the shortest way to two holders.
func Example() {
	sys := model.NewSystem[note](model.Config{})
	model.Add(sys, 0, actor.New[lock, note](keeper{}, actor.Timers(keeper{}.Timeout)))
	first := model.Add(sys, 1, actor.New[bool, note](user{server: 0}))
	second := model.Add(sys, 2, actor.New[bool, note](user{server: 0}))
	holds := func(v model.View, client model.Ref[bool]) bool {
		holding, up := client.In(v)
		return up && holding
	}
	sys.Always("mutual exclusion", func(v model.View) bool { return !holds(v, first) || !holds(v, second) })
	sys.Sometimes("the lock is held", func(v model.View) bool { return holds(v, first) })

	r := checker.BFS(context.Background(), sys, checker.Options{})
	defer r.Close()
	for _, p := range r.Properties {
		fmt.Printf("%s: %v\n", p.Name, p.Verdict)
		if p.Path != nil {
			for i, step := range p.Path.Steps {
				fmt.Printf("  %d. %s\n", i+1, step.Action.Text)
			}
		}
	}
	fmt.Println("exit code", r.ExitCode())
	// Output:
	// mutual exclusion: violated
	//   1. 1 → 0: request
	//   2. 0 → 1: granted
	//   3. 2 → 0: request
	//   4. 0: timeout of lease
	//   5. 0 → 2: granted
	// the lock is held: example
	//   1. 1 → 0: request
	//   2. 0 → 1: granted
	// exit code 1
}

// hours is a clock that shows hours, from 0 to 11.
type hours struct{}

func (hours) Initial() []int                   { return []int{0} }
func (hours) Actions(int) []string             { return []string{"tick"} }
func (hours) Next(h int, _ string) (int, bool) { return (h + 1) % 12, true }

// A search that ends by itself has seen every state, so that what it did not find does not exist. One that a limit ends
// claims nothing of the kind.
func ExampleBFS() {
	clock := model.NewPlain(hours{})
	clock.Always("below 12", func(h int) bool { return h < 12 })
	clock.Sometimes("midnight is 12", func(h int) bool { return h == 12 })
	for _, options := range []checker.Options{{}, {MaxDepth: 5}} {
		r := checker.BFS(context.Background(), clock, options)
		fmt.Printf("%d states, %d generated, depth %d\n", r.Unique, r.Generated, r.Depth)
		for _, p := range r.Properties {
			fmt.Printf("  %s: %v\n", p.Name, p.Verdict)
		}
		if r.Stopped != "" {
			fmt.Println("  ended by", r.Stopped)
		}
		r.Close()
	}
	// Output:
	// 12 states, 13 generated, depth 12
	//   below 12: holds
	//   midnight is 12: never
	// 5 states, 5 generated, depth 5
	//   below 12: undecided
	//   midnight is 12: undecided
	//   ended by the depth limit of 5
}
