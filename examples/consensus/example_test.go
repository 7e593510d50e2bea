package consensus_test

import (
	"context"
	"fmt"

	"synod/checker"
	"synod/examples/consensus"
	"synod/model"
)

// hasty is a wrong protocol: two processes decide without asking one another. Its state is what each has decided.
type hasty struct{}

func (hasty) Initial() [][2]string { return [][2]string{{}} }

func (hasty) Actions(s [2]string) []int {
	var all []int
	for i, decided := range s {
		if decided == "" {
			all = append(all, i)
		}
	}
	return all
}

func (hasty) Next(s [2]string, i int) ([2]string, bool) {
	s[i] = string(rune('A' + i))
	return s, true
}

func Example() {
	protocol := model.NewPlain[[2]string, int](hasty{})
	model.RefinePlain(protocol, "consensus", consensus.Model("A", "B"), func(s [2]string) consensus.State[string] {
		var decided []string
		for _, v := range s {
			if v != "" {
				decided = append(decided, v)
			}
		}
		return consensus.Of(decided...)
	})
	r := checker.BFS(context.Background(), protocol, checker.Options{})
	defer r.Close()
	p := r.Properties[0]
	fmt.Printf("%v after %d steps: %s\n", p.Verdict, len(p.Path.Steps), p.Why)
	// Output: violated after 2 steps: the last step maps to one from A chosen to A and B chosen, which is not a step of the abstract model
}
