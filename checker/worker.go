package checker

import (
	"math"
	"slices"
	"sync/atomic"

	"synod/checker/internal/expand"
	"synod/checker/internal/judge"
	"synod/checker/internal/memo"
	"synod/checker/internal/store"
	"synod/model/statespace"
)

const (
	batchLength  = store.ChunkLength // states expanded together, so that their cache misses overlap
	bufferLength = 256               // successors sent to a shard together
)

// worker expands states and inserts successors. It belongs to one goroutine.
type worker struct {
	e       *engine
	number  int
	compile expand.Scratch

	// A batch of states.
	batch  int        // number of states
	made   int        // number of successors, including refused ones
	failed int        // index of the state whose expansion failed, or -1
	ids    [][]uint32 // per field of the layout, by state
	words  [][]uint64 // per unit, by state: its steps
	state  []statespace.PartID
	row    []uint32 // ids of one state, with room for those of pairs
	turned []uint32 // the same of a successor that is replaced by its representative

	// The successors of a batch.
	successors []uint64 // packed
	sources    []uint16 // index of the source in the batch
	asks       []question
	dead       []uint32 // successors that an effect refused, ascending, perhaps with repeats
	gone       []bool   // by successor: whether it is in dead
	ranks      []int32  // of the steps to the successors, if they have ranks
	labelling  bool     // labels are needed
	labels     []uint32 // by successor: the label of its step, if needed
	cutLabels  []uint32 // of the steps of cutFrom, if needed
	touched    uint32   // keeps loads alive
	cut        int      // successors outside the boundary
	cutFrom    []uint16 // index in the batch of the source of each of them; not recorded if nil
	reading    *statespace.Reading
	expansion  statespace.Expansion  // if states are expanded as a whole; else nil
	grown      statespace.Successors // the successors of one state, for expansion
	masks      masks                 // the parts that transitions change, for expansion
	reads      []uint64              // cache keys of new states
	judged     memo.Spacing          // selects judged states to judge again
	bounded    memo.Spacing          // selects states to check against the boundary again
	refining   []*judge.Refining
	following  following // for walks

	// For the search for terminal states, if a property is about them.
	ends  []judge.EndsOf
	alive []bool
	ended []uint64

	// For successors that are packed one by one: see packChanges.
	keys     []uint64 // the batch
	moves    []change // by successor: the change by the step itself
	changed  []change // all changes of one successor
	values   []uint32 // per field: the id, if its stamp is round
	stamps   []uint32
	round    uint32
	risen    []int32 // the pairs that contain a change
	bySource []uint32

	buffers [][]uint64 // per shard
	spare   [][]uint64
	fresh   []uint64
	tag     uint8
	next    [][]uint64      // per shard: the chunk of the next frontier being filled
	into    *store.Frontier // the frontier of these chunks

	generated, cuts, inserted atomic.Int64 // read by the progress display
	_                         [64]byte     // Keep neighbours off this cache line.
}

// question is an effect whose result a successor needs.
type question struct {
	successor uint32
	unit      uint32
	id        uint32
	effect    uint32
}

// settleIn creates the worker's data for the engine's space.
func (w *worker) settleIn() {
	w.state = make([]statespace.PartID, w.e.space.Slots())
	w.reading, w.expansion = statespace.NewReading(w.e.space), nil
	if w.e.whole != nil {
		w.expansion, w.masks = w.e.whole.Expansion(), masks{}
		w.reading.Unrecorded()
	}
	w.reads = make([]uint64, batchLength)
	w.compile = expand.Scratch{}
	w.refining = w.e.judge.NewRefinings()
	w.awaitEnds()
	clear(w.buffers)
}

// fit allocates the buffers for the engine's layout.
func (w *worker) fit() {
	e := w.e
	w.compile = expand.Scratch{}
	w.ids = make([][]uint32, len(e.states.Layout.Fields))
	for f := range w.ids {
		w.ids[f] = make([]uint32, batchLength)
	}
	w.words = make([][]uint64, len(e.units.Of))
	for u := range w.words {
		w.words[u] = make([]uint64, batchLength)
	}
	w.row = e.states.Row()
	w.values, w.stamps, w.round = make([]uint32, len(w.ids)), make([]uint32, len(w.ids)), 0
	if len(w.buffers) != len(e.states.Shards) {
		w.buffers, w.next = make([][]uint64, len(e.states.Shards)), make([][]uint64, len(e.states.Shards))
	}
}

// expand finds the successors of at most batchLength packed states. It reports false if an id does not fit into the
// layout, or on an error; then there are no successors.
func (w *worker) expand(keys []uint64) bool {
	e := w.e
	us, l := e.units, e.states.Layout
	flat := l.Flat(len(us.Of)) && e.inside == nil
	w.successors, w.sources, w.asks, w.dead = w.successors[:0], w.sources[:0], w.asks[:0], w.dead[:0]
	w.cut, w.batch, w.failed, w.keys, w.labels = 0, len(keys), -1, keys, w.labels[:0]
	w.cutFrom = w.cutFrom[:0]
	w.unpackBatch(keys)
	take := w.expandUnits
	if w.expansion != nil {
		take = w.expandWhole
	}
	wide, ok := take(keys, flat)
	if !ok {
		return false
	}
	w.made = len(w.successors)
	if us.Ranked {
		w.outrank()
	}
	if wide != 0 && flat && (w.expansion != nil || w.overflows()) {
		return w.widen()
	}
	if w.labelling && w.expansion == nil {
		w.labelSteps()
	}
	if !flat && !w.packChanges() {
		return false
	}
	w.bury()
	return !e.turning.on() || w.turnBatch()
}

// expandUnits finds the successors of the batch from the steps of its units. With a flat layout they are packed. The
// result has bits set where an id was too wide for its field.
func (w *worker) expandUnits(keys []uint64, flat bool) (wide uint64, ok bool) {
	if !w.lookUpSteps(len(keys)) {
		return 0, false
	}
	wide = w.takeSteps(keys)
	if !flat {
		w.findMoves()
	}
	more, ok := w.answerAll(flat)
	return wide | more, ok
}

// overflows reports whether an id of a live successor is too wide for its field in a flat layout. Ids of dead
// successors do not matter: they are in no state, so no layout made room for them. A decision of paths, which cannot widen
// the layout, may be the first to compute them, if units were regrouped since the search expanded the source.
func (w *worker) overflows() bool {
	us, l := w.e.units, w.e.states.Layout
	w.markDead()
	n := 0
	for index := range w.words {
		width := l.Fields[index].Width & 63
		for _, word := range w.words[index][:w.batch] {
			if word&expand.Lone != 0 {
				if !w.gone[n] && word&math.MaxUint32>>width != 0 {
					return true
				}
				n++
				continue
			}
			count := expand.StepCount(word)
			if count == 0 {
				continue
			}
			block := us.Block(word)
			for ; count > 0; count-- {
				if !w.gone[n] && uint64(block[0])>>width != 0 {
					return true
				}
				n++
				block = block[2+block[1]:]
			}
		}
	}
	for i := range w.asks {
		q := &w.asks[i]
		next, _ := us.Answer(us.Of[q.unit], q.id, q.effect)
		if !w.gone[q.successor] && uint64(next)>>(l.Fields[q.unit].Width&63) != 0 {
			return true
		}
	}
	return false
}

func (w *worker) widen() bool {
	w.e.overflow.Store(true)
	return false
}

// unpackBatch sets w.ids to the ids of every field of every state.
func (w *worker) unpackBatch(keys []uint64) {
	l := w.e.states.Layout
	for _, f := range l.Roots {
		r := &l.Fields[f]
		shift, mask := r.Shift&63, uint64(1)<<r.Width-1
		ids := w.ids[f][:len(keys)]
		for i, key := range keys {
			ids[i] = uint32(key >> shift & mask)
		}
	}
	for f := len(l.Fields) - 1; f >= len(w.words); f-- {
		p := &l.Fields[f]
		left, right := w.ids[p.Left], w.ids[p.Right]
		for i, id := range w.ids[f][:len(keys)] {
			left[i], right[i] = p.Pairs.At(id)
		}
	}
}

// lookUpSteps looks up the steps of every unit of every state, computing new ones.
func (w *worker) lookUpSteps(n int) bool {
	us := w.e.units
	for index, u := range us.Of {
		words := w.words[index][:n]
		ids := w.ids[index][:n]
		for i, id := range ids {
			words[i] = u.Known(id)
		}
	}
	for index, u := range us.Of {
		words := w.words[index][:n]
		touched := uint32(0)
		for i, word := range words {
			if word == 0 {
				var err error
				if word, err = us.StepsOf(u, w.ids[index][i], &w.compile); err != nil {
					w.failed = i
					w.e.failAt(err, w.stateAt(i))
					return false
				}
				words[i] = word
			}
			// Read the blocks now, so that their cache misses overlap.
			if expand.HasBlock(word) {
				touched += us.Block(word)[0]
			}
		}
		w.touched = touched
	}
	return true
}

// stateAt returns the parts of a state of the batch.
func (w *worker) stateAt(i int) []statespace.PartID {
	w.partsAt(i)
	return slices.Clone(w.state)
}

// partsAt sets w.state to the parts of a state of the batch.
func (w *worker) partsAt(i int) {
	for index, u := range w.e.units.Of {
		u.Parts(w.ids[index][i], w.state)
	}
}

// inspect calls f with the parts of each of some packed states, which are valid during the call. It reports false if
// f failed, which ends the search.
func (w *worker) inspect(keys []uint64, f func(i int, state []statespace.PartID) error) bool {
	for from := 0; from < len(keys); from += batchLength {
		batch := keys[from:min(from+batchLength, len(keys))]
		w.unpackBatch(batch)
		for i := range batch {
			w.partsAt(i)
			if err := f(from+i, w.state); err != nil {
				w.e.failAt(err, slices.Clone(w.state))
				return false
			}
		}
	}
	return true
}

// takeSteps adds a successor for every step, and questions for its effects. The result has bits set where an id was
// too wide for its field.
func (w *worker) takeSteps(keys []uint64) (wide uint64) {
	us, l := w.e.units, w.e.states.Layout
	for index := range w.words {
		f := &l.Fields[index]
		words := w.words[index][:len(keys)]
		ids := w.ids[index][:len(keys)]
		for i, word := range words {
			if word&expand.Lone != 0 {
				next := uint32(word)
				wide |= uint64(next) >> (f.Width & 63)
				w.succeed(i, keys[i]^uint64(ids[i]^next)<<(f.Shift&63))
				for lone := expand.LoneEffects(word); lone != 0; lone >>= expand.LoneEffect {
					w.question(i, uint32(lone&(1<<expand.LoneEffect-1))-1)
				}
				continue
			}
			count := expand.StepCount(word)
			if count == 0 {
				continue
			}
			block := us.Block(word)
			for ; count > 0; count-- {
				next, effects := block[0], block[1]
				wide |= uint64(next) >> (f.Width & 63)
				w.succeed(i, keys[i]^uint64(ids[i]^next)<<(f.Shift&63))
				for _, effect := range block[2 : 2+effects] {
					w.question(i, effect)
				}
				block = block[2+effects:]
			}
		}
	}
	return wide
}

// succeed adds a successor of a state of the batch.
func (w *worker) succeed(i int, packed uint64) {
	w.successors = append(w.successors, packed)
	w.sources = append(w.sources, uint16(i))
}

// question adds a question for the last successor.
func (w *worker) question(i int, effect uint32) {
	target := w.e.units.Target(effect)
	w.asks = append(w.asks, question{uint32(len(w.successors) - 1), target, w.ids[target][i], effect})
}

// answerAll applies the results of effects on other units to the successors.
func (w *worker) answerAll(flat bool) (wide uint64, ok bool) {
	us, l := w.e.units, w.e.states.Layout
	for i := range w.asks {
		q := &w.asks[i]
		u := us.Of[q.unit]
		next, known := us.Answer(u, q.id, q.effect)
		if !known {
			var err error
			if next, err = us.Apply(u, q.id, q.effect); err != nil {
				w.failed = int(w.sources[q.successor])
				w.e.failAt(err, w.stateAt(w.failed))
				return 0, false
			}
		}
		if next == expand.Refused {
			w.dead = append(w.dead, q.successor)
			continue
		}
		f := &l.Fields[q.unit]
		wide |= uint64(next) >> (f.Width & 63)
		w.successors[q.successor] ^= uint64(q.id^next) << (f.Shift & 63)
		if !flat {
			q.id = next
		}
	}
	return wide, true
}

// markDead sets gone for the dead successors.
func (w *worker) markDead() {
	w.gone = slices.Grow(w.gone[:0], len(w.successors))[:len(w.successors)]
	clear(w.gone)
	for _, d := range w.dead {
		w.gone[d] = true
	}
}

// bury removes the successors that an effect refused, or that are outside the boundary.
func (w *worker) bury() {
	if len(w.dead) == 0 {
		return
	}
	w.markDead()
	n := 0
	for i, gone := range w.gone {
		if !gone {
			w.successors[n], w.sources[n] = w.successors[i], w.sources[i]
			if w.labelling {
				w.labels[n] = w.labels[i]
			}
			n++
		}
	}
	w.successors, w.sources = w.successors[:n], w.sources[:n]
	if w.labelling {
		w.labels = w.labels[:n]
	}
}

// pack packs the state with these parts. The layout must hold it.
func (w *worker) pack(state []statespace.PartID) uint64 { return w.e.states.Pack(state, w.row) }
