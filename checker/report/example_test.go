package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"synod/checker"
	"synod/checker/report"
	"synod/model"
)

// counter counts to three.
type counter struct{}

func (counter) Initial() []int { return []int{0} }

func (counter) Actions(n int) []string {
	if n == 3 {
		return nil
	}
	return []string{"count"}
}

func (counter) Next(n int, _ string) (int, bool) { return n + 1, true }

// A document holds all of a result, for programs; tables tell people what its states are made of.
func Example() {
	m := model.NewPlain[int, string](counter{})
	m.Always("small", func(n int) bool { return n < 4 })
	result := checker.BFS(context.Background(), m, checker.Options{})
	defer result.Close()
	d := report.Of(result)
	counts, err := json.Marshal(d.Counts)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s, exit %d, %s %s\n%s\n", d.Engine, d.Exit, d.Properties[0].Name, d.Properties[0].Verdict, counts)
	report.WriteProfile(os.Stdout, result)
	// Output:
	// bfs, exit 0, small holds
	// {"generated":4,"unique":4,"depth":4,"frontier":0,"cut":0}
	// Why there are 4 states:
	//   depth  unique  growth  generated
	//   1           1                  1
	//   2           1    1.00          1
	//   3           1    1.00          1
	//   4           1    1.00          1
	//   slot             distinct  last new at depth  new from depth 4 on
	//   state  contents         4                  4                    1
}
