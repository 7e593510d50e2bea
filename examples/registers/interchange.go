package registers

import (
	"synod/actor"
	"synod/consistency"
	"synod/register"
)

// interchange declares that clients that ask the same servers in turn are interchangeable, and readers too, each with its
// values and the numbers of its requests. Where two clients number a request alike, nobody can tell whose it is.
func (sys *System) interchange(c Config) {
	if c.From != nil {
		return // Servers know of clients that were there before.
	}
	taken := make(map[register.Request]bool)
	groups := make([][]actor.ID, 2*c.Servers) // by the server that is asked first: of clients, and of readers
	for i := range c.Clients + c.Readers {
		id, settings := c.client(i), c.settings(i)
		sys.Belong(id, consistency.Client(id))
		for k := range settings.Puts + max(settings.Gets, 1) {
			request := settings.Request(id, k)
			if taken[request] {
				return
			}
			taken[request] = true
			sys.Belong(id, request)
		}
		first := int(id) % c.Servers
		if settings.Puts == 0 {
			first += c.Servers
		}
		groups[first] = append(groups[first], id)
		for k := range min(settings.Puts, 2) {
			sys.Belong(id, settings.Value(k))
		}
	}
	for _, group := range groups {
		if len(group) > 1 {
			sys.Interchangeable(group...)
		}
	}
}
