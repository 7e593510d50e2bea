package checker

import (
	"slices"
	"sync/atomic"

	"synod/internal/words"
	"synod/model"
)

// relayout moves all states, visited and waiting, to a layout that holds every id seen so far, and perhaps to new
// units. Nobody may search meanwhile, and no buffer or queue may hold states.
func (e *engine) relayout(us *units, frontiers ...*frontier) error {
	old := snapshot{e.units, e.layout, e.shards}
	e.units = us
	if us != old.units {
		// The ids of new units come to be here, so that the fields are wide enough for them.
		e.eachState(old, func(_ *worker, state []model.PartID, _ uint8) {
			for _, u := range us.of {
				u.id(state)
			}
		})
		for _, w := range e.workers {
			w.compile = compileScratch{}
		}
	}
	if err := e.layOut(e.chooseLayout(old)); err != nil {
		return err
	}
	e.eachState(old, func(w *worker, state []model.PartID, tag uint8) {
		mixed := w.repack(state)
		shard, key := e.layout.shardOf(mixed)
		s := e.shards[shard]
		s.owner.Lock()
		if _, err := s.set.Insert(key, tag); err != nil {
			e.stop(stopMemory)
		}
		s.owner.Unlock()
	})
	for _, s := range old.shards {
		s.set.Free()
	}
	for _, f := range frontiers {
		f.rest()
		e.parallel(func(w *worker) {
			state := make([]model.PartID, e.space.Slots())
			ids := make([]uint32, len(old.layout.fields))
			for i := int(f.taken.Add(1)) - 1; i < len(f.chunks); i = int(f.taken.Add(1)) - 1 {
				for k, packed := range f.chunks[i] {
					old.unpack(packed, ids, state)
					f.chunks[i][k] = e.layout.mixer.Unmix(w.repack(state))
				}
			}
		})
		f.taken.Store(0)
	}
	e.overflow.Store(false)
	return nil
}

// snapshot is what packed states mean, before a relayout.
type snapshot struct {
	units  *units
	layout *layout
	shards []*shard
}

func (s snapshot) unpack(packed uint64, ids []uint32, state []model.PartID) {
	s.layout.unpack(packed, ids, len(s.units.of))
	for i, u := range s.units.of {
		u.parts(ids[i], state)
	}
}

// eachState runs f on every visited state, in parallel. The state is valid during the call.
func (e *engine) eachState(s snapshot, f func(w *worker, state []model.PartID, tag uint8)) {
	var taken atomic.Int64
	e.parallel(func(w *worker) {
		state := make([]model.PartID, e.space.Slots())
		ids := make([]uint32, len(s.layout.fields))
		for i := int(taken.Add(1)) - 1; i < len(s.shards); i = int(taken.Add(1)) - 1 {
			s.shards[i].set.Each(func(key uint64, tag uint8) bool {
				s.unpack(s.layout.mixer.Unmix(s.layout.mixed(i, key)), ids, state)
				f(w, state, tag)
				return e.halt.Load() < uint32(stopMemory)
			})
		}
	})
}

// repack gives the mixed integer of a state that the layout must hold.
func (w *worker) repack(state []model.PartID) uint64 {
	e := w.e
	for i, u := range e.units.of {
		w.row[i] = u.id(state)
	}
	packed, ok := e.layout.pack(w.row, len(e.units.of))
	if !ok {
		panic("checker: a layout that does not hold the states it was made for")
	}
	return e.layout.mixer.Mix(packed)
}

// chooseLayout gives the next layout. As long as the fields do not fit side by side, the two whose pairs are fewest
// become one.
func (e *engine) chooseLayout(old snapshot) *layout {
	limits := e.limits()
	var pairs []pairLimit
	for {
		roots := rootsOf(len(limits), pairs)
		total := 0
		for _, f := range roots {
			total += width(limitOf(limits, pairs, f))
		}
		if total <= maxBits || len(roots) <= 2 {
			break
		}
		pairs = append(pairs, e.bestPair(old, limits, pairs, roots))
	}
	return newLayout(limits, pairs, e.arena)
}

func rootsOf(units int, pairs []pairLimit) []int {
	var roots []int
	for f := range units + len(pairs) {
		if !slices.ContainsFunc(pairs, func(p pairLimit) bool { return p.left == f || p.right == f }) {
			roots = append(roots, f)
		}
	}
	return roots
}

func limitOf(limits []uint32, pairs []pairLimit, f int) uint32 {
	if f < len(limits) {
		return limits[f]
	}
	return pairs[f-len(limits)].limit
}

// pairSample bounds how many states are looked at to choose a pair.
const pairSample = 1 << 14

// bestPair chooses two roots by a sample, and counts their pairs on all states.
func (e *engine) bestPair(old snapshot, limits []uint32, pairs []pairLimit, roots []int) pairLimit {
	rows := e.sampleRows(old, pairs)
	best, fewest := pairLimit{left: roots[0], right: roots[1]}, -1
	for i, left := range roots {
		for _, right := range roots[i+1:] {
			distinct := make(map[uint64]bool)
			for _, row := range rows {
				distinct[uint64(row[left])<<32|uint64(row[right])] = true
			}
			// Fields with few pairs in the sample are alike; among them prefer narrow ones, whose pairs stay few.
			score := len(distinct)*64 + width(limitOf(limits, pairs, left)) + width(limitOf(limits, pairs, right))
			if fewest < 0 || score < fewest {
				best, fewest = pairLimit{left: left, right: right}, score
			}
		}
	}
	trial := newLayout(limits, append(slices.Clone(pairs), best), e.arena)
	last := trial.fields[len(trial.fields)-1].pairs
	e.eachState(old, func(_ *worker, state []model.PartID, _ uint8) {
		ids := make([]uint32, len(trial.fields))
		for i, u := range e.units.of {
			ids[i] = u.id(state)
		}
		trial.pack(ids, len(e.units.of))
	})
	best.limit = uint32(last.Len())
	return best
}

// sampleRows gives the ids of all fields for some states.
func (e *engine) sampleRows(old snapshot, pairs []pairLimit) [][]uint32 {
	trial := make([]*words.Table, len(pairs))
	for i := range trial {
		trial[i] = words.NewTable(e.arena)
	}
	units := len(e.units.of)
	state := make([]model.PartID, e.space.Slots())
	ids := make([]uint32, len(old.layout.fields))
	var rows [][]uint32
	for i, s := range old.shards {
		s.set.Each(func(key uint64, _ uint8) bool {
			old.unpack(old.layout.mixer.Unmix(old.layout.mixed(i, key)), ids, state)
			row := make([]uint32, units+len(pairs))
			for k, u := range e.units.of {
				row[k] = u.id(state)
			}
			for k, p := range pairs {
				row[units+k], _ = trial[k].Intern([]uint32{row[p.left], row[p.right]})
			}
			rows = append(rows, row)
			return len(rows) < pairSample*(i+1)/len(old.shards)
		})
	}
	return rows
}
