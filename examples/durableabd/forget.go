package durableabd

import (
	"slices"

	"synod/actor"
	"synod/register"
)

// numbered is what is remembered of a client.
type numbered interface {
	comparable
	number() register.Request
}

func (w Write) number() register.Request   { return w.Request }
func (s Session) number() register.Request { return s.Request }

// forget raises the floor once there are more clients than are remembered, and forgets those that are not above it, but
// for one. They are some more than it has to, so that it happens rarely.
func (s Server) forget(st State, but actor.ID) State {
	var last []register.Request
	switch {
	case s.Remember == 0:
		return st
	case st.Sessions.Len() > s.Remember:
		last = numbers(st.Sessions, but)
	case st.Writes.Len() > s.Remember:
		last = numbers(st.Writes, but)
	default:
		return st
	}
	slices.Sort(last)
	st.Floor = max(st.Floor, last[min(s.Remember/16, len(last)-1)])
	for id, session := range st.Sessions.All() {
		if id != but && session.Request <= st.Floor {
			delete(st.Tasks, session.Task)
		}
	}
	st.Sessions = above(st.Sessions, st.Floor, but)
	st.Writes = above(st.Writes, st.Floor, but)
	return st
}

// numbers returns the numbers of the last requests of all clients but one.
func numbers[V numbered](t actor.Table[V], but actor.ID) []register.Request {
	all := make([]register.Request, 0, t.Len())
	for id, v := range t.All() {
		if id != but {
			all = append(all, v.number())
		}
	}
	return all
}

// above returns what is above the floor, and the entry of one client.
func above[V numbered](t actor.Table[V], floor register.Request, but actor.ID) actor.Table[V] {
	left := t
	for id, v := range t.All() {
		if id != but && v.number() <= floor {
			left = left.Without(id)
		}
	}
	return left
}
