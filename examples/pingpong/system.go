package pingpong

import (
	"fmt"

	"synod/actor"
	"synod/model"
)

// Config is a game of two players, with the ids 0, who serves, and 1.
type Config struct {
	Hits         int // after which the ball is out, 1 to MaxHits
	model.Config     // the network, and what may go wrong
}

// MaxHits bounds Config.Hits.
const MaxHits = 1_000_000

// Default is a game of ten hits.
var Default = Config{Hits: 10}

// Validate returns what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	if c.Hits < 1 || c.Hits > MaxHits {
		return fmt.Errorf("%d hits: expected 1 to %d", c.Hits, MaxHits)
	}
	return nil
}

// System is the model.
func System(c Config) *model.System[Ball] {
	sys := model.NewSystem[Ball](c.Config)
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return sys
	}
	var players []model.Ref[State]
	for _, id := range actor.IDs(2) {
		player := Player{Serves: id == 0, Opponent: 1 - id, Most: Ball(c.Hits)}
		players = append(players, model.Add(sys, id, player.New()))
		sys.Roles("player", id)
	}
	hits := func(v model.View) (all [2]Ball, up bool) {
		for i, p := range players {
			st, playing := p.In(v)
			if !playing {
				return all, false
			}
			all[i] = st.Hits
		}
		return all, true
	}
	sys.Always("hits alternate", func(v model.View) bool {
		all, up := hits(v)
		return !up || all[0]-all[1] == 1 || all[1]-all[0] == 1
	})
	sys.Sometimes("the ball is out", func(v model.View) bool {
		all, up := hits(v)
		return up && max(all[0], all[1]) == Ball(c.Hits)
	})
	return sys
}
