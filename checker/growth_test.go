package checker_test

import (
	"fmt"
	"testing"
	"time"

	"synod/actor"
	"synod/checker"
	"synod/internal/reference"
	"synod/model"
)

// countUp is actors that count to most, each for itself.
func countUp(actors, most int) numbers {
	var handlers []handler
	for range actors {
		handlers = append(handlers, handler{
			start: func(out *actor.Out[int]) int { out.SetTimer("next", time.Second, time.Second); return 0 },
			timeout: func(st int, _ actor.Timer, out *actor.Out[int]) int {
				if st+1 < most {
					out.SetTimer("next", time.Second, time.Second)
				}
				return st + 1
			},
		})
	}
	return newNumbers(model.Config{}, handlers...)
}

// TestReadsThatGrow compares properties that read of an actor only once another has come far, so that states agreed
// before in everything that was read, and do not agree afterwards.
func TestReadsThatGrow(t *testing.T) {
	const actors, most = 3, 4
	for last := range actors {
		for first := range actors {
			for y := range most + 1 {
				t.Run(fmt.Sprintf("%d, then %d is %d", first, last, y), func(t *testing.T) {
					tw := countUp(actors, most)
					tw.sometimes("both", func(v model.View) bool {
						st, _ := tw.refs[first].In(v)
						if st < 2 {
							return false
						}
						st, _ = tw.refs[last].In(v)
						return st == y
					}, func(s *reference.State[int]) bool {
						return reference.Local[int](s, actor.ID(first)) >= 2 && reference.Local[int](s, actor.ID(last)) == y
					})
					tw.check(t, checker.Options{FinishWhen: checker.Exhausted}, 1, 3)
				})
			}
		}
	}
}
