package abd

import (
	"synod/examples/registers"
	"synod/model"
	"synod/register"
)

// Config is a system of servers and clients.
type Config = registers.Config

// Default is two clients and two servers.
var Default = Config{Servers: 2, Clients: 2, Puts: 1}

// System is the model. On a duplicating network it has infinitely many states and is not linearizable: a repeated Put
// writes again.
func System(c Config) *model.System[register.Message] {
	sys, _ := registers.Compose(c, New)
	sys.ValueChosen()
	return sys.System
}
