package philosophers

import (
	"fmt"

	"synod/actor"
	"synod/model"
)

// Config is a table of philosophers and as many forks. Forks have the ids 1 … n, philosophers those that follow.
type Config struct {
	Philosophers int  // 2 to MaxPhilosophers
	Meals        int  // of each, 1 to MaxMeals
	Polite       bool // the last one takes the other fork first, and nobody waits for ever
	model.Config      // the network, and what may go wrong
}

// The bounds of a Config.
const (
	MaxPhilosophers = 32
	MaxMeals        = 100
)

// Default is three philosophers with one meal each, all of whom take the left fork first.
var Default = Config{Philosophers: 3, Meals: 1}

// Validate returns what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	switch {
	case c.Philosophers < 2 || c.Philosophers > MaxPhilosophers:
		return fmt.Errorf("%d philosophers: expected 2 to %d", c.Philosophers, MaxPhilosophers)
	case c.Meals < 1 || c.Meals > MaxMeals:
		return fmt.Errorf("%d meals: expected 1 to %d", c.Meals, MaxMeals)
	}
	return nil
}

// System is the model.
func System(c Config) *model.System[Message] {
	sys := model.NewSystem[Message](c.Config)
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return sys
	}
	for i := range c.Philosophers {
		model.Add(sys, fork(i), Fork{}.New())
		sys.Roles("fork", fork(i))
	}
	var guests []model.Ref[State]
	for i := range c.Philosophers {
		p := Philosopher{First: fork(i), Second: fork((i + 1) % c.Philosophers), Meals: c.Meals}
		if c.Polite && i == c.Philosophers-1 {
			p.First, p.Second = p.Second, p.First
		}
		guests = append(guests, model.Add(sys, fork(c.Philosophers+i), p.New()))
		sys.Roles("philosopher", fork(c.Philosophers+i))
	}
	eats := func(v model.View, i int) bool {
		st, up := guests[i].In(v)
		return up && st.Forks == 2
	}
	sys.Always("neighbours do not eat at once", func(v model.View) bool {
		for i := range guests {
			if eats(v, i) && eats(v, (i+1)%len(guests)) {
				return false
			}
		}
		return true
	})
	eaten := func(v model.View) bool {
		for _, g := range guests {
			if st, up := g.In(v); !up || st.Meals < c.Meals {
				return false
			}
		}
		return true
	}
	sys.Sometimes("all have eaten", eaten)
	sys.Quiescent("nobody waits for ever", eaten)
	return sys
}

// fork is the id of a fork; philosophers are numbered after the forks.
func fork(i int) actor.ID { return actor.ID(i + 1) }
