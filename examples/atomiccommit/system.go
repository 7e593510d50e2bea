package atomiccommit

import (
	"fmt"
	"time"

	"synod/actor"
	"synod/model"
)

// Config is a transaction among a central site, with the id 0, and others; the first of those is the backup.
type Config struct {
	Sites        int  // besides the central one, 1 to MaxSites
	Phases       int  // 2 or 3
	Hasty        bool // timers may fire while messages are in flight, so that a slow site looks like a crashed one
	model.Config      // the network, and what may go wrong; every site may crash
}

// MaxSites bounds Config.Sites.
const MaxSites = 32

// Default is three-phase commit with two sites besides the central one.
var Default = Config{Sites: 2, Phases: 3}

// Validate returns what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	switch {
	case c.Sites < 1 || c.Sites > MaxSites:
		return fmt.Errorf("%d sites: must be 1 to %d", c.Sites, MaxSites)
	case c.Phases != 2 && c.Phases != 3:
		return fmt.Errorf("%d phases: must be 2 or 3", c.Phases)
	}
	return nil
}

// view is what properties read of a site.
type view struct {
	stage Stage
	asked bool
}

// System is the model.
func System(c Config) *model.System[Message] {
	c.TimersLast = c.TimersLast || !c.Hasty
	sys := model.NewSystem[Message](c.Config)
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return sys
	}
	ids := actor.IDs(c.Sites + 1)
	sys.Roles("site", ids...)
	var stages []model.Projection[view]
	for i, id := range ids {
		site := Site{Others: actor.Others(ids, id), Central: i == 0, Backup: i == 1, Phases: c.Phases, Wait: time.Second}
		stages = append(stages, model.Project(sys, model.Add(sys, id, site.New()), func(st State) view {
			return view{st.Stage, st.Asked}
		}))
	}
	sys.Crashable(ids...)
	count := func(v model.View, stage Stage) int {
		n := 0
		for _, s := range stages {
			if at, up := s.In(v); up && at.stage == stage {
				n++
			}
		}
		return n
	}
	sys.Always("consistent", func(v model.View) bool {
		return count(v, Committed) == 0 || count(v, Aborted) == 0
	})
	sys.Always("nobody waits for a crashed site", func(v model.View) bool {
		if _, up := stages[0].In(v); up {
			return true
		}
		for _, s := range stages[1:] {
			if at, up := s.In(v); up && !at.asked {
				return true
			}
		}
		return false
	})
	sys.Sometimes("all commit", func(v model.View) bool { return count(v, Committed) == len(stages) })
	sys.Sometimes("all abort", func(v model.View) bool { return count(v, Aborted) == len(stages) })
	return sys
}
