package store

import (
	"sync/atomic"

	"synod/model/statespace"
)

// Relayout moves all states, visited and waiting, to a layout that holds every id seen so far, and to the units us. No
// worker may be searching, and buffers and queues must be empty. It reports false, and all visited states are unchanged,
// if the search is to stop: because there is not enough memory for both layouts, or because it was stopped meanwhile.
// If it is stopped while the frontiers move, only their sizes remain valid.
func (s *States) Relayout(us Units, frontiers ...*Frontier) (*Migration, bool) {
	old := s.now()
	if n := s.Len(); n == s.relaid {
		s.pairRoom += minPairRoom // The last layout had no room for a single batch.
	} else {
		s.relaid, s.pairRoom = n, minPairRoom
	}
	s.units = us
	m := &Migration{s: s, old: old}
	s.crew.Guard(m.moveStates)
	if s.crew.Halted() {
		for _, shard := range s.Shards {
			if s.Layout != old.layout && shard != nil {
				shard.Set.Free()
			}
		}
		s.units, s.Layout, s.Shards = old.units, old.layout, old.shards
		m.forget()
		return nil, false
	}
	for _, shard := range old.shards {
		shard.Set.Free()
	}
	for _, f := range frontiers {
		m.moveFrontier(f)
	}
	return m, true
}

// Migration is a move from an old layout to the current one.
type Migration struct {
	s   *States
	old snapshot
	// The number of fields with the same meaning in both layouts, which are all fields of the old one, so that a state
	// need only be unpacked to its old roots; 0 if the units or pairs differ.
	kept int
}

// Repack returns a packed state of the old layout, packed for the current one. One goroutine may call it at a time.
func (m *Migration) Repack(packed uint64) uint64 { return m.repack(m.s.movers[0], packed) }

// moveFrontier repacks waiting states for the current layout. If the search is stopped meanwhile, only their number
// remains valid.
func (m *Migration) moveFrontier(f *Frontier) {
	f.Rest()
	m.s.crew.Parallel(func(worker int) {
		w := m.s.movers[worker]
		for i := int(f.taken.Add(1)) - 1; i < len(f.Chunks) && !m.s.crew.Halted(); i = int(f.taken.Add(1)) - 1 {
			for k, packed := range f.Chunks[i].Keys {
				f.Chunks[i].Keys[k] = m.repack(w, packed)
			}
		}
	})
	f.taken.Store(0)
}

// moveStates copies the visited states to a new layout of the current units. If the search is stopped meanwhile, some
// are missing.
func (m *Migration) moveStates() {
	s := m.s
	m.makeRoom()
	if s.units != m.old.units {
		// Intern the ids of the new units now, so that the fields are wide enough.
		m.eachState(func(w *mover, packed uint64, _ uint8) { m.unpackOld(w, packed) })
	}
	l := m.chooseLayout()
	if s.crew.Halted() {
		return // Not all ids are known, so the layout may be too narrow.
	}
	if err := s.layOut(l); err != nil {
		s.crew.Full()
		return
	}
	m.makeRoom()
	m.eachState(func(w *mover, packed uint64, tag uint8) {
		shard, key := s.Layout.ShardOf(m.repack(w, packed))
		s.move(w, shard, key, tag)
	})
	s.crew.Parallel(func(worker int) {
		w := s.movers[worker]
		for shard := range w.moving {
			s.moveIn(w, shard)
		}
		w.moving = nil
	})
}

// minPairRoom is the least number of spare bits of a pair's field.
const minPairRoom = 6

// eachState runs f on every visited state of the old layout, in parallel, until the search is stopped.
func (m *Migration) eachState(f func(w *mover, packed uint64, tag uint8)) {
	var taken atomic.Int64
	m.s.crew.Parallel(func(worker int) {
		w := m.s.movers[worker]
		for i := int(taken.Add(1)) - 1; i < len(m.old.shards); i = int(taken.Add(1)) - 1 {
			m.old.shards[i].Set.Each(func(key uint64, tag uint8) bool {
				f(w, m.old.layout.Packed(i, key), tag)
				return !m.s.crew.Halted()
			})
		}
	})
}

// mover is a worker that moves states.
type mover struct {
	row    []uint32 // ids of one state, with room for those of pairs
	oldRow []uint32 // the same in the old layout
	state  []statespace.PartID
	moving []moving // by shard
}

// makeRoom allocates room for the ids of the states to move.
func (m *Migration) makeRoom() {
	for _, w := range m.s.movers {
		w.row, w.oldRow = m.s.Row(), make([]uint32, len(m.old.layout.Fields))
	}
}

// forget drops what the movers have not moved.
func (m *Migration) forget() {
	for _, w := range m.s.movers {
		w.moving = nil
	}
}

// unpackOld puts the ids of the fields that are kept, or else of the current units, into w.row.
func (m *Migration) unpackOld(w *mover, packed uint64) {
	us, old := m.s.units, m.old
	switch {
	case m.kept > 0:
		old.layout.UnpackRoots(packed, w.row)
	case us == old.units:
		n := us.Len()
		old.layout.Unpack(packed, w.oldRow, n)
		copy(w.row, w.oldRow[:n])
	default:
		old.unpack(packed, w.oldRow, w.state)
		us.IDs(w.state, w.row)
	}
}

// joinFrom returns the first field that unpackOld leaves out.
func (m *Migration) joinFrom() int { return max(m.kept, m.s.units.Len()) }

// repack returns a packed state of the old layout, packed for the current one.
func (m *Migration) repack(w *mover, packed uint64) uint64 {
	m.unpackOld(w, packed)
	Join(m.s.Layout.Fields, w.row, m.joinFrom())
	packed, ok := m.s.Layout.PackRoots(w.row)
	if !ok {
		panic(errNarrow)
	}
	return packed
}

// moving is a batch of keys for a shard of a new layout.
type moving struct {
	keys []uint64
	tags []uint8
}

// movedTogether is the number of keys inserted into a shard together.
const movedTogether = 256

// move adds a key to the batch of its shard, and inserts the batch when it is full.
func (s *States) move(w *mover, shard int, key uint64, tag uint8) {
	if w.moving == nil {
		w.moving = make([]moving, len(s.Shards))
	}
	m := &w.moving[shard]
	m.keys, m.tags = append(m.keys, key), append(m.tags, tag)
	if len(m.keys) == movedTogether {
		s.moveIn(w, shard)
	}
}

// moveIn inserts the batch of a shard.
func (s *States) moveIn(w *mover, shard int) {
	m, own := &w.moving[shard], s.Shards[shard]
	own.Owner.Lock()
	defer own.Owner.Unlock()
	if err := own.Set.InsertTagged(m.keys, m.tags); err != nil {
		s.crew.Full()
	}
	m.keys, m.tags = m.keys[:0], m.tags[:0]
}
