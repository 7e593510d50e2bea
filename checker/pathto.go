package checker

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// pathTo returns the path to one of the states, all of which were first reached at a level. Of all shortest paths to
// any of them it is the least in content order: by initial state, then by the keys of the actions in turn. No parents
// are stored: it walks back level by level, and finds the states that lead to a wanted one by expanding the whole
// level.
//
// States waiting to be expanded are not expanded here: that could call handlers that the search may never call, such
// as one that fails, and which of them would depend on the run. If there are enough levels, waiting states have the
// tag of an earlier level.
func (e *engine) pathTo(states [][]statespace.PartID, level int) (*statespace.Path, error) {
	wanted := make([]map[uint64]bool, level+1) // by level: packed states with a path to one of states
	wanted[level] = make(map[uint64]bool)
	w := e.workers[0]
	for _, state := range states {
		wanted[level][w.pack(state)] = true
	}
	var waiting *store.Places
	if depth := int(e.depth.Load()); depth > store.Tags && e.halt.Load() == 0 {
		index, err := e.states.Index()
		if err != nil {
			return nil, err
		}
		if waiting, err = index.PlacesOf(e.front); err != nil {
			return nil, err
		}
		defer waiting.Free()
	}
	for l := level - 1; l >= 1; l-- {
		wanted[l] = e.before(wanted[l+1], l, waiting)
	}
	path, err := e.startPath(func(packed uint64) bool { return wanted[1][packed] })
	for l := 2; l <= level && err == nil; l++ {
		_, err = e.extendPath(path, func(_ statespace.Transition, packed uint64) bool { return wanted[l][packed] })
	}
	if err != nil {
		return nil, err
	}
	return path, nil
}

// startPath returns a path that consists of the least wanted initial state.
func (e *engine) startPath(wanted func(packed uint64) bool) (*statespace.Path, error) {
	var least []byte
	var initial []statespace.PartID
	for _, state := range e.initial {
		if !wanted(e.workers[0].packLeast(state)) {
			continue
		}
		if content := statespace.Content(e.space, state); initial == nil || bytes.Compare(content, least) < 0 {
			initial, least = state, content
		}
	}
	if initial == nil {
		return nil, store.ErrChanged
	}
	return &statespace.Path{Initial: slices.Clone(initial)}, nil
}

// extendPath appends the least wanted transition, and returns the state that it leads to, packed.
func (e *engine) extendPath(
	path *statespace.Path, wanted func(t statespace.Transition, packed uint64) bool,
) (packed uint64, err error) {
	err = extendBy(e.space, path, func(t statespace.Transition) bool {
		packed = e.workers[0].packLeast(t.State)
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
func (e *engine) before(wanted map[uint64]bool, level int, waiting *store.Places) map[uint64]bool {
	found := make(map[uint64]bool)
	var mu sync.Mutex
	var taken atomic.Int64
	l := e.states.Layout
	filter := e.newFilter(wanted)
	e.parallel(func(w *worker) {
		keys := make([]uint64, 0, batchLength)
		ids := e.states.Row()
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
		for i := int(taken.Add(1)) - 1; i < len(e.states.Shards); i = int(taken.Add(1)) - 1 {
			e.states.EachTagged(i, uint8(level%store.Tags), func(packed uint64) bool {
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

// pathAlong returns the path through states, each a successor of the one before, or with symmetry through states that
// these represent.
func (e *engine) pathAlong(states [][]statespace.PartID) (*statespace.Path, error) {
	path := &statespace.Path{Initial: states[0]}
	if e.turning.on() {
		at := slices.IndexFunc(e.initial, func(s []statespace.PartID) bool { return slices.Equal(e.turning.least(s), states[0]) })
		if at < 0 {
			return nil, store.ErrChanged
		}
		path.Initial = slices.Clone(e.initial[at])
	}
	for _, state := range states[1:] {
		if err := extend(e.space, path, func(s []statespace.PartID) bool { return slices.Equal(e.turning.least(s), state) }); err != nil {
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
