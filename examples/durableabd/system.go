package durableabd

import (
	"synod/actor"
	"synod/examples/registers"
	"synod/model"
	"synod/register"
)

// Config is a system of servers and clients.
type Config = registers.Config

// Default is two clients, each of which sends each of its requests once more, and two servers.
var Default = Config{Servers: 2, Clients: 2, Puts: 1, Resends: 1}

// System is the model.
func System(c Config) *model.System[register.Message] {
	sys, _ := registers.Compose(c, func(others []actor.ID) actor.Typed[State, register.Message] {
		return Server{Peers: others, Remember: c.Remember}.New()
	})
	sys.ValueChosen()
	return sys.System
}
