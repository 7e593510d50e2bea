package model_test

import (
	"strings"
	"testing"

	"synod/actor"
	"synod/model"
)

// idler does nothing.
type idler struct{}

func (idler) Start(actor.ID, *actor.Out[string]) int { return 0 }

func (idler) Receive(_ actor.ID, st int, _ actor.ID, _ string, _ *actor.Out[string]) int { return st }

// TestPathsWithCrashes makes sure that properties of paths are refused where crashes would make them meaningless.
func TestPathsWithCrashes(t *testing.T) {
	never := func(model.View) bool { return false }
	for name, c := range map[string]struct {
		config model.Config
		add    func(*model.System[string])
		want   string
	}{
		"eventually without loss": {
			model.Config{MaxDown: 1, MaxCrashes: 1},
			func(s *model.System[string]) { s.Eventually("p", never) }, `property "p", eventually, with crashes: expected loss`,
		},
		"quiescent without loss": {
			model.Config{MaxDown: 1},
			func(s *model.System[string]) { s.Quiescent("p", never) }, `property "p", quiescent, with crashes: expected loss`,
		},
		"leads to without a bound": {
			model.Config{MaxDown: 1, Lossy: true},
			func(s *model.System[string]) { s.LeadsTo("p", never, never) }, "expected a bound of crashes",
		},
		"quiescent without a bound": {
			model.Config{MaxDown: 1, Lossy: true}, func(s *model.System[string]) { s.Quiescent("p", never) }, "",
		},
		"eventually with both": {
			model.Config{MaxDown: 1, MaxCrashes: 1, Lossy: true},
			func(s *model.System[string]) { s.Eventually("p", never) }, "",
		},
		"without crashes": {model.Config{}, func(s *model.System[string]) { s.Eventually("p", never) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			sys := model.NewSystem[string](c.config)
			model.Add(sys, 0, actor.New[int, string](idler{}))
			if c.config.MaxDown > 0 {
				sys.Crashable(0)
			}
			c.add(sys)
			space, err := sys.Space()
			if err == nil {
				space.Close()
			}
			switch {
			case err == nil && c.want != "":
				t.Errorf("no error, want %q", c.want)
			case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %q, want %q", err, c.want)
			}
		})
	}
}
