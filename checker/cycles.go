package checker

import (
	"math"
	"slices"

	"synod/internal/visited"
	"synod/model/statespace"
)

// findCycles marks the members that are on a fair cycle of members, and tells whether there are any: the strongly connected
// components of more than one state among those that were not trimmed, if they are fair. It is Tarjan's algorithm with the one
// number per state of D. J. Pearce, "A Space-Efficient Algorithm for Finding Strongly Connected Components" (2016), without recursion.
func (p *pursuit) findCycles() bool {
	c := &components{pursuit: p, v: p.of[0], component: math.MaxUint32, fair: p.newFairJudge()}
	for c.again = true; c.again && !p.over(); {
		c.again = false
		c.searchAll()
	}
	return c.found
}

// searchAll looks for the components of the members that are left.
func (c *components) searchAll() {
	p := c.pursuit
	c.index = 1
	left := func(at place) bool { return p.marks.get(at)&(markMember|markTrimmed|markCyclic) == markMember }
	for i, s := range p.e.shards {
		s.Set.EachAt(func(position int, _ uint64) bool {
			if at := (place{i, position}); left(at) {
				*p.degrees.at(at) = 0
			}
			return true
		})
	}
	l := p.e.layout
	for i, s := range p.e.shards {
		s.Set.EachAt(func(position int, key uint64) bool {
			at := place{i, position}
			if left(at) && *p.degrees.at(at) == 0 && !p.isLeft(at) {
				return c.search(l.Packed(i, key), at)
			}
			return true
		})
	}
}

// components is a depth-first search for strongly connected components. A state's number is 0 before it is visited, then
// the least index that is known to be reached from it, and when its component is complete a number that only falls from
// component to component, so that it is greater than all indices.
type components struct {
	*pursuit
	v         *surveyor
	index     uint32
	component uint32
	calls     []call
	pending   []uint64   // the successors of all calls, one call after the other
	waiting   []uint64   // visited states whose component is not complete, but those on the path
	fair      *fairJudge // nil if every cycle counts
	found     bool       // some members are on a fair cycle
	again     bool       // states were taken out of a component, and what is left has to be looked at anew
}

// call is a state on the path of the search.
type call struct {
	state uint64
	at    place
	start int // of its part of pending
	root  bool
}

// search visits a state and all that it leads to. It reports false if it must stop.
func (c *components) search(state uint64, at place) bool {
	if !c.enter(state, at) {
		return false
	}
	for len(c.calls) > 0 {
		top := &c.calls[len(c.calls)-1]
		if len(c.pending) == top.start {
			c.leave()
			continue
		}
		next := c.pending[len(c.pending)-1]
		to, _ := c.e.locate(next)
		number := *c.degrees.at(to)
		if number == 0 {
			if !c.enter(next, to) {
				return false
			}
			continue // and look at its number once more when it is known
		}
		if own := c.degrees.at(top.at); number < *own {
			*own, top.root = number, false
		}
		c.pending = c.pending[:len(c.pending)-1]
	}
	return !c.over()
}

// enter puts a state on the path.
func (c *components) enter(state uint64, at place) bool {
	*c.degrees.at(at) = c.index
	c.index++
	c.calls = append(c.calls, call{state, at, len(c.pending), true})
	top := &c.calls[len(c.calls)-1]
	least := c.index - 1
	ok := !c.over() && c.eachEdge(c.v, append(c.v.w.one[:0], state), func(_ int, to uint64, at place) {
		switch number := *c.degrees.at(at); {
		case c.marks.get(at)&(markTrimmed|markCyclic) != 0:
		case number > 0:
			least = min(least, number)
		case !c.isLeft(at):
			c.pending = append(c.pending, to)
		}
	})
	if own := c.degrees.at(at); least < *own {
		*own, top.root = least, false
	}
	return ok
}

// leave takes the last state off the path. If it is the root of a component, that is complete.
func (c *components) leave() {
	top := c.calls[len(c.calls)-1]
	c.calls = c.calls[:len(c.calls)-1]
	if !top.root {
		c.waiting = append(c.waiting, top.state)
		return
	}
	c.index--
	own := c.degrees.at(top.at)
	from := len(c.waiting)
	for ; from > 0; from-- {
		at, _ := c.e.locate(c.waiting[from-1])
		if *c.degrees.at(at) < *own {
			break
		}
		*c.degrees.at(at) = c.component
		c.index--
	}
	*own = c.component
	c.complete(append(c.waiting[from:], top.state))
	c.waiting = c.waiting[:from]
	c.component--
}

// complete judges a component.
func (c *components) complete(states []uint64) {
	mark := uint8(markTrimmed)
	switch {
	case len(states) == 1:
	case c.fair == nil || c.fair.judge(states):
		mark, c.found = markCyclic, true
	case c.fair.partly:
		c.again = true
		return
	}
	for _, state := range states {
		at, _ := c.e.locate(state)
		c.marks.set(at, mark)
	}
}

// round is a shortest cycle of members through a state: a breadth-first search from it, among the members.
type round struct {
	*pursuit
	v     *surveyor
	from  uint64
	set   *visited.Shard // states, mixed, with their distance modulo 16
	mixer visited.Mixer
}

// roundFrom finds the length of a shortest cycle through a state, if it is at most limit; 0 for no limit. The result is 0
// if there is none.
func (p *pursuit) roundFrom(from uint64, limit int) (*round, int, error) {
	set, err := visited.NewShard(p.e.arena, p.e.layout.Bits, tagBits, 64)
	if err != nil {
		return nil, 0, err
	}
	r := &round{p, p.of[0], from, set, visited.NewMixer(p.e.layout.Bits)}
	current := []uint64{from}
	for distance := 1; len(current) > 0 && (limit == 0 || distance <= limit) && !p.over(); distance++ {
		var next []uint64
		closed := false
		for keys := range slices.Chunk(current, batchLength) {
			if !p.eachEdge(r.v, keys, func(_ int, to uint64, at place) {
				closed = closed || to == from
				if p.marks.get(at)&markCyclic == 0 {
					return
				}
				fresh, failed := set.Insert(r.mixer.Mix(to), uint8(distance%tags))
				if failed != nil {
					err = failed
				} else if fresh {
					next = append(next, to)
				}
			}) {
				return r, 0, nil
			}
		}
		if closed || err != nil {
			return r, distance, err
		}
		current = next
	}
	return r, 0, nil
}

func (r *round) free() { r.set.Free() }

// extend adds the least of the shortest cycles from the end of a path to the path, given its length.
func (r *round) extend(path *statespace.Path, length int) error {
	wanted := make([]map[uint64]bool, length+1)
	wanted[length] = map[uint64]bool{r.from: true}
	for distance := length - 1; distance > 0; distance-- {
		wanted[distance] = make(map[uint64]bool)
		keys := make([]uint64, 0, batchLength)
		expand := func() bool {
			ok := len(keys) == 0 || r.eachEdge(r.v, keys, func(source int, to uint64, _ place) {
				if wanted[distance+1][to] {
					wanted[distance][keys[source]] = true
				}
			})
			keys = keys[:0]
			return ok
		}
		r.set.EachTag(uint8(distance%tags), func(key uint64) bool {
			keys = append(keys, r.mixer.Unmix(key))
			return len(keys) < batchLength || expand()
		})
		if !expand() {
			return errChanged
		}
	}
	path.Loop = len(path.Steps) + 1
	for distance := 1; distance <= length; distance++ {
		if _, err := r.e.extendPath(path, func(state []statespace.PartID, packed uint64) bool {
			return wanted[distance][packed]
		}); err != nil {
			return err
		}
	}
	return nil
}

// loopLength returns the length of a shortest loop through a state: a fair one if paths have to be fair, else a cycle of at most
// limit steps, or of any length for 0. The result is 0 if there is none, or if a fair one takes too much to find.
func (p *pursuit) loopLength(from uint64, limit int) (int, error) {
	if p.e.units.just != nil {
		return p.tourLength(from)
	}
	r, length, err := p.roundFrom(from, limit)
	if r != nil {
		r.free()
	}
	return length, err
}

// leastLoops returns those of some states whose shortest loops are shortest. If paths have to be fair, and there are many states or
// their loops take too much to find, it gives all of them.
func (p *pursuit) leastLoops(states []uint64) ([]uint64, error) {
	fair := p.e.units.just != nil
	if fair && len(states) > maxTourStarts {
		return states, nil
	}
	shortest := 0
	var best []uint64
	for _, state := range states {
		length, err := p.loopLength(state, shortest)
		switch {
		case err != nil:
			return nil, err
		case length == 0 && fair:
			return states, nil
		case length == 0:
		case shortest == 0 || length < shortest:
			shortest, best = length, append(best[:0], state)
		case length == shortest:
			best = append(best, state)
		}
	}
	if shortest == 0 {
		return nil, errChanged
	}
	return best, nil
}

// lasso returns the least stem to some of the states, each of them on a loop and at the same distance, with the least of the
// shortest loops through its end: of all these states those count whose shortest loop is shortest.
func (p *pursuit) lasso(states []uint64, stem func(states []uint64) (*statespace.Path, error)) (*statespace.Path, error) {
	best, err := p.leastLoops(states)
	if err != nil {
		return nil, err
	}
	path, err := stem(best)
	if err != nil || p.over() {
		return nil, err
	}
	from := p.of[0].w.pack(path.Last())
	if p.e.units.just != nil {
		t := p.newTour(from)
		defer t.free()
		return path, t.extend(path)
	}
	r, length, err := p.roundFrom(from, 0)
	if err != nil {
		return nil, err
	}
	defer r.free()
	if length == 0 {
		return nil, errChanged
	}
	return path, r.extend(path, length)
}
