package checker

import "synod/model/statespace"

// seeds are the states where the demand of a leads-to property arises. All states have to be evaluated, so several
// properties are evaluated together, and each state is unpacked once.
type seeds struct {
	asked *places // the states in which the condition holds
	open  *places // those of them that do not satisfy the property
}

// seedsAtOnce bounds the properties evaluated together, as each surveyor caches answers for each.
const seedsAtOnce = 8

// findSeeds finds the seeds of the first property in due, and of others that follow, unless they are known.
func (s *survey) findSeeds(due []int) error {
	if _, known := s.seeds[due[0]]; known || s.e.judge.properties[due[0]].Expect != statespace.LeadsTo {
		return nil
	}
	var of []int
	for _, i := range due {
		if s.e.judge.properties[i].Expect != statespace.LeadsTo || len(of) == seedsAtOnce {
			continue
		}
		asked, err := s.newPlaces()
		if err != nil {
			return err
		}
		open, err := s.newPlaces()
		if err != nil {
			asked.free()
			return err
		}
		s.seeds[i] = seeds{asked, open}
		of = append(of, i)
	}
	s.askAll(of)
	return nil
}

// askAll finds the seeds of some properties among all states.
func (s *survey) askAll(of []int) {
	askers := make(map[*surveyor][][2]*replica)
	for _, v := range s.of {
		reading := statespace.NewReading(s.e.space)
		for _, i := range of {
			askers[v] = append(askers[v], [2]*replica{
				newAsker(s.e.judge.whens[i], reading), newAsker(s.e.judge.predicates[i], reading),
			})
		}
	}
	s.each(func(place) bool { return true }, func(v *surveyor, batch []place) bool {
		return v.inspect(batch, func(at place, state []statespace.PartID) error {
			for n, asker := range askers[v] {
				when, err := asker[0].holds(state)
				if err != nil {
					return err
				}
				if !when {
					continue
				}
				s.seeds[of[n]].asked.add(at)
				holds, err := asker[1].holds(state)
				if err != nil {
					return err
				}
				if !holds {
					s.seeds[of[n]].open.add(at)
				}
			}
			return nil
		})
	})
}

func (s *survey) freeSeeds(property int) {
	if seeds, ok := s.seeds[property]; ok {
		seeds.asked.free()
		seeds.open.free()
		delete(s.seeds, property)
	}
}

// sow marks and adds the seeds of the property as members.
func (p *pursuit) sow() {
	seeds := p.seeds[p.property]
	p.each(seeds.asked.has, func(v *surveyor, batch []place) bool {
		for _, at := range batch {
			if !seeds.open.has(at) {
				p.marks.set(at, markAsked)
				continue
			}
			p.marks.set(at, markAsked|markSeed|markMember)
			v.next[0].add(at)
		}
		return true
	})
}
