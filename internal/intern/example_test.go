package intern_test

import (
	"fmt"

	"synod/internal/intern"
)

type ballot struct {
	Round, Leader int
}

type server struct {
	Ballot   ballot
	Prepares map[int]*ballot
	Log      []string
}

func Example() {
	w, err := intern.For[server]()
	if err != nil {
		fmt.Println(err)
		return
	}
	a := server{Ballot: ballot{1, 0}, Prepares: map[int]*ballot{2: {1, 0}, 1: nil}}
	b := w.Copy(a)
	b.Prepares[2].Round = 7
	b.Log = append(b.Log, "put A")
	fmt.Println(w.Equal(a, b))
	fmt.Println(string(w.Encode(nil, a)))
	for _, c := range w.Diff(a, b) {
		fmt.Printf("%s: %s -> %s\n", c.Path, c.Old, c.New)
	}
	// Output:
	// false
	// {Ballot:{Round:1,Leader:0},Prepares:{1:nil,2:&{Round:1,Leader:0}},Log:nil}
	// Log: nil -> ["put A"]
	// Prepares[2].Round: 1 -> 7
}

func ExampleTable() {
	t, err := intern.NewTable[[]string]()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range [][]string{{"a"}, nil, {}, {"a"}} {
		fmt.Println(t.Intern(v))
	}
	fmt.Println(t.Len(), t.Value(0))
	// Output:
	// 0 true
	// 1 true
	// 2 true
	// 0 false
	// 3 [a]
}
