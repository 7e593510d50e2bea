package singlecopy

import (
	"synod/actor"
	"synod/examples/registers"
	"synod/model"
	"synod/register"
)

// Config is a system of servers and clients.
type Config = registers.Config

// Default is two clients and two servers, which is not linearizable: a client that asks the other server misses a put.
var Default = Config{Servers: 2, Clients: 2, Puts: 1}

// System is the model. On a duplicating network even one server is not linearizable: a repeated Put stores again.
func System(c Config) *model.System[register.Message] {
	sys, _ := registers.Compose(c, func([]actor.ID) actor.Typed[State, register.Message] { return New() })
	sys.ValueChosen()
	return sys.System
}
