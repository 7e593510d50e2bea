package liveness

import (
	"math"
	"math/bits"
	"slices"

	"synod/checker/internal/store"
	"synod/internal/visited"
	"synod/model/statespace"
)

// findCycles marks the members on fair cycles of members, and makes them the goal if there are any. They are the fair
// strongly connected components of more than one state among the members that were not trimmed. It uses Tarjan's
// algorithm with the one number per state of D. J. Pearce, "A Space-Efficient Algorithm for Finding Strongly
// Connected Components" (2016), without recursion.
func (d *decision) findCycles(v *visitor) {
	c := &components{decision: d, v: v, index: 1, component: done - 1, fair: d.newFairJudge(v)}
	for i := range d.Shards() {
		d.Each(i, func(at place) bool {
			number := uint32(done)
			if d.isOpen(at) && !d.isLeft(at) {
				number = 0
			}
			*d.degrees.At(at) = number
			return true
		})
	}
	for i := range d.Shards() {
		d.Each(i, c.begin)
	}
	for len(c.again) > 0 && !d.Over() {
		again := c.again
		c.again, c.index = nil, 1
		for _, at := range again {
			*d.degrees.At(at) = 0
		}
		for _, at := range again {
			if !c.begin(at) {
				break
			}
		}
	}
	if c.found {
		d.goal = markCyclic
	}
}

// isOpen reports whether a state is a member and it is not yet known whether the state is on a fair cycle.
func (d *decision) isOpen(at place) bool {
	return d.marks.Get(at)&(markMember|markTrimmed|markCyclic) == markMember
}

// begin finds the components reachable from a state, unless it was visited. It reports false if the search must stop.
func (c *components) begin(at place) bool {
	return *c.degrees.At(at) != 0 || c.search(at)
}

// components is a depth-first search for strongly connected components. The number of a state is 0 before the state
// is visited, then the least index known to be reachable from it. When its component is complete it is the number of
// the component; component numbers decrease from one component to the next and are greater than all indices. States
// on no cycle of members have the number done.
type components struct {
	*decision
	v         *visitor
	index     uint32
	component uint32
	calls     []call
	pending   []ahead    // unvisited successors of all calls, one call after the other
	touched   uint32     // keeps loads alive
	waiting   []place    // visited states whose component is not complete, except those on the path
	fair      *fairJudge // nil if every cycle counts
	found     bool       // some members are on a fair cycle
	again     []place    // states of components from which states were removed, to be searched again
}

// done is greater than the numbers of all components.
const done = math.MaxUint32

// ahead is a state to visit and the start of its run of steps, or 0. A depth-first search waits for memory at every
// state, so both are loaded when the state is first encountered, for several states at once.
type ahead struct {
	at  place
	run uint32
}

// call is a state on the path of the search.
type call struct {
	at    place
	root  bool
	start int // index of its part of pending
}

// search visits a state and all states reachable from it. It reports false if it must stop.
func (c *components) search(at place) bool {
	if !c.enter(ahead{at, c.v.edges.of(at)}) {
		return false
	}
	for len(c.calls) > 0 {
		top := &c.calls[len(c.calls)-1]
		if len(c.pending) == top.start {
			c.leave()
			continue
		}
		next := c.pending[len(c.pending)-1]
		number := *c.degrees.At(next.at)
		if number == 0 {
			if !c.enter(next) {
				return false
			}
			continue // and look at its number once more when it is known
		}
		if own := c.degrees.At(top.at); number < *own {
			*own, top.root = number, false
		}
		c.pending = c.pending[:len(c.pending)-1]
	}
	return !c.Over()
}

// enter pushes a state on the path.
func (c *components) enter(next ahead) bool {
	least := c.index
	own := c.degrees.At(next.at)
	*own = least
	c.index++
	from := len(c.pending)
	c.calls = append(c.calls, call{next.at, true, from})
	if c.Over() {
		return false
	}
	s, ok := c.v.stepsAt(next)
	for _, to := range s.to {
		if number := *c.degrees.At(to); number > 0 {
			least = min(least, number)
		} else {
			c.pending = append(c.pending, ahead{to, c.v.edges.of(to)})
		}
	}
	for _, to := range c.pending[from:] {
		if to.run != 0 {
			c.touched += c.v.edges.at(to.run)[0]
		}
	}
	if least < *own {
		*own, c.calls[len(c.calls)-1].root = least, false
	}
	return ok
}

// leave pops the last state off the path, and completes its component if the state is its root.
func (c *components) leave() {
	top := c.calls[len(c.calls)-1]
	c.calls = c.calls[:len(c.calls)-1]
	if !top.root {
		c.waiting = append(c.waiting, top.at)
		return
	}
	c.index--
	own := c.degrees.At(top.at)
	from := len(c.waiting)
	for ; from > 0; from-- {
		number := c.degrees.At(c.waiting[from-1])
		if *number < *own {
			break
		}
		*number = c.component
		c.index--
	}
	*own = c.component
	c.complete(append(c.waiting[from:], top.at))
	c.waiting = c.waiting[:from]
	c.component--
}

// complete judges a component.
func (c *components) complete(states []place) {
	mark := uint8(markTrimmed)
	switch {
	case len(states) == 1:
	case c.fair == nil || c.fair.judge(states):
		mark, c.found = markCyclic, true
	case c.fair.partly:
		for _, at := range states {
			if c.isOpen(at) {
				c.again = append(c.again, at)
			}
		}
		return
	}
	for _, at := range states {
		c.marks.Set(at, mark)
	}
}

// distanceBits is the size of the tag that a search for a cycle keeps with a place: its distance, modulo 16. A member
// is at most one step further than the one before it, so that is enough to walk back.
const distanceBits = 4

// round is a search for a shortest cycle of members through a state, breadth first among the members.
type round struct {
	*decision
	v     *visitor
	from  place
	set   *visited.Shard // mixed places, tagged with their distance modulo 16
	mixer visited.Mixer
}

// roundFrom returns the length of a shortest cycle through a state, or 0 if there is none of at most limit steps; a
// limit of 0 means no limit.
func (d *decision) roundFrom(from place, limit int) (*round, int, error) {
	width := max(1, bits.Len(uint(d.Size())))
	set, err := visited.NewShard(d.Arena, width, distanceBits, 64)
	if err != nil {
		return nil, 0, err
	}
	r := &round{d, d.of[0], from, set, visited.NewMixer(width)}
	current := []place{from}
	for distance := 1; len(current) > 0 && (limit == 0 || distance <= limit) && !d.Over(); distance++ {
		var next []place
		closed := false
		for batch := range slices.Chunk(current, store.ChunkLength) {
			if !d.eachEdge(r.v, batch, func(_, to place) {
				closed = closed || to == from
				if d.marks.Get(to)&markCyclic == 0 {
					return
				}
				fresh, failed := set.Insert(r.mixer.Mix(uint64(to)), uint8(distance%(1<<distanceBits)))
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

// extend extends a path by the least of the shortest cycles through its last state, given their length.
func (r *round) extend(path *statespace.Path, length int) error {
	wanted := make([]map[place]bool, length+1)
	wanted[length] = map[place]bool{r.from: true}
	for distance := length - 1; distance > 0; distance-- {
		wanted[distance] = make(map[place]bool)
		batch := make([]place, 0, store.ChunkLength)
		expand := func() bool {
			ok := r.eachEdge(r.v, batch, func(from, to place) {
				if wanted[distance+1][to] {
					wanted[distance][from] = true
				}
			})
			batch = batch[:0]
			return ok
		}
		r.set.EachTag(uint8(distance%(1<<distanceBits)), func(key uint64) bool {
			batch = append(batch, place(r.mixer.Unmix(key)))
			return len(batch) < store.ChunkLength || expand()
		})
		if !expand() {
			return store.ErrChanged
		}
	}
	path.Loop = len(path.Steps) + 1
	for distance := 1; distance <= length; distance++ {
		if _, err := r.Extend(path, func(_ statespace.Transition, packed uint64) bool {
			at, ok := r.Locate(packed)
			return ok && wanted[distance][at]
		}); err != nil {
			return err
		}
	}
	return nil
}

// loopLength returns the length of a shortest loop through a state: a fair one if paths have to be fair, else a cycle
// of at most limit steps, or of any length if limit is 0. The result is 0 if there is none, or if finding a fair one
// takes too long.
func (d *decision) loopLength(from place, limit int) (int, error) {
	if d.Just != nil {
		return d.tourLength(from)
	}
	r, length, err := d.roundFrom(from, limit)
	if r != nil {
		r.free()
	}
	return length, err
}

// leastLoops returns the states whose shortest loops are shortest among all. If paths have to be fair, and there are
// many states or finding their loops takes too long, it returns all states.
func (d *decision) leastLoops(states []place) ([]place, error) {
	fair := d.Just != nil
	if fair && len(states) > maxTourStarts {
		return states, nil
	}
	shortest := 0
	var best []place
	for _, state := range states {
		length, err := d.loopLength(state, shortest)
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
		return nil, store.ErrChanged
	}
	return best, nil
}

// lasso returns the least stem to one of the states, followed by the least of the shortest loops through its end. The
// states must all be on loops and at the same distance; only those with the shortest loops are considered.
func (d *decision) lasso(states []place, stem func(states []place) (*statespace.Path, error)) (*statespace.Path, error) {
	best, err := d.leastLoops(states)
	if err != nil {
		return nil, err
	}
	path, err := stem(best)
	if err != nil || d.Over() {
		return nil, err
	}
	from, ok := d.Locate(d.pack(path.Last()))
	if !ok {
		return nil, store.ErrChanged
	}
	if d.Just != nil {
		t := d.newTour(from)
		defer t.free()
		return path, t.extend(path)
	}
	r, length, err := d.roundFrom(from, 0)
	if err != nil {
		return nil, err
	}
	defer r.free()
	if length == 0 {
		return nil, store.ErrChanged
	}
	return path, r.extend(path, length)
}
