package liveness

import (
	"synod/checker/internal/store"
	"synod/model/statespace"
)

// seeds are the states where the demand of a leads-to property arises. All states have to be evaluated, so several
// properties are evaluated together, and each state is unpacked once.
type seeds struct {
	asked *store.Places // the states in which the condition holds
	open  *store.Places // those of them that do not satisfy the property
}

// seedsAtOnce bounds the properties evaluated together, as each visitor caches answers for each.
const seedsAtOnce = 8

// findSeeds finds the seeds of the first property in due, and of others that follow, unless they are known.
func (g *Graph) findSeeds(due []int) error {
	if _, known := g.seeds[due[0]]; known || g.Properties[due[0]].Expect != statespace.LeadsTo {
		return nil
	}
	var of []int
	for _, i := range due {
		if g.Properties[i].Expect != statespace.LeadsTo || len(of) == seedsAtOnce {
			continue
		}
		asked, err := g.NewPlaces()
		if err != nil {
			return err
		}
		open, err := g.NewPlaces()
		if err != nil {
			asked.Free()
			return err
		}
		g.seeds[i] = seeds{asked, open}
		of = append(of, i)
	}
	g.askAll(of)
	return nil
}

// askAll finds the seeds of some properties among all states.
func (g *Graph) askAll(of []int) {
	askers := make(map[*visitor][][2]Asker)
	for _, v := range g.of {
		reading := statespace.NewReading(g.Space)
		for _, i := range of {
			askers[v] = append(askers[v], [2]Asker{g.Properties[i].When(reading), g.Properties[i].Holds(reading)})
		}
	}
	g.each(func(place) bool { return true }, func(v *visitor, batch []place) bool {
		return v.inspect(batch, func(at place, state []statespace.PartID) error {
			for n, asker := range askers[v] {
				when, err := asker[0](state)
				if err != nil {
					return err
				}
				if !when {
					continue
				}
				g.seeds[of[n]].asked.Add(at)
				holds, err := asker[1](state)
				if err != nil {
					return err
				}
				if !holds {
					g.seeds[of[n]].open.Add(at)
				}
			}
			return nil
		})
	})
}

func (g *Graph) freeSeeds(property int) {
	if seeds, ok := g.seeds[property]; ok {
		seeds.asked.Free()
		seeds.open.Free()
		delete(g.seeds, property)
	}
}

// sow marks and adds the seeds of the property as members.
func (d *decision) sow() {
	seeds := d.seeds[d.property]
	d.each(seeds.asked.Has, func(v *visitor, batch []place) bool {
		for _, at := range batch {
			if !seeds.open.Has(at) {
				d.marks.Set(at, markAsked)
				continue
			}
			d.marks.Set(at, markAsked|markSeed|markMember)
			v.next[0].add(at)
		}
		return true
	})
}
