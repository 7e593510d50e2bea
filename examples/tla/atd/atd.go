// Package atd is termination detection among nodes with asynchronous messages, after the TLA+ example
// AsyncTerminationDetection by Stephan Merz: messages are counted at their receivers.
package atd

import (
	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model.
type Config struct {
	Nodes   int // 1 to MaxNodes
	Pending int // maximum number of messages at a node that is explored; 0 to MaxPending
}

// The bounds of a Config.
const (
	MaxNodes   = 8
	MaxPending = 9
)

// Default is the size that the original checks.
var Default = Config{Nodes: 4, Pending: 3}

// State is the state of all nodes, and whether termination was detected.
type State struct {
	Active   tla.Set
	Pending  [MaxNodes]int // number of messages, by receiver
	Detected bool
}

// Action is a step.
//
//sumtype:decl
type Action interface{ action() }

// The actions, by their names in the original.
type (
	// Terminate makes a node passive. If it was the last active one, termination may be detected at once.
	Terminate struct {
		Node     int
		Detected bool // after this step
	}
	// SendMsg sends a message, perhaps to the sender itself.
	SendMsg struct{ From, To int }
	// RcvMsg receives a message, which makes the node active.
	RcvMsg struct{ Node int }
	// DetectTermination detects termination.
	DetectTermination struct{}
)

func (Terminate) action()         {}
func (SendMsg) action()           {}
func (RcvMsg) action()            {}
func (DetectTermination) action() {}

func terminated(s State) bool { return s.Active == 0 && s.Pending == [MaxNodes]int{} }

// Initial returns the states without messages, with any set of active nodes.
func (c Config) Initial() []State {
	all := []State{{Detected: true}}
	for _, active := range tla.All(c.Nodes).Subsets() {
		all = append(all, State{Active: active})
	}
	return all
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	for node := range c.Nodes {
		if s.Pending[node] > 0 {
			all = append(all, RcvMsg{node})
		}
		if !s.Active.Has(node) {
			continue
		}
		all = append(all, Terminate{node, s.Detected})
		after, _ := c.Next(s, Terminate{node, s.Detected})
		if over := terminated(after); over != s.Detected {
			all = append(all, Terminate{node, over})
		}
		for to := range c.Nodes {
			all = append(all, SendMsg{node, to})
		}
	}
	if terminated(s) {
		all = append(all, DetectTermination{})
	}
	return all
}

// Next returns the state after an action.
func (Config) Next(s State, a Action) (State, bool) {
	switch a := a.(type) {
	case Terminate:
		s.Active, s.Detected = s.Active.Without(a.Node), a.Detected
	case SendMsg:
		s.Pending[a.To]++
	case RcvMsg:
		s.Pending[a.Node]--
		s.Active = s.Active.With(a.Node)
	case DetectTermination:
		s.Detected = true
	}
	return s, true
}

// Inside reports whether a state satisfies the state constraint.
func (c Config) Inside(s State) bool {
	for _, n := range s.Pending {
		if n > c.Pending {
			return false
		}
	}
	return true
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Within(c.Inside)
	p.Always("detected only if terminated", func(s State) bool { return !s.Detected || terminated(s) })
	p.Always("terminated for good", func(s State) bool {
		for _, a := range c.Actions(s) {
			if after, _ := c.Next(s, a); terminated(s) && !terminated(after) {
				return false
			}
		}
		return true
	})
	p.Sometimes("termination detected", func(s State) bool { return s.Detected })
	p.LeadsTo("termination is detected", terminated, func(s State) bool { return s.Detected })
	p.WeakFair("DetectTermination", func(a Action) bool { return a == DetectTermination{} })
	if err := tla.Between("nodes", c.Nodes, 1, MaxNodes); err != nil {
		return nil, err
	}
	return p, tla.Between("pending", c.Pending, 0, MaxPending)
}
