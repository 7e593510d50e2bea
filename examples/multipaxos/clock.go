package multipaxos

import (
	"time"

	"synod/actor"
	"synod/model"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// A model does not represent elapsed time: a timer that is set may fire at any time. For leases each server has a clock
// of its own instead, which may tick at any time, and by which the timers of its leases fire. The clocks drift: between
// two ticks of one clock, each other one ticks once, at any moment. So over any period two clocks differ by at most one
// tick, and how long a tick takes is not bounded. While a server is down its clock stands still.

// tick is the timer of a clock, and what a model counts as the time between two ticks.
const tick = clockTimer(time.Second)

type clockTimer time.Duration

// String returns the name of the timer.
func (clockTimer) String() string { return "tick" }

// readings is the number of readings of a clock, after which it starts over: enough to compare two that differ by at
// most one tick.
const readings = 3

// Clocked is the state of a server with a clock. Term and Grant are the ticks until these timers fire; 0 if they are
// not set.
type Clocked[S any] struct {
	Server      S
	Reading     int
	Term, Grant int
}

// kept is the part of it that survives a crash.
type kept struct {
	Server  any
	Reading int
}

// clocked returns a server with a clock.
func clocked[S any](server actor.Typed[S, rsm.Message]) actor.Typed[Clocked[S], rsm.Message] {
	return actor.Typed[Clocked[S], rsm.Message]{
		Start: func(self actor.ID, out *out) (st Clocked[S]) {
			out.SetTimer(tick, time.Duration(tick), time.Duration(tick))
			return st.step(out, func(out *actor.Out[rsm.Message]) S { return server.Start(self, out) })
		},
		Receive: func(self actor.ID, st Clocked[S], from actor.ID, msg rsm.Message, out *out) Clocked[S] {
			return st.step(out, func(out *actor.Out[rsm.Message]) S { return server.Receive(self, st.Server, from, msg, out) })
		},
		Timeout: func(self actor.ID, st Clocked[S], timer actor.Timer, out *out) Clocked[S] {
			fire := func(timer actor.Timer) {
				st = st.step(out, func(out *actor.Out[rsm.Message]) S { return server.Timeout(self, st.Server, timer, out) })
			}
			if timer != tick {
				fire(timer)
				return st
			}
			out.SetTimer(tick, time.Duration(tick), time.Duration(tick))
			st.Reading = (st.Reading + 1) % readings
			for _, timer := range []multipaxos.LeaseTimer{multipaxos.Term, multipaxos.Grant} {
				if left := st.left(timer); *left > 0 {
					if *left--; *left == 0 {
						fire(timer)
					}
				}
			}
			return st
		},
		Keep: func(st Clocked[S]) any { return kept{server.Keep(st.Server), st.Reading} },
		Recover: func(self actor.ID, k any, out *out) Clocked[S] {
			out.SetTimer(tick, time.Duration(tick), time.Duration(tick))
			st := Clocked[S]{Reading: k.(kept).Reading}
			return st.step(out, func(out *actor.Out[rsm.Message]) S { return server.Recover(self, k.(kept).Server, out) })
		},
		Value: server.Value,
	}
}

type out = actor.Out[rsm.Message]

// left returns the ticks until a timer fires.
func (st *Clocked[S]) left(timer multipaxos.LeaseTimer) *int {
	if timer == multipaxos.Term {
		return &st.Term
	}
	return &st.Grant
}

// step returns the state after a step of the server, whose lease timers run by the clock.
func (st Clocked[S]) step(to *out, handle func(*out) S) Clocked[S] {
	var commands out
	st.Server = handle(&commands)
	for _, c := range commands.Commands() {
		timer, lease := c.Timer.(multipaxos.LeaseTimer)
		switch {
		case c.Kind == actor.Send:
			to.Send(c.To, c.Message)
		case lease:
			*st.left(timer) = int(c.Min / time.Duration(tick))
		case c.Kind == actor.SetTimer:
			to.SetTimer(c.Timer, c.Min, c.Max)
		case c.Kind == actor.CancelTimer:
			to.CancelTimer(c.Timer)
		case c.Kind == actor.Choose: // Servers choose nothing.
		}
	}
	return st
}

// keepTime makes the system one in which the clocks of servers that are up drift by at most one tick: they tick in
// turns.
func (sys *system[O]) keepTime() {
	sys.Within(func(v model.View) bool {
		ahead, last := 0, -1
		for _, clock := range sys.clocks {
			reading, up := clock.In(v)
			if !up {
				continue
			}
			if last >= 0 {
				ahead += (last - reading + readings) % readings
			}
			last = reading
		}
		return ahead <= 1
	})
	sys.Always("a lease: while it is in force, nobody leads at a higher ballot", func(v model.View) bool {
		for i, lease := range sys.leases {
			holds, up := lease.In(v)
			if !up || !holds {
				continue
			}
			holder, _ := sys.leaders[i].In(v)
			for _, other := range sys.leaders {
				if l, up := other.In(v); up && l.Active && holder.Ballot.Less(l.Ballot) {
					return false
				}
			}
		}
		return true
	})
	sys.Sometimes("a lease", func(v model.View) bool {
		for _, lease := range sys.leases {
			if holds, up := lease.In(v); up && holds {
				return true
			}
		}
		return false
	})
}
