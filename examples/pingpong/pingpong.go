// Package pingpong is the first model to read: two players that send a ball to and fro, and count.
package pingpong

import "synod/actor"

// Ball is the message: how often it was hit, from 1.
type Ball int

type (
	// State is the local state of a player: how often the ball had been hit when the player hit it last, 0 at first.
	State struct{ Hits Ball }
	// Player is its configuration.
	Player struct {
		Serves   bool
		Opponent actor.ID
		Most     Ball // the ball is out after so many hits
	}
	// Out is what its handlers command through.
	Out = actor.Out[Ball]
)

// New returns an actor of the player.
func (p Player) New() actor.Typed[State, Ball] { return actor.New[State, Ball](p) }

// Start serves, if it is the player's turn to.
func (p Player) Start(_ actor.ID, out *Out) State {
	if !p.Serves {
		return State{}
	}
	out.Send(p.Opponent, 1)
	return State{Hits: 1}
}

// Receive hits the ball, unless it has passed already.
func (p Player) Receive(_ actor.ID, st State, from actor.ID, ball Ball, out *Out) State {
	if ball > st.Hits && ball < p.Most {
		st.Hits = ball + 1
		out.Send(from, st.Hits)
	}
	return st
}
