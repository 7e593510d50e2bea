package nemesis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"synod/spawn/machine"
)

// Config configures the generation of a schedule.
type Config struct {
	Servers  int
	Duration time.Duration // of the run
	Kinds    []Kind        // nil for Kinds(), without partitions of a single server
	Every    time.Duration // mean time between faults; 0 means half a second
	// Least and Most bound the duration of a fault; 0 means a tenth of a second and two seconds.
	Least, Most time.Duration
	// Calm is the time without faults at the end of the run, in which operations complete and lost data shows; 0 means a
	// tenth of the run, at most two seconds.
	Calm time.Duration
	// AfterAck adds kills right after an acknowledgement, as many as other kills, if Kill is one of the kinds.
	AfterAck bool
}

// complete replaces zero values by their defaults.
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

// Validate returns an error if a configuration is invalid.
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

// Generate draws a schedule. The result depends only on the configuration and the random numbers. The kinds take
// turns, in a new random order in each round, so that no kind is missed by chance.
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
		// Milliseconds are readable, and finer than the accuracy of killing a process.
		f.At, f.For = at.Truncate(time.Millisecond), max(length.Truncate(time.Millisecond), time.Millisecond)
		if f.Ends() <= end {
			s.Faults = append(s.Faults, g.staggered(f)...)
		}
	}
	return s, s.Validate()
}

// turn is a kind of fault to draw.
type turn struct {
	kind     Kind
	afterAck bool
}

// turns returns the turns of a round.
func (c Config) turns() []turn {
	var all []turn
	for _, k := range c.Kinds {
		all = append(all, turn{kind: k})
		if k.spec().afterAck && c.AfterAck {
			all = append(all, turn{k, true})
		}
	}
	return all
}

// generator draws faults.
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

// shuffled returns the turns in random order.
func (g *generator) shuffled(turns []turn) []turn {
	all := slices.Clone(turns)
	for i := len(all) - 1; i > 0; i-- {
		j := g.below(i + 1)
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// some returns n random servers.
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

// fault draws a fault, except its time.
func (g *generator) fault(t turn) Fault {
	f := Fault{Kind: t.kind, AfterAck: t.afterAck}
	t.kind.spec().draw(g, t, &f)
	return f
}

// staggered returns a fault, or two that replace it: in most kills after an acknowledgement a minority of the
// servers restarts later than the others, which must answer without it.
func (g *generator) staggered(f Fault) []Fault {
	most := min(len(f.Servers)-1, (g.Servers-1)/2)
	half := (f.For / 2).Truncate(time.Millisecond)
	if !f.AfterAck || most < 1 || half < time.Millisecond || g.below(4) == 0 {
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

// network returns the servers of a network fault: usually all.
func (g *generator) network() []int {
	if g.below(3) == 0 {
		return g.some(1)
	}
	return g.some(g.Servers)
}
