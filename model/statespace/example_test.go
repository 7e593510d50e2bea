package statespace_test

import (
	"fmt"

	"synod/model"
	"synod/model/statespace"
)

// walk is a model of someone who takes steps of one or two, up to three in all.
type walk struct{}

func (walk) Initial() []int { return []int{0} }

func (walk) Actions(at int) []string {
	if at >= 3 {
		return nil
	}
	return []string{"one", "two"}
}

func (walk) Next(at int, step string) (int, bool) {
	if step == "two" {
		return at + 2, at+2 <= 3
	}
	return at + 1, true
}

// A walk on demand needs no search: it takes the transitions of one state after the other.
func ExampleTransitions() {
	space, err := model.NewPlain[int, string](walk{}).Space()
	if err != nil {
		panic(err)
	}
	defer space.Close()
	initials, err := statespace.Initials(space)
	if err != nil {
		panic(err)
	}
	path, err := statespace.FollowFrom(space, initials[0], []string{`"one"`, `"one"`})
	if err != nil {
		fmt.Println(err)
		return
	}
	transitions, err := statespace.Transitions(space, path.Last())
	if err != nil {
		panic(err)
	}
	for _, t := range transitions {
		if t.Ignored != statespace.Counts {
			fmt.Println(t.Action.Text, "is no transition:", t.Ignored)
			continue
		}
		fmt.Println(t.Action.Text, "leads to", space.Text(0, t.State[0]))
	}
	// Output:
	// one leads to 3
	// two is no transition: the model refuses it
}
