package checker_test

import (
	"context"
	"fmt"

	"synod/actor"
	"synod/checker"
	"synod/model"
)

// call is a request, or its answer.
type call string

// String returns the call as it is.
func (c call) String() string { return string(c) }

// retry is the caller's timer.
type retry struct{}

// String returns the retry as it is.
func (retry) String() string { return "retry" }

// caller asks until it is answered.
type caller struct{}

func (caller) Start(_ actor.ID, out *actor.Out[call]) bool {
	out.SetTimer(retry{}, 1, 1)
	out.Send(1, "ask")
	return false
}

func (caller) Receive(_ actor.ID, _ bool, _ actor.ID, _ call, out *actor.Out[call]) bool {
	out.CancelTimer(retry{})
	return true
}

func (caller) Timeout(_ actor.ID, answered bool, _ actor.Timer, out *actor.Out[call]) bool {
	out.SetTimer(retry{}, 1, 1)
	out.Send(1, "ask")
	return answered
}

// responder answers.
type responder struct{}

func (responder) Start(actor.ID, *actor.Out[call]) int { return 0 }
func (responder) Receive(_ actor.ID, n int, from actor.ID, _ call, out *actor.Out[call]) int {
	out.Send(from, "answer")
	return n
}

// A caller asks again and again over a network that loses messages. Nothing forces a network to deliver, so that it need
// not be answered, unless what is sent again and again arrives at last.
func Example_fairness() {
	for _, fair := range []bool{false, true} {
		sys := model.NewSystem[call](model.Config{Lossy: true, TimersLast: true})
		answered := model.Add(sys, 0, actor.New[bool, call](caller{}, actor.Timers(caller{}.Timeout)))
		model.Add(sys, 1, actor.New[int, call](responder{}))
		sys.Eventually("answered", func(v model.View) bool { got, _ := answered.In(v); return got })
		if fair {
			sys.StrongFair(model.Deliveries())
			sys.StrongFair(model.Timeouts())
		}
		r := checker.BFS(context.Background(), sys, checker.Options{})
		fmt.Printf("%v, %s\n", r.Properties[0].Verdict, r.Properties[0].Name)
		r.Close()
	}
	// Output:
	// violated, answered
	// holds, answered
}

// worker works and rests by turns, or idles.
type worker struct{}

func (worker) Initial() []string { return []string{"rests"} }

func (worker) Actions(string) []string { return []string{"work", "idle", "stop"} }

func (worker) Next(s, action string) (string, bool) {
	switch {
	case s == "rests" && action == "work":
		return "works", true
	case s == "rests" && action == "idle":
		return "idles", true
	case s == "idles" && action == "stop":
		return "rests", true
	}
	return s, false
}

// A plain model names the actions that paths are fair to. Between times of idling, work is possible again and again, but not
// always: weak fairness lets it never happen, strong fairness does not.
func Example_fairnessOfPlainModels() {
	is := func(action string) func(string) bool { return func(a string) bool { return a == action } }
	for _, strong := range []bool{false, true} {
		p := model.NewPlain[string, string](worker{})
		p.Eventually("works", func(s string) bool { return s == "works" })
		p.WeakFair("stop", is("stop"))
		if strong {
			p.StrongFair("work", is("work"))
		} else {
			p.WeakFair("work", is("work"))
		}
		r := checker.BFS(context.Background(), p, checker.Options{})
		fmt.Printf("%v, %s\n", r.Properties[0].Verdict, r.Properties[0].Name)
		r.Close()
	}
	// Output:
	// violated, works
	// holds, works
}
