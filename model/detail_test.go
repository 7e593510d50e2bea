package model_test

import (
	"slices"
	"strings"
	"testing"

	"synod/examples/singledecree"
	"synod/model/statespace"
)

// walkTo takes, n times, the first action that counts.
func walkTo(t *testing.T, space statespace.Space, n int) []statespace.PartID {
	t.Helper()
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	state := initials[0]
	for range n {
		transitions, err := statespace.Transitions(space, state)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(transitions, func(x statespace.Transition) bool { return x.Ignored == statespace.Counts })
		state = transitions[i].State
	}
	return state
}

func TestDetail(t *testing.T) {
	space, err := singledecree.System(singledecree.Default).Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	detailer := space.(statespace.Detailer)
	state := walkTo(t, space, 3)
	for slot, id := range state {
		d, err := detailer.Detail(slot, id)
		if err != nil {
			t.Fatal(err)
		}
		name := space.SlotName(slot)
		// Everything that a text shows is in the detail as well.
		text := space.Text(slot, id)
		for _, l := range d.Letters {
			if !strings.Contains(text, l.From+" → "+l.To+": "+l.Message) {
				t.Errorf("slot %s: %+v is not in %q", name, l, text)
			}
			transitions, err := statespace.Transitions(space, state)
			if err != nil {
				t.Fatal(err)
			}
			if l.Deliverable != slices.ContainsFunc(transitions, func(x statespace.Transition) bool {
				return x.Action.Key == "deliver "+l.Key
			}) {
				t.Errorf("slot %s: no delivery of %q", name, l.Key)
			}
		}
		if d.Role != statespace.RoleNobody && !strings.HasPrefix(text, d.Value.Text) {
			t.Errorf("slot %s: %q does not begin with %q", name, text, d.Value.Text)
		}
	}
	server, err := detailer.Detail(0, walkTo(t, space, 1)[0])
	if err != nil {
		t.Fatal(err)
	}
	if !server.Durable || len(server.Lost) == 0 {
		t.Errorf("a proposing server loses %+v", server.Lost)
	}
	for _, lost := range server.Lost {
		if strings.HasPrefix(lost.Path, "Durable") {
			t.Errorf("a crash loses %+v", lost)
		}
	}
	answers, err := statespace.Answers(space, state)
	if err != nil || !slices.Equal(answers, []bool{true, true, true, false}) {
		t.Errorf("answers %v, %v", answers, err)
	}
}

// Messages that a step sends are told apart from its other effects.
func TestSent(t *testing.T) {
	space, err := singledecree.System(singledecree.Default).Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	transitions, err := statespace.Transitions(space, initials[0])
	if err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, e := range transitions[0].Effects {
		if l, ok := space.(statespace.Detailer).Sent(e); ok {
			sent = append(sent, l.From+">"+l.To+" "+l.Message)
		}
	}
	if want := []string{"server 0>server 1 Prepare(ballot (1, 0))", "server 0>server 2 Prepare(ballot (1, 0))"}; !slices.Equal(sent, want) {
		t.Errorf("%s sends %q, want %q", transitions[0].Action.Text, sent, want)
	}
}
