package systembuilders

import (
	"synod/actor"
	"synod/model"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// LosesDisk fires when a server crashes, loses its disk, and returns without it.
type LosesDisk struct{}

// String returns "disk lost".
func (LosesDisk) String() string { return "disk lost" }

// losing returns a server that may lose its disk once. How long it is down does not matter: messages to it are
// delayed.
func losing[S, O, R any](
	a actor.Typed[systembuilders.State[S, O, R], rsm.Message],
) actor.Typed[systembuilders.State[S, O, R], rsm.Message] {
	start, timeout := a.Start, a.Timeout
	a.Start = func(self actor.ID, out *actor.Out[rsm.Message]) systembuilders.State[S, O, R] {
		out.SetTimer(LosesDisk{}, 0, 0)
		return start(self, out)
	}
	a.Timeout = func(
		self actor.ID, st systembuilders.State[S, O, R], timer actor.Timer, out *actor.Out[rsm.Message],
	) systembuilders.State[S, O, R] {
		if timer != (LosesDisk{}) {
			return timeout(self, st, timer, out)
		}
		for _, set := range []actor.Timer{
			systembuilders.Progress{}, systembuilders.Proof{}, systembuilders.Resend{}, systembuilders.Forward{},
		} {
			out.CancelTimer(set)
		}
		for id := range st.Pending.All() {
			out.CancelTimer(systembuilders.PendingUpdate{ID: id})
		}
		return a.Recover(self, systembuilders.Lost[O](1), out)
	}
	return a
}

// loses reports whether a server may lose its disk: the last Lost servers may.
func (c Config) loses(id actor.ID) bool { return int(id) >= c.Servers-c.Lost }

// returned records which servers lost their disks, and which of them took part again.
type returned struct {
	Lost, Voted map[actor.ID]bool
}

// returns adds the property that a server that lost its disk votes again in some state.
func (sys *system[O]) returns() {
	seen := model.Record(sys.System, actor.Observer[rsm.Message, returned]{
		Name: "servers without their disks",
		Sees: func(e actor.Envelope[rsm.Message], p actor.Passage) bool { return p == actor.Sent && message(e) != nil },
		Next: func(r returned, e actor.Envelope[rsm.Message], _ actor.Passage) (returned, error) {
			next := returned{r.Lost, r.Voted}
			switch message(e).(type) {
			case systembuilders.Recover:
				next.Lost = with(copied(r.Lost), e.From, true)
			case systembuilders.Prepare, systembuilders.PrepareOK[O], systembuilders.Proposal[O], systembuilders.Accept:
				if r.Lost[e.From] {
					next.Voted = with(copied(r.Voted), e.From, true)
				}
			case systembuilders.ViewChange, systembuilders.VCProof, systembuilders.ClientUpdate[O],
				systembuilders.GloballyOrderedUpdate[O], systembuilders.Learn, systembuilders.Snapshot,
				systembuilders.SnapshotPart, systembuilders.LearnPart, systembuilders.Collect, systembuilders.Recovered:
			}
			return next, nil
		},
	})
	sys.Sometimes("a vote of a server that lost its disk", func(v model.View) bool { return len(seen.In(v).Voted) > 0 })
}

// copied returns a copy of a map, or nil if it is empty.
func copied[K comparable, V any](m map[K]V) map[K]V {
	var c map[K]V
	for k, v := range m {
		c = with(c, k, v)
	}
	return c
}
