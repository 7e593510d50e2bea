package checker_test

import (
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/internal/reference"
	"synod/model"
	"synod/network"
	"synod/register"
)

// cell is a register of one server.
type cell struct{}

type cellOut = register.Out[int]

func (cell) Start(actor.ID, *cellOut) register.Value { return 0 }

func (cell) Put(_ actor.ID, _ register.Value, from actor.ID, r register.Request, v register.Value, out *cellOut) register.Value {
	out.PutOk(from, r)
	return v
}

func (cell) Get(_ actor.ID, st register.Value, from actor.ID, r register.Request, out *cellOut) register.Value {
	out.GetOk(from, r, st)
	return st
}

func (cell) Receive(_ actor.ID, st register.Value, _ actor.ID, _ int, _ *cellOut) register.Value {
	return st
}

// mute is a cell that answers a get, and stores nothing.
type mute struct{ cell }

func (mute) Put(_ actor.ID, st register.Value, from actor.ID, r register.Request, _ register.Value, out *cellOut) register.Value {
	out.PutOk(from, r)
	return st
}

// TestCrashingClients compares with the plain search a register whose clients crash while they wait for answers: what they
// asked for stays pending, and they go on.
func TestCrashingClients(t *testing.T) {
	for name, c := range map[string]struct {
		server  actor.Typed[register.Value, register.Message]
		verdict checker.Verdict
	}{
		"sound":  {register.Serve[register.Value, int](cell{}), checker.Holds},
		"broken": {register.Serve[register.Value, int](mute{}), checker.Violated},
	} {
		for _, config := range []model.Config{
			{MaxDown: 1, MaxCrashes: 1},
			{MaxDown: 2, MaxCrashes: 2},
			{MaxDown: 1, MaxCrashes: 1, Network: network.Ordered, Lossy: true},
		} {
			t.Run(name, func(t *testing.T) {
				sys := newTwin[register.Message](config)
				sys.ref.Crashable = []actor.ID{1, 2}
				sys.sys.Crashable(1, 2)
				model.Add(sys.sys, 0, c.server)
				sys.ref.Actors = append(sys.ref.Actors, reference.Erase(0, c.server))
				for i, client := range register.Clients([]actor.ID{0}, 2, 1) {
					model.Add(sys.sys, actor.ID(i+1), client)
					sys.ref.Actors = append(sys.ref.Actors, reference.Erase(actor.ID(i+1), client))
				}
				model.Record(sys.sys, register.Linearizable())
				sys.ref.Observers = append(sys.ref.Observers, reference.Watch(register.Linearizable()))
				o := checker.Options{FinishWhen: checker.Exhausted, MaxStates: 4_000}
				if brief() {
					o.MaxStates = 1_000
				}
				compare(t, sys.sys, sys.ref.Model(), o, 1, 4)
				r := checker.BFS(t.Context(), sys.sys, checker.Options{})
				defer r.Close()
				if r.Err != nil || r.Properties[0].Verdict != c.verdict {
					t.Errorf("error %v, %v", r.Err, r.Properties[0].Verdict)
				}
			})
		}
	}
}
