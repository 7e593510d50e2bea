package figure8

import (
	"slices"

	"synod/actor"
	"synod/model"
)

// System is five servers that begin as in Figure 8 (c): S1 leads term 4 and has just sent its log to others; entry 2, of
// term 2, is on S1, S2 and S3; S5 has missed all that since it led term 3.
func System(countsOld bool) *model.System[Message] {
	sys := model.NewSystem[Message](model.Config{MaxTimeouts: 2})
	ids := []actor.ID{1, 2, 3, 4, 5}
	var servers []model.Ref[State]
	for _, id := range ids {
		s := Server{Others: actor.Others(ids, id), CountsOld: countsOld}
		servers = append(servers, model.Add(sys, id, s.New()))
	}
	sys.Roles("server", ids...)
	sys.Begin(figure())

	sys.Always("leader completeness", func(v model.View) bool {
		for _, a := range servers {
			st, _ := a.In(v)
			for _, b := range servers {
				leads, _ := b.In(v)
				if leads.Role == Leader && leads.Term >= st.Term && !contains(leads.Log, st.Log.Slice()[:st.Committed]) {
					return false
				}
			}
		}
		return true
	})
	sys.Sometimes("S5 leads", func(v model.View) bool {
		st, _ := servers[4].In(v)
		return st.Role == Leader
	})
	return sys
}

func contains(log actor.List[Term], entries []Term) bool {
	return log.Len() >= len(entries) && slices.Equal(log.Slice()[:len(entries)], entries)
}

// figure is the state of Figure 8 (c), one answer of S3 and two messages of S1 in flight.
func figure() model.Beginning[Message] {
	follower := func(term Term, log ...Term) model.Begun {
		return model.Begun{State: State{Term: term, Voted: true, Log: actor.ListOf(log...), Role: Follower, Committed: 1}}
	}
	leader := State{Term: 4, Voted: true, Log: actor.ListOf[Term](1, 2, 4), Role: Leader, Committed: 1}
	leader.Match = leader.Match.With(1, 3).With(2, 2)
	s5 := follower(3, 1, 3)
	s5.Timers = []actor.Timer{election{}}
	return model.Beginning[Message]{
		Actors: map[actor.ID]model.Begun{
			1: {State: leader}, 2: follower(4, 1, 2), 3: follower(4, 1, 2), 4: follower(4, 1), 5: s5,
		},
		Flights: []actor.Envelope[Message]{
			{From: 3, To: 1, Message: Appended{4, 2}},
			{From: 1, To: 2, Message: Append{4, leader.Log}},
			{From: 1, To: 3, Message: Append{4, leader.Log}},
		},
	}
}
