// Package singlecopy is a register that each server keeps for itself: correct with one server, and the least example of
// what is not linearizable with two.
package singlecopy

import (
	"synod/actor"
	"synod/register"
)

type (
	// State is the local state of a server: the value stored last, at first none.
	State struct{ Value register.Value }
	// Message is what servers say to one another: nothing.
	Message struct{}
	// Server stores and tells. It needs no configuration.
	Server struct{}
	// Out is what its handlers command through.
	Out = register.Out[Message]
)

// New returns the actor of a server.
func New() actor.Typed[State, register.Message] { return register.Serve(Server{}) }

// Start begins without a value.
func (Server) Start(actor.ID, *Out) State { return State{} }

// Put stores the value and says so.
func (Server) Put(_ actor.ID, st State, from actor.ID, r register.Request, v register.Value, out *Out) State {
	st.Value = v
	out.PutOk(from, r)
	return st
}

// Get returns what is stored.
func (Server) Get(_ actor.ID, st State, from actor.ID, r register.Request, out *Out) State {
	out.GetOk(from, r, st.Value)
	return st
}

// Receive ignores the other servers.
func (Server) Receive(_ actor.ID, st State, _ actor.ID, _ Message, _ *Out) State { return st }
