// Package ewd840 is Dijkstra's termination detection on a ring with synchronous messages (EWD 840), after the TLA+
// example by Stephan Merz.
package ewd840

import (
	"synod/examples/tla"
	"synod/model"
)

// Config is the number of nodes.
type Config struct{ Nodes int } // 1 to MaxNodes

// MaxNodes bounds Config.Nodes.
const MaxNodes = 16

// Default has three nodes.
var Default = Config{Nodes: 3}

// State is a state of the ring. The token is passed from each node to the one below.
type State struct {
	Active     tla.Set
	Black      tla.Set
	Token      int
	TokenBlack bool
}

// Action is a step of a node.
//
//sumtype:decl
type Action interface{ action() }

// The actions, by their names in the original.
type (
	// InitiateProbe sends a white token around the ring, and makes node 0 white.
	InitiateProbe struct{}
	// PassToken passes the token on. It becomes black if its holder is black; the holder becomes white.
	PassToken struct{}
	// SendMsg activates another node; a sender that activates a higher node becomes black.
	SendMsg struct{ From, To int }
	// Deactivate makes a node passive.
	Deactivate struct{ Node int }
)

func (InitiateProbe) action() {}
func (PassToken) action()     {}
func (SendMsg) action()       {}
func (Deactivate) action()    {}

// Initial returns the states with a black token at any node, and nodes of any activity and colour.
func (c Config) Initial() []State {
	var all []State
	for _, active := range tla.All(c.Nodes).Subsets() {
		for _, black := range tla.All(c.Nodes).Subsets() {
			for token := range c.Nodes {
				all = append(all, State{active, black, token, true})
			}
		}
	}
	return all
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	switch {
	case s.Token == 0 && (s.TokenBlack || s.Black.Has(0)):
		all = append(all, InitiateProbe{})
	case s.Token > 0 && (!s.Active.Has(s.Token) || s.Black.Has(s.Token) || s.TokenBlack):
		all = append(all, PassToken{})
	}
	for _, node := range s.Active.Members() {
		for to := range c.Nodes {
			if to != node {
				all = append(all, SendMsg{node, to})
			}
		}
		all = append(all, Deactivate{node})
	}
	return all
}

// Next returns the state after an action.
func (c Config) Next(s State, a Action) (State, bool) {
	switch a := a.(type) {
	case InitiateProbe:
		s.Token, s.TokenBlack, s.Black = c.Nodes-1, false, s.Black.Without(0)
	case PassToken:
		s.TokenBlack = s.TokenBlack || s.Black.Has(s.Token)
		s.Black = s.Black.Without(s.Token)
		s.Token--
	case SendMsg:
		s.Active = s.Active.With(a.To)
		if a.To > a.From {
			s.Black = s.Black.With(a.From)
		}
	case Deactivate:
		s.Active = s.Active.Without(a.Node)
	}
	return s, true
}

func detected(s State) bool {
	return s.Token == 0 && !s.TokenBlack && !s.Black.Has(0) && !s.Active.Has(0)
}

// invariant is Dijkstra's invariant: all nodes that the token has passed are passive, or a node that it has not
// passed is black, or the token is black.
func (c Config) invariant(s State) bool {
	passed := tla.All(c.Nodes) &^ tla.All(s.Token+1)
	return s.Active&passed == 0 || s.Black&tla.All(s.Token+1) != 0 || s.TokenBlack
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("detected only if terminated", func(s State) bool { return !detected(s) || s.Active == 0 })
	p.Always("Dijkstra's invariant", c.invariant)
	p.Sometimes("termination detected", detected)
	p.LeadsTo("termination is detected", func(s State) bool { return s.Active == 0 }, detected)
	p.WeakFair("System", func(a Action) bool {
		switch a.(type) {
		case InitiateProbe, PassToken:
			return true
		case SendMsg, Deactivate:
		}
		return false
	})
	return p, tla.Between("nodes", c.Nodes, 1, MaxNodes)
}

// Witnesses returns how often TLC generates an action: once for each disjunct of its condition that is true.
func Witnesses(s State, a Action) int {
	n := 0
	add := func(holds bool) {
		if holds {
			n++
		}
	}
	switch a.(type) {
	case InitiateProbe:
		add(s.TokenBlack)
		add(s.Black.Has(0))
	case PassToken:
		add(!s.Active.Has(s.Token))
		add(s.Black.Has(s.Token))
		add(s.TokenBlack)
	case SendMsg, Deactivate:
		return 1
	}
	return n
}
