package model

import (
	"errors"

	"synod/actor"
	"synod/invariant"
)

// Demand adds an invariant of servers as an always property of the same name. The invariant is evaluated on the
// states of those servers that are up. The same invariant can be checked on running servers; see package invariant.
func Demand[M, S any](sys *System[M], i invariant.Invariant[S], servers ...Ref[S]) {
	ids := make([]actor.ID, len(servers))
	for k, r := range servers {
		if !sys.owns(r.of, "Demand: a Ref", "Add") {
			return
		}
		ids[k] = sys.actors[r.slot].id
	}
	if i.Name() == "" {
		sys.Check(errors.New("an invariant without a name: make it by invariant.Each or invariant.All"))
		return
	}
	sys.Always(i.Name(), func(v View) bool {
		states := make(map[actor.ID]S, len(servers))
		for k, r := range servers {
			if state, up := r.In(v); up {
				states[ids[k]] = state
			}
		}
		return i.Holds(states)
	})
}
