package checker

import (
	"errors"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// relayout moves all states, visited and waiting, to a layout that holds every id seen so far, and perhaps to new
// units. Nobody may search meanwhile, and no buffer or queue may hold states. It reports false if the search is to stop: because
// memory does not do for both layouts, or as it was stopped meanwhile. Then all visited states are as they were.
func (e *engine) relayout(us *units, frontiers ...*store.Frontier) bool {
	old := e.now()
	if limit := e.options.MemoryLimit; limit > 0 && e.memory()+old.bytes() > limit {
		e.stop(stopMemory)
		return false
	}
	if n := e.unique(); n == e.relaid {
		e.pairRoom += minPairRoom // The last layout had no room for a single batch.
	} else {
		e.relaid, e.pairRoom = n, minPairRoom
	}
	e.units = us
	m := migration{old: old}
	e.guard(func() { e.moveStates(&m) })
	if e.halted() {
		for _, s := range e.shards {
			if e.layout != old.layout && s != nil {
				s.Set.Free()
			}
		}
		e.units, e.layout, e.shards = old.units, old.layout, old.shards
		for _, w := range e.workers {
			w.compile, w.moving = compileScratch{}, nil
			w.fit()
		}
		return false
	}
	for _, s := range old.shards {
		s.Set.Free()
	}
	for _, f := range frontiers {
		e.moveFrontier(m, f)
	}
	e.overflow.Store(false)
	return !e.halted()
}

// moveFrontier brings waiting states to the engine's layout. Who stops the search meanwhile asks for them no more, but for
// their number.
func (e *engine) moveFrontier(m migration, f *store.Frontier) {
	f.Rest()
	e.parallel(func(w *worker) {
		for i := int(f.Taken.Add(1)) - 1; i < len(f.Chunks) && !e.halted(); i = int(f.Taken.Add(1)) - 1 {
			for k, packed := range f.Chunks[i].Keys {
				f.Chunks[i].Keys[k] = w.repack(m, packed)
			}
		}
	})
	f.Taken.Store(0)
}

// moveStates brings the visited states to a layout of the engine's units. If the search is stopped meanwhile, some are not
// there.
func (e *engine) moveStates(m *migration) {
	e.beginMove(*m)
	if e.units != m.old.units {
		// The ids of new units come to be here, so that the fields are wide enough for them.
		e.eachState(m.old, func(w *worker, packed uint64, _ uint8) { w.unpackOld(*m, packed) })
		for _, w := range e.workers {
			w.compile = compileScratch{}
		}
	}
	l := e.chooseLayout(m)
	if e.halted() {
		return // Not all ids are known, so the layout may be too narrow.
	}
	if err := e.layOut(l); err != nil {
		e.stop(stopMemory)
		return
	}
	e.beginMove(*m)
	e.eachState(m.old, func(w *worker, packed uint64, tag uint8) {
		shard, key := e.layout.ShardOf(w.repack(*m, packed))
		w.move(shard, key, tag)
	})
	e.parallel(func(w *worker) {
		for shard := range w.moving {
			w.moveIn(shard)
		}
		w.moving = nil
	})
}

// bytes is what the visited set takes.
func (s snapshot) bytes() int64 {
	n := int64(0)
	for _, s := range s.shards {
		n += s.Set.Bytes()
	}
	return n
}

// minPairRoom is how many bits the field of a pair gets beyond those it needs, at least.
const minPairRoom = 6

// snapshot is what packed states mean, before a relayout.
type snapshot struct {
	units  *units
	layout *store.Layout
	shards []*store.Shard
}

// now is what packed states mean at the moment.
func (e *engine) now() snapshot { return snapshot{e.units, e.layout, e.shards} }

func (s snapshot) unpack(packed uint64, ids []uint32, state []statespace.PartID) {
	s.layout.Unpack(packed, ids, len(s.units.of))
	s.units.parts(ids, state)
}

// eachState runs f on every visited state, in parallel, until the search is stopped.
func (e *engine) eachState(s snapshot, f func(w *worker, packed uint64, tag uint8)) {
	var taken atomic.Int64
	e.parallel(func(w *worker) {
		for i := int(taken.Add(1)) - 1; i < len(s.shards); i = int(taken.Add(1)) - 1 {
			s.shards[i].Set.Each(func(key uint64, tag uint8) bool {
				f(w, s.layout.Packed(i, key), tag)
				return !e.halted()
			})
		}
	})
}

// maxFields is how many fields a layout of so many units has at most, as each pair makes one of two.
func maxFields(units int) int { return 2 * units }

// migration is the way from a former layout to the engine's.
type migration struct {
	old snapshot
	// So many fields, all of the former ones, mean the same in both layouts, so that a state need not be taken apart further
	// than to its old roots; 0 if there are other units, or other pairs.
	kept int
}

// beginMove makes room for the ids of states that are moved.
func (e *engine) beginMove(m migration) {
	for _, w := range e.workers {
		w.row = make([]uint32, maxFields(len(e.units.of)))
		w.oldRow = make([]uint32, len(m.old.layout.Fields))
	}
}

// unpackOld puts the ids of a state's fields, as far as they are kept, or else of the engine's units, into w.row.
func (w *worker) unpackOld(m migration, packed uint64) {
	us, old := w.e.units, m.old
	switch {
	case m.kept > 0:
		old.layout.UnpackRoots(packed, w.row)
	case us == old.units:
		old.layout.Unpack(packed, w.oldRow, len(us.of))
		copy(w.row, w.oldRow[:len(us.of)])
	default:
		old.unpack(packed, w.oldRow, w.state)
		for i, u := range us.of {
			w.row[i] = u.id(w.state)
		}
	}
}

// joinFrom is where the fields begin that unpackOld leaves out.
func (m migration) joinFrom(us *units) int { return max(m.kept, len(us.of)) }

// repack returns the packed state of the engine's layout for one of the former.
func (w *worker) repack(m migration, packed uint64) uint64 {
	w.unpackOld(m, packed)
	store.Join(w.e.layout.Fields, w.row, m.joinFrom(w.e.units))
	packed, ok := w.e.layout.PackRoots(w.row)
	if !ok {
		panic(errNarrow)
	}
	return packed
}

// errNarrow is a broken invariant.
var errNarrow = errors.New("checker: a layout that does not hold the states it was made for")

// packRow returns the packed state of which w.row has the ids of the units, and which the layout must hold.
func (w *worker) packRow() uint64 {
	packed, ok := w.e.layout.Pack(w.row, len(w.e.units.of))
	if !ok {
		panic(errNarrow)
	}
	return packed
}

// pack returns the packed state for parts, which the layout must hold.
func (w *worker) pack(state []statespace.PartID) uint64 {
	for i, u := range w.e.units.of {
		w.row[i] = u.id(state)
	}
	return w.packRow()
}

// moving is a batch of keys on their way to a shard of a new layout.
type moving struct {
	keys []uint64
	tags []uint8
}

// move brings a key to its shard, together with others.
func (w *worker) move(shard int, key uint64, tag uint8) {
	if w.moving == nil {
		w.moving = make([]moving, len(w.e.shards))
	}
	m := &w.moving[shard]
	m.keys, m.tags = append(m.keys, key), append(m.tags, tag)
	if len(m.keys) == bufferLength {
		w.moveIn(shard)
	}
}

// moveIn inserts the batch of a shard.
func (w *worker) moveIn(shard int) {
	m, s := &w.moving[shard], w.e.shards[shard]
	s.Owner.Lock()
	defer s.Owner.Unlock()
	if err := s.Set.InsertTagged(m.keys, m.tags); err != nil {
		w.e.stop(stopMemory)
	}
	m.keys, m.tags = m.keys[:0], m.tags[:0]
}
