package checker

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"synod/checker/internal/expand"
	"synod/checker/internal/store"
	"synod/model/statespace"
)

// pathfinder finds paths to visited states. It is that of the current units and layout.
type pathfinder struct {
	*crew
	space   statespace.Space
	whole   bool // states are expanded as a whole
	turning *turning
	units   *expand.Units
	states  *store.States
	initial [][]statespace.PartID
}

// paths returns what finds paths to the states visited so far.
func (e *engine) paths() *pathfinder {
	return &pathfinder{
		crew: &e.crew, space: e.space, whole: e.whole != nil, turning: &e.turning, units: e.units, states: e.states, initial: e.initial,
	}
}

// pathTo returns the path to one of the states, all of which were first reached at a level.
func (e *engine) pathTo(states [][]statespace.PartID, level int) (*statespace.Path, error) {
	if int(e.depth.Load()) > store.Tags && !e.halted() {
		return e.paths().to(states, level, e.front)
	}
	return e.paths().to(states, level, nil)
}

// to returns the path to one of the states, all of which were first reached at a level. Of all shortest paths to
// any of them it is the least in content order: by initial state, then by the keys of the actions in turn. No parents
// are stored: it walks back level by level, and finds the states that lead to a wanted one by expanding the whole
// level.
//
// States of front, which wait to be expanded, are not expanded here: that could call handlers that the search may never call, such
// as one that fails, and which of them would depend on the run. If there are enough levels, waiting states have the
// tag of an earlier level.
func (f *pathfinder) to(states [][]statespace.PartID, level int, front *store.Frontier) (*statespace.Path, error) {
	wanted := make([]map[uint64]bool, level+1) // by level: packed states with a path to one of states
	wanted[level] = make(map[uint64]bool)
	w := f.workers[0]
	for _, state := range states {
		wanted[level][w.pack(state)] = true
	}
	var waiting *store.Places
	if front != nil {
		index, err := f.states.Index()
		if err != nil {
			return nil, err
		}
		if waiting, err = index.PlacesOf(front); err != nil {
			return nil, err
		}
		defer waiting.Free()
	}
	for l := level - 1; l >= 1; l-- {
		wanted[l] = f.before(wanted[l+1], l, waiting)
	}
	path, err := f.start(func(packed uint64) bool { return wanted[1][packed] })
	for l := 2; l <= level && err == nil; l++ {
		_, err = f.extend(path, func(_ statespace.Transition, packed uint64) bool { return wanted[l][packed] })
	}
	if err != nil {
		return nil, err
	}
	return path, nil
}

// start returns a path that consists of the least wanted initial state.
func (f *pathfinder) start(wanted func(packed uint64) bool) (*statespace.Path, error) {
	var least []byte
	var initial []statespace.PartID
	for _, state := range f.initial {
		if !wanted(f.workers[0].packLeast(state)) {
			continue
		}
		if content := statespace.Content(f.space, state); initial == nil || bytes.Compare(content, least) < 0 {
			initial, least = state, content
		}
	}
	if initial == nil {
		return nil, store.ErrChanged
	}
	return &statespace.Path{Initial: slices.Clone(initial)}, nil
}

// extend appends the least wanted transition, and returns the state that it leads to, packed.
func (f *pathfinder) extend(
	path *statespace.Path, wanted func(t statespace.Transition, packed uint64) bool,
) (packed uint64, err error) {
	err = extendBy(f.space, path, func(t statespace.Transition) bool {
		packed = f.workers[0].packLeast(t.State)
		return wanted(t, packed)
	})
	return packed, err
}

// extend appends the transition to a wanted state, the one with the least key if there are several.
func extend(space statespace.Space, path *statespace.Path, wanted func(state []statespace.PartID) bool) error {
	return extendBy(space, path, func(t statespace.Transition) bool { return wanted(t.State) })
}

// extendBy appends the wanted transition, the one with the least key if there are several.
func extendBy(space statespace.Space, path *statespace.Path, wanted func(t statespace.Transition) bool) error {
	ts, err := statespace.Transitions(space, path.Last())
	if err != nil {
		return err
	}
	for _, t := range ts {
		if t.Ignored == statespace.Counts && !t.Cut && wanted(t) {
			path.Steps = append(path.Steps, t)
			return nil
		}
	}
	return store.ErrChanged
}

// before returns the states of a level with a wanted successor. It expands all states with the tag of the level,
// except those in waiting. States of earlier levels with the same tag cannot lead to wanted ones, which are more than
// one level away.
func (f *pathfinder) before(wanted map[uint64]bool, level int, waiting *store.Places) map[uint64]bool {
	found := make(map[uint64]bool)
	var mu sync.Mutex
	var taken atomic.Int64
	l := f.states.Layout
	filter := f.newFilter(wanted)
	f.parallel(func(w *worker) {
		keys := make([]uint64, 0, batchLength)
		ids := f.states.Row()
		expand := func() {
			if len(keys) == 0 {
				return
			}
			w.eachSuccessor(keys, func(key, successor uint64) {
				if wanted[successor] {
					mu.Lock()
					found[key] = true
					mu.Unlock()
				}
			})
			keys = keys[:0]
		}
		for i := int(taken.Add(1)) - 1; i < len(f.states.Shards); i = int(taken.Add(1)) - 1 {
			f.states.EachTagged(i, uint8(level%store.Tags), func(packed uint64) bool {
				if filter != nil {
					if l.Unpack(packed, ids, filter.units); !filter.may(ids) {
						return true
					}
				}
				if waiting.Holds(packed) {
					return true
				}
				keys = append(keys, packed)
				if len(keys) == batchLength {
					expand()
				}
				return true
			})
		}
		expand()
	})
	return found
}

// eachSuccessor calls f for every pair of a state and a successor. A state that cannot be expanded, as a successor is
// too wide for the layout or a handler fails, was not expanded by the search either: no path passes through it.
func (w *worker) eachSuccessor(keys []uint64, f func(key, successor uint64)) {
	switch {
	case w.expand(keys):
		for i, successor := range w.successors {
			f(keys[w.sources[i]], successor)
		}
	case len(keys) > 1:
		half := len(keys) / 2
		w.eachSuccessor(keys[:half], f)
		w.eachSuccessor(keys[half:], f)
	}
}

// along returns the path through states, each a successor of the one before, or with symmetry through states that
// these represent.
func (f *pathfinder) along(states [][]statespace.PartID) (*statespace.Path, error) {
	path := &statespace.Path{Initial: states[0]}
	if f.turning.on() {
		at := slices.IndexFunc(f.initial, func(s []statespace.PartID) bool { return slices.Equal(f.turning.least(s), states[0]) })
		if at < 0 {
			return nil, store.ErrChanged
		}
		path.Initial = slices.Clone(f.initial[at])
	}
	for _, state := range states[1:] {
		if err := extend(f.space, path, func(s []statespace.PartID) bool { return slices.Equal(f.turning.least(s), state) }); err != nil {
			return nil, err
		}
	}
	return path, nil
}

// pathToFailure records the path to the state in which a breadth-first search failed, which is in one of the last two
// levels.
func (e *engine) pathToFailure(r *Result) {
	f := e.failure.Load()
	if f == nil || f.state == nil {
		return
	}
	tag, visited := e.states.Tag(e.workers[0].pack(f.state))
	if !visited {
		return
	}
	level := int(e.depth.Load())
	if int(tag) != level%store.Tags {
		level++
	}
	if path, err := e.pathTo([][]statespace.PartID{f.state}, level); err == nil {
		r.Failure = path
	}
}
