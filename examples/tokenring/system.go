package tokenring

import (
	"fmt"

	"synod/actor"
	"synod/model"
)

// Config is a ring of nodes with the ids 0 … Nodes−1.
type Config struct {
	Nodes        int // 2 to MaxNodes
	Laps         int // how often the token goes round, 1 to MaxLaps
	model.Config     // the network, and what may go wrong
}

// The bounds of a Config.
const (
	MaxNodes = 64
	MaxLaps  = 1000
)

// Default is two laps among three nodes.
var Default = Config{Nodes: 3, Laps: 2}

// Validate returns what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	switch {
	case c.Nodes < 2 || c.Nodes > MaxNodes:
		return fmt.Errorf("%d nodes: expected 2 to %d", c.Nodes, MaxNodes)
	case c.Laps < 1 || c.Laps > MaxLaps:
		return fmt.Errorf("%d laps: expected 1 to %d", c.Laps, MaxLaps)
	}
	return nil
}

// System is the model.
func System(c Config) *model.System[Token] {
	sys := model.NewSystem[Token](c.Config)
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return sys
	}
	var nodes []model.Ref[State]
	for i, id := range actor.IDs(c.Nodes) {
		node := Node{First: i == 0, Next: actor.ID((i + 1) % c.Nodes), Most: Token(c.Nodes * c.Laps)}
		nodes = append(nodes, model.Add(sys, id, node.New()))
		sys.Roles("node", id)
	}
	sys.Always("mutual exclusion", func(v model.View) bool {
		holding := 0
		for _, n := range nodes {
			if st, up := n.In(v); up && st.Holding {
				holding++
			}
		}
		return holding <= 1
	})
	sys.Sometimes("the token is home", func(v model.View) bool {
		st, up := nodes[0].In(v)
		return up && st.Holding && st.Seen == Token(c.Nodes*c.Laps)
	})
	return sys
}
