package registers

import (
	"synod/actor"
	"synod/model"
	"synod/register"
)

// Run is a state that servers which run for real were in. A system that begins there has their servers, under their
// ids, and clients of the model besides those that waited for an answer.
type Run struct {
	Servers []actor.ID // in ascending order; Config.Servers is their number
	State   model.Beginning[register.Message]
	Waiting []Waiting
	Before  register.History // what clients had done, in which the operations of Waiting are pending
	First   actor.ID         // the id of the first new client; those that follow are free as well
	Forget  bool             // a server that crashes forgets everything
	// Unjudged is set if too little is known of what was before to tell whether the whole is linearizable.
	Unjudged bool
}

// Waiting is a client that waits for the answer to a request. It asks for nothing else afterwards.
type Waiting struct {
	Client  actor.ID
	Request register.Request
}

// ids returns the ids of the servers.
func (c Config) ids() []actor.ID {
	if c.From != nil {
		return c.From.Servers
	}
	return actor.IDs(c.Servers)
}

// client returns the id of a client or reader, counting from 0.
func (c Config) client(i int) actor.ID {
	if c.From != nil {
		return c.From.First + actor.ID(i)
	}
	return actor.ID(c.Servers + i)
}

// resume lets the system begin where the run was.
func (sys *System) resume(run *Run) {
	for _, w := range run.Waiting {
		model.Add(sys.System, w.Client, register.Client{Servers: run.Servers}.New())
		sys.Roles("client", w.Client)
		run.State.Actors[w.Client] = model.Begun{State: register.ClientState{Awaiting: w.Request, Requests: 1}}
	}
	model.Remember(sys.System, sys.History, run.Before)
	sys.Begin(run.State)
}
