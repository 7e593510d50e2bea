package backup

import (
	"synod/actor"
	"synod/model"
)

// Config describes which parts a system has, and what may go wrong in it.
type Config struct {
	Writes    int  // of the client
	Hasty     bool // chapter 2: the primary answers too early
	Forgetful bool // chapter 3: a backup that crashes loses its value
	Patient   bool // chapter 4: the client asks again
	Fair      bool // chapter 4: a message that is sent again and again arrives at some time
	model.Config
}

// System is the model: client 0, primary 1 and backup 2.
func System(c Config) *model.System[Message] {
	const client, primary, backup = actor.ID(0), actor.ID(1), actor.ID(2)
	sys := model.NewSystem[Message](c.Config)

	writer := actor.New[Progress, Message](Client{primary, c.Writes})
	if c.Patient {
		writer = Patient{Client{primary, c.Writes}}.New()
	}
	copies := Backup{}.Durable()
	if c.Forgetful {
		copies = actor.New[int, Message](Backup{})
	}
	progress := model.Add(sys, client, writer)
	model.Add(sys, primary, actor.New[Held, Message](Primary{backup, c.Hasty}))
	copied := model.Add(sys, backup, copies)
	sys.Roles("client", client)
	sys.Roles("primary", primary)
	sys.Roles("backup", backup)
	sys.Crashable(backup)

	sys.Always("no answered write is lost", func(v model.View) bool {
		p, _ := progress.In(v)
		value, up := copied.In(v)
		return !up || value >= p.Done
	})
	written := func(v model.View) bool {
		p, _ := progress.In(v)
		return p.Done == c.Writes
	}
	sys.Sometimes("all is written", written)
	if c.Patient {
		sys.Eventually("all gets written", written)
	}
	if c.Fair {
		sys.StrongFair(model.Deliveries())
		sys.WeakFair(model.Timeouts())
	}
	return sys
}
