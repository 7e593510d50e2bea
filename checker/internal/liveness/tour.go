package liveness

import (
	"slices"

	"synod/checker/internal/store"
	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
)

// A fair loop has to take or disable every set that is enabled where it begins, so it is a tour, and a shortest one
// is hard to find in general. It is found by a search level by level over states combined with the sets still owed,
// which may double with every set. If that takes too many nodes, the tour is composed of shortest legs, each to the
// nearest state or step that reduces what is owed.

// MaxTour is the most nodes that a search for a shortest fair loop visits, unless told otherwise.
const MaxTour = 1 << 18

// maxTourStarts is the most states for which a shortest fair loop is searched.
const maxTourStarts = 16

// tour is a search for a fair loop through a state that is on one.
type tour struct {
	*decision
	v        *visitor
	from     place
	arena    *offheap.Arena
	statuses *words.Table
	spare    []uint32
}

func (d *decision) newTour(from place) *tour {
	t := &tour{decision: d, v: d.of[0], from: from, arena: offheap.New()}
	t.statuses = words.NewTable(t.arena)
	d.Aside(t.arena)
	return t
}

// inside reports whether a state is in the component of the start. No step leads back from a later component.
func (t *tour) inside(at place) bool {
	return t.marks.Get(at)&markCyclic != 0 && *t.degrees.At(at) == *t.degrees.At(t.from)
}

func (t *tour) free() {
	t.Aside(nil)
	t.arena.Close()
}

// tourSearch is one search of a tour, level by level, and its goals. Nodes are numbered level by level.
type tourSearch struct {
	*tour
	whole  bool // search for a whole tour; a node is a state with a status. Otherwise for a leg; a node is a state.
	start  place
	status []uint32 // at the start
	nodes  *words.Table
	levels []uint32 // the first node of each level, and the total number
	length int      // steps to the goals; 0 if none was found
	at     map[uint32]bool
	by     bool // the goal is the last step itself, not the state that it leads to
}

// newSearch searches for goals. It gives up, with length 0, if there are too many nodes.
func (t *tour) newSearch(start place, status []uint32, whole bool) *tourSearch {
	s := &tourSearch{
		tour: t, whole: whole, start: start, status: slices.Clone(status), nodes: words.NewTable(t.arena),
		at: make(map[uint32]bool),
	}
	s.node(start, status)
	s.levels = []uint32{0, 1}
	for depth := 1; s.length == 0 && !t.Over(); depth++ {
		s.level(depth)
		if n := uint32(s.nodes.Len()); s.length == 0 && (n == s.levels[depth] || whole && int(n) > s.MaxTour) {
			return s
		}
		s.levels = append(s.levels, uint32(s.nodes.Len()))
	}
	return s
}

// node returns the number of a node.
func (s *tourSearch) node(at place, status []uint32) uint32 {
	n := uint32(0)
	if s.whole {
		n, _ = s.statuses.Intern(status)
	}
	id, _ := s.nodes.Intern([]uint32{at, n})
	return id
}

// place returns the state of a node.
func (s *tourSearch) place(node uint32) place { return s.nodes.At(node)[0] }

// statusOf returns the status of a node when it was first reached.
func (s *tourSearch) statusOf(node uint32) []uint32 {
	if !s.whole {
		return s.status
	}
	return s.statuses.At(s.nodes.At(node)[1])
}

// hop is a step from a node.
type hop struct {
	node  uint32
	to    place
	after []uint32 // the status after the step
}

// each calls arrive for each node of a level, with the status in its state, and f for each of its hops within the
// component.
func (s *tourSearch) each(level int, arrive func(node uint32, status []uint32), f func(h hop)) bool {
	first, end := s.levels[level], s.levels[level+1]
	for ; first < end; first += store.ChunkLength {
		var batch []place
		for n := first; n < min(end, first+store.ChunkLength); n++ {
			batch = append(batch, s.place(n))
		}
		if s.Over() || !s.v.expand(batch, func(i int, from steps) {
			node := first + uint32(i)
			status := slices.Clone(s.settle(s.statusOf(node), s.enabledBy(from)))
			arrive(node, status)
			for n, to := range from.to {
				if s.inside(to) {
					f(hop{node, to, s.take(status, from.labels[n])})
				}
			}
		}) {
			return false
		}
	}
	return true
}

// reaches reports whether a hop reaches a goal.
func (s *tourSearch) reaches(h hop) bool {
	switch {
	case s.whole:
		return h.to == s.from && !owes(h.after)
	case owes(s.status):
		return pays(s.status, h.after)
	}
	return h.to == s.from
}

// level searches for goals among the nodes of the last level and their hops. If there are none, it adds the targets
// of the hops as nodes.
func (s *tourSearch) level(depth int) {
	var here, beyond []uint32 // nodes that are goals, and nodes with a hop to a goal
	leg := !s.whole && owes(s.status)
	s.each(depth-1, func(node uint32, status []uint32) {
		if leg && depth > 1 && pays(s.status, status) {
			here = append(here, node)
		}
	}, func(h hop) {
		if s.reaches(h) {
			beyond = append(beyond, h.node)
			return
		}
		if len(here)+len(beyond) == 0 {
			s.node(h.to, h.after)
		}
	})
	goals := here
	if s.length, s.by = depth-1, len(here) == 0; s.by {
		goals, s.length = beyond, depth
	}
	for _, node := range goals {
		s.at[node] = true
	}
	if len(goals) == 0 {
		s.length = 0
	}
}

// walk extends a path that ends at the start by the least of the shortest ways to a goal, and returns the status at
// its end.
func (s *tourSearch) walk(path *statespace.Path) ([]uint32, error) {
	last := s.length // the level of the goals
	if s.by {
		last--
	}
	wanted := make([]map[uint32]bool, last+1)
	wanted[last] = s.at
	for level := last - 1; level >= 0; level-- {
		wanted[level] = make(map[uint32]bool)
		if !s.each(level, func(uint32, []uint32) {}, func(h hop) {
			if wanted[level+1][s.node(h.to, h.after)] {
				wanted[level][h.node] = true
			}
		}) {
			return nil, store.ErrChanged
		}
	}
	// status is exact; the status of a leg's nodes is not.
	status := s.status
	nodeStatus := s.status
	for step := 1; step <= s.length; step++ {
		enabled, err := s.enabledSets(path.Last())
		if err != nil {
			return nil, err
		}
		status = slices.Clone(s.settle(status, enabled))
		settled := slices.Clone(s.settle(nodeStatus, enabled))
		var label uint32
		here := slices.Clone(path.Last())
		_, err = s.Extend(path, func(t statespace.Transition, packed uint64) bool {
			if slices.Equal(t.State, here) { // It takes nothing, even if its label contains sets.
				return false
			}
			to, ok := s.Locate(packed)
			label = s.Just.Label(t.Slot, t.ID)
			h := hop{to: to, after: s.take(settled, label)}
			switch {
			case !ok || !s.inside(to):
				return false
			case s.by && step == s.length:
				return s.reaches(h)
			}
			return wanted[step][s.node(to, h.after)]
		})
		if err != nil {
			return nil, err
		}
		status = s.take(status, label)
		if s.whole {
			nodeStatus = s.take(settled, label)
		}
	}
	enabled, err := s.enabledSets(path.Last())
	if err != nil {
		return nil, err
	}
	return slices.Clone(s.settle(status, enabled)), nil
}

// enabledSets returns the sets of actions that are enabled in a state, ascending.
func (g *Graph) enabledSets(state []statespace.PartID) ([]uint32, error) {
	ts, err := statespace.Transitions(g.Space, state)
	if err != nil {
		return nil, err
	}
	var sets []uint32
	for _, t := range ts {
		if t.Ignored == statespace.Counts && (t.Cut || !slices.Equal(t.State, state)) {
			sets = append(sets, g.Just.Sets(g.Just.Label(t.Slot, t.ID))...)
		}
	}
	slices.Sort(sets)
	return slices.Compact(sets), nil
}

// tourLength returns the length of a shortest fair loop through a state, or 0 if finding it takes too long.
func (d *decision) tourLength(from place) (int, error) {
	t := d.newTour(from)
	defer t.free()
	status, err := t.first()
	if err != nil {
		return 0, err
	}
	return t.newSearch(from, status, true).length, nil
}

// first returns the status at the start of the loop.
func (t *tour) first() ([]uint32, error) {
	from, ok := t.v.stepsOf(t.from)
	if !ok {
		return nil, store.ErrChanged
	}
	return t.begin(t.enabledBy(from)), nil
}

// extend extends a path by a fair loop: the least of the shortest ones, if they can be found.
func (t *tour) extend(path *statespace.Path) error {
	status, err := t.first()
	if err != nil {
		return err
	}
	path.Loop = len(path.Steps) + 1
	if s := t.newSearch(t.from, status, true); s.length > 0 {
		_, err := s.walk(path)
		return err
	}
	for at := t.from; !t.Over(); {
		debts := owes(status)
		s := t.newSearch(at, status, false)
		if s.length == 0 {
			return store.ErrChanged
		}
		if status, err = s.walk(path); err != nil {
			return err
		}
		if !debts && !owes(status) { // the leg met no new set
			return nil
		}
		at, _ = t.Locate(t.pack(path.Last()))
	}
	return nil
}
