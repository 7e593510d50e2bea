package checker

import (
	"errors"
	"slices"
	"sync/atomic"

	"synod/internal/words"
	"synod/model"
)

// relayout moves all states, visited and waiting, to a layout that holds every id seen so far, and perhaps to new
// units. Nobody may search meanwhile, and no buffer or queue may hold states. If memory does not do for both layouts, or
// the search is stopped meanwhile, it gives an error, and all is as it was.
func (e *engine) relayout(us *units, frontiers ...*frontier) error {
	old := e.now()
	if limit := e.options.MemoryLimit; limit > 0 && e.memory()+old.bytes() > limit {
		return errNoRoom
	}
	if n := e.unique(); n == e.relaid {
		e.pairRoom += minPairRoom // The last layout had no room for a single batch.
	} else {
		e.relaid, e.pairRoom = n, minPairRoom
	}
	e.units = us
	if err := e.moveStates(old); err != nil {
		e.units, e.layout, e.shards = old.units, old.layout, old.shards
		for _, w := range e.workers {
			w.compile = compileScratch{}
			w.fit()
		}
		return err
	}
	for _, s := range old.shards {
		s.set.Free()
	}
	for _, f := range frontiers {
		f.rest()
		e.parallel(func(w *worker) {
			ids := make([]uint32, len(old.layout.fields))
			for i := int(f.taken.Add(1)) - 1; i < len(f.chunks); i = int(f.taken.Add(1)) - 1 {
				for k, packed := range f.chunks[i].keys {
					old.layout.unpack(packed, ids, len(old.units.of))
					w.translate(old, ids)
					f.chunks[i].keys[k] = w.packRow()
				}
			}
		})
		f.taken.Store(0)
	}
	e.overflow.Store(false)
	return nil
}

// moveStates brings the visited states to a layout of the engine's units.
func (e *engine) moveStates(old snapshot) error {
	if e.units != old.units {
		// The ids of new units come to be here, so that the fields are wide enough for them.
		e.eachState(old, func(w *worker, ids []uint32, _ uint8) { w.translate(old, ids) })
		for _, w := range e.workers {
			w.compile = compileScratch{}
		}
	}
	l := e.chooseLayout(old)
	if e.halt.Load() >= uint32(stopMemory) {
		return errNoRoom // Not all ids are known, so the layout may be too narrow.
	}
	if err := e.layOut(l); err != nil {
		return err
	}
	e.eachState(old, func(w *worker, ids []uint32, tag uint8) {
		w.translate(old, ids)
		shard, key := e.layout.shardOf(w.packRow())
		w.move(shard, key, tag)
	})
	e.parallel(func(w *worker) {
		for shard := range w.moving {
			w.moveIn(shard)
		}
		w.moving = nil
	})
	if e.halt.Load() >= uint32(stopMemory) {
		for _, s := range e.shards {
			s.set.Free()
		}
		return errNoRoom
	}
	return nil
}

// errNoRoom tells that the states could not be moved to another layout.
var errNoRoom = errors.New("the search was stopped before all states were in another layout")

// bytes is what the visited set takes.
func (s snapshot) bytes() int64 {
	n := int64(0)
	for _, s := range s.shards {
		n += s.set.Bytes()
	}
	return n
}

// minPairRoom is how many bits the field of a pair gets beyond those it needs, at least.
const minPairRoom = 6

// snapshot is what packed states mean, before a relayout.
type snapshot struct {
	units  *units
	layout *layout
	shards []*shard
}

// now is what packed states mean at the moment.
func (e *engine) now() snapshot { return snapshot{e.units, e.layout, e.shards} }

func (s snapshot) unpack(packed uint64, ids []uint32, state []model.PartID) {
	s.layout.unpack(packed, ids, len(s.units.of))
	s.units.parts(ids, state)
}

// eachState runs f on every visited state, given by the ids of the fields of the layout that it is packed by, in
// parallel. They are valid during the call.
func (e *engine) eachState(s snapshot, f func(w *worker, ids []uint32, tag uint8)) {
	var taken atomic.Int64
	e.parallel(func(w *worker) {
		w.row = make([]uint32, maxFields(len(e.units.of)))
		ids := make([]uint32, len(s.layout.fields))
		for i := int(taken.Add(1)) - 1; i < len(s.shards); i = int(taken.Add(1)) - 1 {
			s.shards[i].set.Each(func(key uint64, tag uint8) bool {
				s.layout.unpack(s.layout.packed(i, key), ids, len(s.units.of))
				f(w, ids, tag)
				return e.halt.Load() < uint32(stopMemory)
			})
		}
	})
}

// maxFields is how many fields a layout of so many units has at most, as each pair makes one of two.
func maxFields(units int) int { return 2 * units }

// translate puts the ids of the engine's units into w.row, for a state that is given by the ids of former units.
func (w *worker) translate(old snapshot, ids []uint32) {
	us := w.e.units
	if us == old.units {
		copy(w.row, ids[:len(us.of)])
		return
	}
	old.units.parts(ids, w.state)
	for i, u := range us.of {
		w.row[i] = u.id(w.state)
	}
}

// packRow gives the packed state of which w.row has the ids of the units, and which the layout must hold.
func (w *worker) packRow() uint64 {
	packed, ok := w.e.layout.pack(w.row, len(w.e.units.of))
	if !ok {
		panic("checker: a layout that does not hold the states it was made for")
	}
	return packed
}

// pack gives the packed state for parts, which the layout must hold.
func (w *worker) pack(state []model.PartID) uint64 {
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
	s.owner.Lock()
	defer s.owner.Unlock()
	if err := s.set.InsertTagged(m.keys, m.tags); err != nil {
		w.e.stop(stopMemory)
	}
	m.keys, m.tags = m.keys[:0], m.tags[:0]
}

// chooseLayout gives the next layout. As long as the fields do not fit side by side, the two whose pairs are fewest
// become one.
func (e *engine) chooseLayout(old snapshot) *layout {
	limits := e.limits()
	units := len(limits)
	fields := make([]field, units)
	var rows [][]uint32 // a sample, with the ids of all fields
	together := make(map[[2]int]int)
	for {
		roots := rootsOf(fields)
		total := 0
		for _, f := range roots {
			total += fieldWidth(limits, fields, f)
		}
		// New pairs come up as states are packed, so their fields need room to grow before the next relayout.
		room := 0
		for _, f := range roots {
			if fields[f].pairs != nil {
				room += e.pairRoom
			}
		}
		if total+room <= maxBits {
			return newLayout(limits, fields[units:], e.pairRoom, e.spareBits, e.relaid)
		}
		if len(roots) <= 2 {
			return newLayout(limits, fields[units:], 0, e.spareBits, e.relaid)
		}
		if rows == nil {
			rows = e.sampleRows(old)
		}
		left, right := bestPair(rows, limits, fields, roots, together)
		pair := len(fields)
		fields = append(fields, field{left: left, right: right, pairs: words.NewPairs(e.arena)})
		for _, row := range rows {
			row[pair] = idOf(fields, row, pair)
		}
		// All pairs come to be here, so that their field is wide enough.
		e.eachState(old, func(w *worker, ids []uint32, _ uint8) {
			w.translate(old, ids)
			idOf(fields, w.row, pair)
		})
	}
}

// idOf gives the id of a field of a row, of which only the units need be there.
func idOf(fields []field, row []uint32, f int) uint32 {
	p := &fields[f]
	if p.pairs == nil {
		return row[f]
	}
	return p.pairs.Intern(idOf(fields, row, p.left), idOf(fields, row, p.right))
}

func fieldWidth(limits []uint32, fields []field, f int) int {
	if pairs := fields[f].pairs; pairs != nil {
		return width(uint32(pairs.Len()))
	}
	return width(limits[f])
}

// rootsOf gives the fields that are in no pair.
func rootsOf(fields []field) []int {
	var roots []int
	for f := range fields {
		in := func(p field) bool { return p.pairs != nil && (p.left == f || p.right == f) }
		if !slices.ContainsFunc(fields, in) {
			roots = append(roots, f)
		}
	}
	return roots
}

// pairSample bounds how many states are looked at to choose a pair.
const pairSample = 1 << 12

// bestPair chooses two roots by a sample: those with the fewest pairs, and among equals the narrowest. It keeps how many
// pairs there are of two roots in together, since the sample is the same for the next choice.
func bestPair(
	rows [][]uint32, limits []uint32, fields []field, roots []int, together map[[2]int]int,
) (left, right int) {
	distinct := make(map[uint64]bool)
	fewest := -1
	for i, a := range roots {
		for _, b := range roots[i+1:] {
			pairs, known := together[[2]int{a, b}]
			if !known {
				clear(distinct)
				for _, row := range rows {
					distinct[uint64(row[a])<<32|uint64(row[b])] = true
				}
				pairs = len(distinct)
				together[[2]int{a, b}] = pairs
			}
			score := pairs*2*maxBits + fieldWidth(limits, fields, a) + fieldWidth(limits, fields, b)
			if fewest < 0 || score < fewest {
				left, right, fewest = a, b, score
			}
		}
	}
	return left, right
}

// sampleRows gives the ids of all units for some states, with room for those of pairs.
func (e *engine) sampleRows(old snapshot) [][]uint32 {
	w := e.workers[0]
	ids := make([]uint32, len(old.layout.fields))
	var rows [][]uint32
	for i, s := range old.shards {
		s.set.Each(func(key uint64, _ uint8) bool {
			old.layout.unpack(old.layout.packed(i, key), ids, len(old.units.of))
			w.translate(old, ids)
			rows = append(rows, slices.Clone(w.row))
			return len(rows) < pairSample*(i+1)/len(old.shards)
		})
	}
	return rows
}
