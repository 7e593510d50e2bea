package nemesis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"synod/spawn/machine"
)

// Config describes what a schedule is made of.
type Config struct {
	Servers  int
	Duration time.Duration // of the run
	Kinds    []Kind        // nil for those of Kinds, but for partitions of a single server
	Every    time.Duration // mean time between faults; 0 is half a second
	// Least and Most say how long a fault lasts; 0 is a tenth of a second, and two seconds.
	Least, Most time.Duration
	// Calm is how long the end of the run has no faults, so that operations come to an end, and what was lost is
	// missed; 0 is a tenth of the run, and at most two seconds.
	Calm time.Duration
	// Ambushes reports that ambushes take turns with the kinds, if Kill is one of them: as many as there are other
	// kills.
	Ambushes bool
}

// complete replaces what is 0 by what it stands for.
func (c Config) complete() Config {
	if c.Kinds == nil {
		c.Kinds = Kinds()
		c.Kinds = slices.DeleteFunc(c.Kinds, func(k Kind) bool { return !k.Possible(c.Servers, false) })
	}
	c.Every = cmp.Or(c.Every, 500*time.Millisecond)
	c.Least = cmp.Or(c.Least, min(100*time.Millisecond, cmp.Or(c.Most, time.Hour)))
	c.Most = cmp.Or(c.Most, max(2*time.Second, c.Least))
	c.Calm = cmp.Or(c.Calm, min(c.Duration/10, 2*time.Second))
	return c
}

// Validate returns what is wrong with a configuration, or nil.
func (c Config) Validate() error {
	if err := (Schedule{Servers: c.Servers, Duration: c.Duration}).Validate(); err != nil {
		return err
	}
	c = c.complete()
	switch {
	case c.Every < time.Millisecond || c.Least < time.Millisecond:
		return fmt.Errorf("faults every %v, for %v: must be at least a millisecond", c.Every, c.Least)
	case c.Most < c.Least:
		return fmt.Errorf("faults that last %v..%v: not a range", c.Least, c.Most)
	case c.Calm < 0 || c.Calm >= c.Duration:
		return fmt.Errorf("%v without faults in a run of %v: must be less", c.Calm, c.Duration)
	case c.Duration/c.Every > MaxFaults/2:
		return fmt.Errorf("faults every %v for %v: expected at most %d", c.Every, c.Duration, MaxFaults/2)
	}
	for _, k := range c.Kinds {
		if !k.known() {
			return fmt.Errorf("%v is not a kind of fault", k)
		}
		if !k.Possible(c.Servers, false) {
			return fmt.Errorf("%v requires at least two servers", k)
		}
	}
	return nil
}

// Generate draws a schedule, which depends on the configuration and the random numbers only. Kinds take turns in an
// order that is drawn anew for each round, so that no kind is missed by chance.
func Generate(c Config, random machine.Random) (Schedule, error) {
	if err := c.Validate(); err != nil {
		return Schedule{}, err
	}
	c = c.complete()
	g := generator{Config: c, random: random}
	s := Schedule{Servers: c.Servers, Duration: c.Duration}
	end := c.Duration - c.Calm
	turns := c.turns()
	var round []turn
	for at := g.between(0, c.Every); len(c.Kinds) > 0; at += g.between(c.Every/2, c.Every+c.Every/2) {
		length := min(g.between(c.Least, c.Most), end-at)
		if length < min(c.Least, end/4) {
			break
		}
		if len(round) == 0 {
			round = g.shuffled(turns)
		}
		f := g.fault(round[0])
		round = round[1:]
		// Milliseconds are what a person can read, and finer than any process can be killed.
		f.At, f.For = at.Truncate(time.Millisecond), max(length.Truncate(time.Millisecond), time.Millisecond)
		if f.Ends() <= end {
			s.Faults = append(s.Faults, g.staggered(f)...)
		}
	}
	return s, s.Validate()
}

// turn is what a fault may be.
type turn struct {
	kind   Kind
	ambush bool
}

// turns returns what takes turns.
func (c Config) turns() []turn {
	var all []turn
	for _, k := range c.Kinds {
		all = append(all, turn{kind: k})
		if k.spec().ambush && c.Ambushes {
			all = append(all, turn{k, true})
		}
	}
	return all
}

// generator draws.
type generator struct {
	Config
	random machine.Random
}

// below returns a number from 0 to n − 1.
func (g *generator) below(n int) int { return int(g.random.Uint64() % uint64(n)) }

func (g *generator) between(least, most time.Duration) time.Duration {
	return between(g.random, least, most)
}

func between(random machine.Random, least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(random.Uint64()%uint64(most-least+1))
}

// shuffled returns turns in an order by chance.
func (g *generator) shuffled(turns []turn) []turn {
	all := slices.Clone(turns)
	for i := len(all) - 1; i > 0; i-- {
		j := g.below(i + 1)
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// some returns n of the servers.
func (g *generator) some(n int) []int {
	var all []int
	for i := range g.Servers {
		all = append(all, i)
	}
	for len(all) > n {
		at := g.below(len(all))
		all = slices.Delete(all, at, at+1)
	}
	return all
}

// fault draws a fault, but for its time.
func (g *generator) fault(t turn) Fault {
	f := Fault{Kind: t.kind, Ambush: t.ambush}
	t.kind.spec().draw(g, t, &f)
	return f
}

// staggered returns a fault, or two in its place: of most ambushes some servers, a minority of all, come back later
// than the others, who have to do without what these know.
func (g *generator) staggered(f Fault) []Fault {
	most := min(len(f.Servers)-1, (g.Servers-1)/2)
	half := (f.For / 2).Truncate(time.Millisecond)
	if !f.Ambush || most < 1 || half < time.Millisecond || g.below(4) == 0 {
		return []Fault{f}
	}
	late := f
	late.Servers = slices.Clone(f.Servers)
	for n := 1 + g.below(most); len(late.Servers) > n; {
		at := g.below(len(late.Servers))
		late.Servers = slices.Delete(late.Servers, at, at+1)
	}
	f.For = half
	return []Fault{f, late}
}

// network returns the servers of a fault of the network: mostly all.
func (g *generator) network() []int {
	if g.below(3) == 0 {
		return g.some(1)
	}
	return g.some(g.Servers)
}
