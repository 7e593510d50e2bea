package lease

import (
	"fmt"
	"time"

	"synod/actor"
	"synod/model"
)

// Config is a system of a server, with the id 0, and clients with the ids that follow.
type Config struct {
	Clients      int // 1 to MaxClients
	Attempts     int // of each client to get the lock, 1 to MaxAttempts
	model.Config     // the network, and what may go wrong; the server may crash
}

// The bounds of a Config.
const (
	MaxClients  = 32
	MaxAttempts = 100
)

// Default is two clients with two attempts each.
var Default = Config{Clients: 2, Attempts: 2}

// Validate returns what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	switch {
	case c.Clients < 1 || c.Clients > MaxClients:
		return fmt.Errorf("%d clients: expected 1 to %d", c.Clients, MaxClients)
	case c.Attempts < 1 || c.Attempts > MaxAttempts:
		return fmt.Errorf("%d attempts: expected 1 to %d", c.Attempts, MaxAttempts)
	}
	return nil
}

// Terms of a lease, for the client and the server, and how long the client works. A model knows no durations; what
// matters of these is in its boundary.
const (
	clientTerm = 10 * time.Second
	serverTerm = 12 * time.Second
	workTime   = 2 * time.Second
)

// System is the model. Its boundary is the assumption about clocks: the server's time for a lease, which begins later and
// is longer, does not end before the client's.
func System(c Config) *model.System[Message] {
	sys := model.NewSystem[Message](c.Config)
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return sys
	}
	const server = actor.ID(0)
	lock := model.Add(sys, server, Server{Term: serverTerm}.New())
	sys.Crashable(server)
	sys.Roles("server", server)
	expired := model.Project(sys, lock, func(st Lock) Grant { return st.Expired })
	var clients []model.Ref[State]
	for i := range c.Clients {
		client := Client{Server: server, Attempts: Attempt(c.Attempts), Term: clientTerm, Work: workTime}
		clients = append(clients, model.Add(sys, actor.ID(i+1), client.New()))
		sys.Roles("client", actor.ID(i+1))
	}
	sys.Interchangeable(actor.IDs(c.Clients + 1)[1:]...)
	sys.Within(func(v model.View) bool {
		ended, up := expired.In(v)
		if !up || ended == (Grant{}) {
			return true
		}
		st, _ := clients[ended.Client-1].In(v)
		return !st.Running || st.Attempt > ended.Attempt
	})
	holders := func(v model.View) int {
		n := 0
		for _, client := range clients {
			if st, up := client.In(v); up && st.Holding {
				n++
			}
		}
		return n
	}
	sys.Always("mutual exclusion", func(v model.View) bool { return holders(v) <= 1 })
	sys.Sometimes("the lock is held", func(v model.View) bool { return holders(v) == 1 })
	sys.Sometimes("a lease ends by time", func(v model.View) bool {
		ended, up := expired.In(v)
		return up && ended != (Grant{})
	})
	return sys
}
