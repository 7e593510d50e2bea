package checker

import (
	"slices"

	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
)

// A fair loop has to take or to disable every set that is enabled where it begins, so it is a tour, and a shortest one is hard
// to find in general: it is looked for by a search level by level over states together with what is still owed, which
// grows by a factor of two with every set. If that takes too many nodes, the tour is put together of shortest legs, each to the
// nearest state or step where something less is owed.

const (
	maxTour       = 1 << 18 // nodes of a search for a shortest fair loop
	maxTourStarts = 16      // states from which one is looked for
)

// tourLimit is maxTour, but for tests.
var tourLimit = maxTour

// tour looks for a fair loop of a state that is on one.
type tour struct {
	*pursuit
	v        *surveyor
	from     place
	arena    *offheap.Arena
	statuses *words.Table
	spare    []uint32
}

func (p *pursuit) newTour(from place) *tour {
	t := &tour{pursuit: p, v: p.of[0], from: from, arena: offheap.New()}
	t.statuses = words.NewTable(t.arena)
	p.e.aside.Store(t.arena)
	return t
}

// inside reports whether a state is in the component of the start: from one that follows, fair or not, no step leads back.
func (t *tour) inside(at place) bool {
	return t.marks.get(at)&markCyclic != 0 && *t.degrees.at(at) == *t.degrees.at(t.from)
}

func (t *tour) free() {
	t.e.aside.Store(nil)
	t.arena.Close()
}

// quest is one of the searches of a tour, level by level, and its goals. Nodes are numbered level by level.
type quest struct {
	*tour
	whole  bool // it looks for a whole tour; a node is a state with a status; otherwise for a leg, and a node is a state
	start  place
	status []uint32 // at the start
	nodes  *words.Table
	levels []uint32 // the first node of each level, and the number of all
	length int      // of the way to the goals; 0 as long as none is known
	at     map[uint32]bool
	by     bool // the last step itself, not the state that it leads to, is what was looked for
}

// newQuest looks for goals. It gives up, with the length 0, where there would be too many nodes.
func (t *tour) newQuest(start place, status []uint32, whole bool) *quest {
	s := &quest{
		tour: t, whole: whole, start: start, status: slices.Clone(status), nodes: words.NewTable(t.arena),
		at: make(map[uint32]bool),
	}
	s.node(start, status)
	s.levels = []uint32{0, 1}
	for depth := 1; s.length == 0 && !t.over(); depth++ {
		s.level(depth)
		if n := uint32(s.nodes.Len()); s.length == 0 && (n == s.levels[depth] || whole && int(n) > tourLimit) {
			return s
		}
		s.levels = append(s.levels, uint32(s.nodes.Len()))
	}
	return s
}

// node numbers a node.
func (s *quest) node(at place, status []uint32) uint32 {
	n := uint32(0)
	if s.whole {
		n, _ = s.statuses.Intern(status)
	}
	id, _ := s.nodes.Intern([]uint32{at, n})
	return id
}

// place returns the state of a node.
func (s *quest) place(node uint32) place { return s.nodes.At(node)[0] }

// statusOf returns the status with which a node was met.
func (s *quest) statusOf(node uint32) []uint32 {
	if !s.whole {
		return s.status
	}
	return s.statuses.At(s.nodes.At(node)[1])
}

// hop is a step from a node.
type hop struct {
	node  uint32
	to    place
	after []uint32 // the status after it
}

// each calls f with the hops of the nodes of a level within the component, and arrive with the status in their states.
func (s *quest) each(level int, arrive func(node uint32, status []uint32), f func(h hop)) bool {
	first, end := s.levels[level], s.levels[level+1]
	for ; first < end; first += batchLength {
		var batch []place
		for n := first; n < min(end, first+batchLength); n++ {
			batch = append(batch, s.place(n))
		}
		if s.over() || !s.v.expand(batch, func(i int, from steps) {
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

// reaches reports whether a hop is what is looked for.
func (s *quest) reaches(h hop) bool {
	switch {
	case s.whole:
		return h.to == s.from && !owes(h.after)
	case owes(s.status):
		return pays(s.status, h.after)
	}
	return h.to == s.from
}

// level looks for goals among the nodes of the last level and the hops from them, and numbers those behind.
func (s *quest) level(depth int) {
	var here, beyond []uint32 // nodes that are goals, and that have a hop that is
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

// walk adds the least of the shortest ways to a goal to a path that ends at the start, and gives the status at its end.
func (s *quest) walk(path *statespace.Path) ([]uint32, error) {
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
			return nil, errChanged
		}
	}
	// The status that is carried along is the true one; that of a leg's nodes is not.
	status := s.status
	nodeStatus := s.status
	for step := 1; step <= s.length; step++ {
		enabled, err := s.e.enabledSets(path.Last())
		if err != nil {
			return nil, err
		}
		status = slices.Clone(s.settle(status, enabled))
		settled := slices.Clone(s.settle(nodeStatus, enabled))
		var label uint32
		here := slices.Clone(path.Last())
		err = extendBy(s.e.space, path, func(t statespace.Transition) bool {
			if slices.Equal(t.State, here) { // It takes nothing, though its label may say so.
				return false
			}
			to, ok := s.locate(s.e.workers[0].pack(t.State))
			label = s.e.units.just.Label(t.Slot, t.ID)
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
	enabled, err := s.e.enabledSets(path.Last())
	if err != nil {
		return nil, err
	}
	return slices.Clone(s.settle(status, enabled)), nil
}

// enabledSets returns the sets of actions that are enabled in a state, ascending.
func (e *engine) enabledSets(state []statespace.PartID) ([]uint32, error) {
	ts, err := statespace.Transitions(e.space, state)
	if err != nil {
		return nil, err
	}
	var sets []uint32
	for _, t := range ts {
		if t.Ignored == statespace.Counts && (t.Cut || !slices.Equal(t.State, state)) {
			sets = append(sets, e.units.just.Sets(e.units.just.Label(t.Slot, t.ID))...)
		}
	}
	slices.Sort(sets)
	return slices.Compact(sets), nil
}

// tourLength returns the length of a shortest fair loop through a state, or 0 if that takes too much to find.
func (p *pursuit) tourLength(from place) (int, error) {
	t := p.newTour(from)
	defer t.free()
	status, err := t.first()
	if err != nil {
		return 0, err
	}
	return t.newQuest(from, status, true).length, nil
}

// first returns the status in which the loop begins.
func (t *tour) first() ([]uint32, error) {
	from, ok := t.v.stepsOf(t.from)
	if !ok {
		return nil, errChanged
	}
	return t.begin(t.enabledBy(from)), nil
}

// extend adds a fair loop to a path: the least of the shortest ones, if those can be found.
func (t *tour) extend(path *statespace.Path) error {
	status, err := t.first()
	if err != nil {
		return err
	}
	path.Loop = len(path.Steps) + 1
	if s := t.newQuest(t.from, status, true); s.length > 0 {
		_, err := s.walk(path)
		return err
	}
	for at := t.from; !t.over(); {
		debts := owes(status)
		s := t.newQuest(at, status, false)
		if s.length == 0 {
			return errChanged
		}
		if status, err = s.walk(path); err != nil {
			return err
		}
		if !debts && !owes(status) { // and it met nothing new
			return nil
		}
		at, _ = t.locate(t.e.workers[0].pack(path.Last()))
	}
	return nil
}
