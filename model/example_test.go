package model_test

import (
	"fmt"

	"synod/actor"
	"synod/model"
	"synod/model/statespace"
)

// word is what the players say.
type word string

// String returns the word as it is, for texts.
func (w word) String() string { return string(w) }

// player says its word to anyone who spoke to it, and counts the rallies.
type player struct {
	Word  word
	Opens bool // says it first, to actor 1
}

func (p player) Start(_ actor.ID, out *actor.Out[word]) int {
	if p.Opens {
		out.Send(1, p.Word)
	}
	return 0
}

func (p player) Receive(_ actor.ID, rallies int, from actor.ID, _ word, out *actor.Out[word]) int {
	out.Send(from, p.Word)
	return rallies + 1
}

// A model can be explored by hand, a state at a time. Here are two actors on a network that may lose what they say.
func Example() {
	sys := model.NewSystem[word](model.Config{Lossy: true})
	model.Add(sys, 0, actor.New[int, word](player{"ping", true}))
	model.Add(sys, 1, actor.New[int, word](player{"pong", false}))
	space, err := sys.Space()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer space.Close()
	initials, err := statespace.Initials(space)
	if err != nil {
		fmt.Println(err)
		return
	}

	// What may happen first?
	transitions, err := statespace.Transitions(space, initials[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range transitions {
		fmt.Println(t.Action.Text)
		for _, c := range statespace.Changes(space, initials[0], t.State) {
			fmt.Printf("  %s: %q becomes %q\n", c.Path, c.Old, c.New)
		}
	}

	// Keys name actions by their content, so that a path can be written down and followed again.
	path, err := statespace.Follow(space, 0, []string{`deliver 0>1 "ping"`, `deliver 1>0 "pong"`, `drop 0>1 "ping"`})
	if err != nil {
		fmt.Println(err)
		return
	}
	for slot, id := range path.Last() {
		fmt.Println(space.SlotName(slot), "is", space.Text(slot, id))
	}
	_, err = statespace.Follow(space, 0, []string{`deliver 1>0 "pong"`})
	fmt.Println(err)
	// Output:
	// 0 → 1: ping
	//   0.mailbox: "" becomes "1 → 0: pong"
	//   1: "0" becomes "1"
	//   1.mailbox: "0 → 1: ping" becomes ""
	// lost: 0 → 1: ping
	//   1.mailbox: "0 → 1: ping" becomes ""
	// 0 is 1
	// 1 is 1
	// nobody is []
	// step 1: no action "deliver 1>0 \"pong\"" in that state
}

// crossing is how a wolf, a goat and a cabbage stand on the banks of a river: true is the far one.
type crossing struct{ Farmer, Wolf, Goat, Cabbage bool }

// ferry is the model of who may cross with the farmer.
type ferry struct{}

func (ferry) Initial() []crossing       { return []crossing{{}} }
func (ferry) Actions(crossing) []string { return []string{"alone", "wolf", "goat", "cabbage"} }

// Next refuses to take what is on the other bank, and to leave alone what would eat each other.
func (ferry) Next(s crossing, with string) (crossing, bool) {
	passenger := map[string]*bool{"alone": &s.Farmer, "wolf": &s.Wolf, "goat": &s.Goat, "cabbage": &s.Cabbage}[with]
	if *passenger != s.Farmer {
		return s, false
	}
	far := !s.Farmer
	*passenger, s.Farmer = far, far
	return s, s.Goat == far || s.Wolf != s.Goat && s.Goat != s.Cabbage
}

// Any type can be the state of a model, without actors. An action that the model refuses is listed as ignored.
func ExampleNewPlain() {
	space, err := model.NewPlain(ferry{}).Space()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer space.Close()
	path, err := statespace.Follow(space, 0, []string{`"goat"`, `"alone"`, `"wolf"`})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(space.Text(0, path.Last()[0]))
	transitions, err := statespace.Transitions(space, path.Last())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range transitions {
		if t.Ignored == statespace.Counts {
			fmt.Println(t.Action.Key, "is possible")
		} else {
			fmt.Printf("%s: %v\n", t.Action.Key, t.Ignored)
		}
	}
	// Output:
	// {Farmer:true,Wolf:true,Goat:true,Cabbage:false}
	// "alone": the model refuses it
	// "cabbage": the model refuses it
	// "goat" is possible
	// "wolf" is possible
}
