package node

import (
	"fmt"
	"reflect"
	"testing"

	"synod/actor"
	"synod/internal/intern"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// user is the actor that stands for the users of nodes in the model: all its proposals are in flight from the start.
type user struct{ requests []actor.Envelope[rsm.Message] }

func (u user) Start(_ actor.ID, out *actor.Out[rsm.Message]) int {
	for _, r := range u.requests {
		out.Send(r.To, r.Message)
	}
	return 0
}

func (user) Receive(_ actor.ID, st int, _ actor.ID, _ rsm.Message, _ *actor.Out[rsm.Message]) int {
	return st
}

// A run of nodes, with view changes, a node that is cut off and another that is slow, is a path of the model of the
// same actors: everything that happens to a node can happen there, and leaves it in the same state.
func TestRunIsPath(t *testing.T) {
	w := newCluster(t, 3)
	type happening struct {
		self actor.ID
		event
	}
	var run []happening
	w.watch = func(self actor.ID, e event) { run = append(run, happening{self, e}) }
	w.begin()
	w.run(20)
	w.propose(0, 1)
	w.propose(2, 1)
	w.run(10)
	w.isolate(w.leader(), true)
	w.propose(0, 2)
	w.propose(1, 1)
	w.run(2_600)
	w.isolate(1, false)
	w.propose(2, 2)
	w.run(2_600)
	w.expect(5, 0, 1, 2)

	var u user
	for _, h := range run {
		if h.from == 3 {
			u.requests = append(u.requests, actor.Envelope[rsm.Message]{From: 3, To: h.self, Message: h.message})
		}
	}
	sys := model.NewSystem[rsm.Message](model.Config{Network: network.UnorderedNonDuplicating})
	var states []model.Projection[string]
	text := func(st state) string { return fmt.Sprintf("%+v", st) }
	for _, c := range w.configs {
		states = append(states, model.Project(sys, model.Add(sys, c.ID, newServer(c).New()), text))
	}
	model.Add(sys, 3, actor.New[int, rsm.Message](u))
	for i, k := range w.nodes {
		sys.Sometimes(fmt.Sprint("as node ", i), func(v model.View) bool {
			st, _ := states[i].In(v)
			return st == text(k.state)
		})
	}

	values, err := intern.For[any]()
	if err != nil {
		t.Fatal(err)
	}
	space, err := sys.Space()
	if err != nil {
		t.Fatal(err)
	}
	at := initial(t, space)
	for i, h := range run {
		want := fmt.Sprintf("%v: timeout of %s", h.self, values.Brief(h.timer))
		if h.timer == nil {
			want = fmt.Sprintf("%v → %v: %s", h.from, h.self, values.Brief(any(h.message)))
		}
		next, err := statespace.Transitions(space, at)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, n := range next {
			if n.Action.Text == want {
				at, found = n.State, true
				break
			}
		}
		if !found {
			t.Fatalf("event %d of %d, %s, cannot happen in the model", i, len(run), want)
		}
	}
	answers, err := statespace.Answers(space, at)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(answers, []bool{true, true, true}) {
		t.Errorf("the states of the nodes are those of the model: %v: want all", answers)
	}
	for i := range w.nodes {
		if st := w.nodes[i].status(); st.State == systembuilders.LeaderElection {
			t.Errorf("node %d is in election at the end", i)
		}
	}
}

func initial(t *testing.T, space statespace.Space) []statespace.PartID {
	t.Helper()
	initials, err := statespace.Initials(space)
	if err != nil || len(initials) != 1 {
		t.Fatalf("%d initial states, %v: want one", len(initials), err)
	}
	return initials[0]
}
