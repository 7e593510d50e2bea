package trace_test

import (
	"fmt"
	"os"
	"strings"

	"synod/model"
	"synod/model/statespace"
	"synod/trace"
)

// A traffic light, by its colour.
type light struct{}

func (light) Initial() []string         { return []string{"red"} }
func (light) Actions(s string) []string { return []string{"switch"} }

func (light) Next(s, _ string) (string, bool) {
	return map[string]string{"red": "green", "green": "amber", "amber": "red"}[s], true
}

// Example takes a path down, writes it to a file, and walks it again in another space.
func Example() {
	source := model.NewPlain(light{})
	space, err := source.Space()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer space.Close()
	path, err := statespace.Follow(space, 0, []string{`"switch"`, `"switch"`})
	if err != nil {
		fmt.Println(err)
		return
	}

	var file strings.Builder // or an *os.File
	document := trace.Document{
		Model:  "light",
		Traces: []trace.Trace{trace.New(space, "amber", trace.Example, path)},
	}
	if err := trace.WriteJSON(&file, document); err != nil {
		fmt.Println(err)
		return
	}

	read, err := trace.ReadJSON(strings.NewReader(file.String()))
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := source.Space()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer again.Close()
	replayed, err := trace.Replay(again, read.Traces[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ends in", again.Text(0, replayed.Last()[0]))
	if err := trace.Text(os.Stdout, read.Traces[0]); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ends in "amber"
	// Example of "amber":
	//   0. initial state
	//        state: "red"
	//   1. switch
	//        state: "red" → "green"
	//   2. switch
	//        state: "green" → "amber"
}

// A diagram shows deliveries as arrows, losses with a cross, and timeouts as notes.
func ExampleWriteMermaid() {
	t := trace.Trace{
		Property: "nobody waits forever", Kind: trace.Violation,
		Initial: trace.Initial{Slots: []trace.Slot{{Name: "0"}, {Name: "1"}}},
		Steps: []trace.Step{
			{Text: "1: timeout of retry", Kind: "timeout", Actor: "1"},
			{Text: "1 → 0: Get(1)", Kind: "deliver", Actor: "0", From: "1", Message: "Get(1)"},
			{Text: "lost: 0 → 1: GetOk(1)", Kind: "drop", Actor: "1", From: "0", Message: "GetOk(1)"},
		},
	}
	if err := trace.WriteMermaid(os.Stdout, t); err != nil {
		fmt.Println(err)
	}
	// Output:
	// sequenceDiagram
	//   title Violation of “nobody waits forever”
	//   participant p0 as 0
	//   participant p1 as 1
	//   Note over p1: timeout of retry
	//   p1->>p0: Get(1)
	//   p0-xp1: GetOk(1)
}
