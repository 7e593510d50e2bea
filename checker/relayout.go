package checker

import (
	"errors"
	"sync/atomic"

	"synod/checker/internal/expand"
	"synod/checker/internal/store"
	"synod/model/statespace"
)

// relayout moves all states, visited and waiting, to a layout that holds every id seen so far, and to the units us.
// No worker may be searching, and buffers and queues must be empty. It reports false if the search is to stop:
// because there is not enough memory for both layouts, or because it was stopped meanwhile. Then all visited states
// are unchanged.
func (e *engine) relayout(us *expand.Units, frontiers ...*store.Frontier) bool {
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
			w.compile, w.moving = expand.Scratch{}, nil
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
	e.moveImages(m)
	e.overflow.Store(false)
	return !e.halted()
}

// moveFrontier repacks waiting states for the engine's layout. If the search is stopped meanwhile, only their number
// remains valid.
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

// moveStates copies the visited states to a new layout of the engine's units. If the search is stopped meanwhile,
// some are missing.
func (e *engine) moveStates(m *migration) {
	e.beginMove(*m)
	if e.units != m.old.units {
		// Intern the ids of the new units now, so that the fields are wide enough.
		e.eachState(m.old, func(w *worker, packed uint64, _ uint8) { w.unpackOld(*m, packed) })
		for _, w := range e.workers {
			w.compile = expand.Scratch{}
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

// bytes returns the size of the visited set in bytes.
func (s snapshot) bytes() int64 {
	n := int64(0)
	for _, s := range s.shards {
		n += s.Set.Bytes()
	}
	return n
}

// minPairRoom is the least number of spare bits of a pair's field.
const minPairRoom = 6

// snapshot is what is needed to interpret packed states.
type snapshot struct {
	units  *expand.Units
	layout *store.Layout
	shards []*store.Shard
}

// now returns the engine's current snapshot.
func (e *engine) now() snapshot { return snapshot{e.units, e.layout, e.shards} }

func (s snapshot) unpack(packed uint64, ids []uint32, state []statespace.PartID) {
	s.layout.Unpack(packed, ids, len(s.units.Of))
	s.units.Parts(ids, state)
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

// maxFields returns the most fields of a layout of so many units, as each pair joins two fields.
func maxFields(units int) int { return 2 * units }

// migration is a move from an old layout to the engine's.
type migration struct {
	old snapshot
	// The number of fields with the same meaning in both layouts, which are all fields of the old one, so that a state
	// need only be unpacked to its old roots; 0 if the units or pairs differ.
	kept int
}

// beginMove allocates room for the ids of the states to move.
func (e *engine) beginMove(m migration) {
	for _, w := range e.workers {
		w.row = make([]uint32, maxFields(len(e.units.Of)))
		w.oldRow = make([]uint32, len(m.old.layout.Fields))
	}
}

// unpackOld puts the ids of the fields that are kept, or else of the engine's units, into w.row.
func (w *worker) unpackOld(m migration, packed uint64) {
	us, old := w.e.units, m.old
	switch {
	case m.kept > 0:
		old.layout.UnpackRoots(packed, w.row)
	case us == old.units:
		old.layout.Unpack(packed, w.oldRow, len(us.Of))
		copy(w.row, w.oldRow[:len(us.Of)])
	default:
		old.unpack(packed, w.oldRow, w.state)
		for i, u := range us.Of {
			w.row[i] = u.ID(w.state)
		}
	}
}

// joinFrom returns the first field that unpackOld leaves out.
func (m migration) joinFrom(us *expand.Units) int { return max(m.kept, len(us.Of)) }

// repack returns a packed state of the old layout, packed for the engine's.
func (w *worker) repack(m migration, packed uint64) uint64 {
	w.unpackOld(m, packed)
	store.Join(w.e.layout.Fields, w.row, m.joinFrom(w.e.units))
	packed, ok := w.e.layout.PackRoots(w.row)
	if !ok {
		panic(errNarrow)
	}
	return packed
}

// errNarrow reports a violated internal invariant.
var errNarrow = errors.New("checker: a layout that does not hold the states it was made for")

// packRow packs the state whose unit ids are in w.row. The layout must hold it.
func (w *worker) packRow() uint64 {
	packed, ok := w.e.layout.Pack(w.row, len(w.e.units.Of))
	if !ok {
		panic(errNarrow)
	}
	return packed
}

// pack packs the state with these parts. The layout must hold it.
func (w *worker) pack(state []statespace.PartID) uint64 {
	for i, u := range w.e.units.Of {
		w.row[i] = u.ID(state)
	}
	return w.packRow()
}

// moving is a batch of keys for a shard of a new layout.
type moving struct {
	keys []uint64
	tags []uint8
}

// move adds a key to the batch of its shard, and inserts the batch when it is full.
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
