package checker

import (
	"slices"

	"synod/checker/internal/judge"
	"synod/checker/internal/store"
)

// scatter sends the successors of a batch to their shards.
func (w *worker) scatter() {
	l := w.e.states.Layout
	keyBits := uint(l.Bits - l.Shards)
	mask := uint64(1)<<keyBits - 1
	mixer := l.Mixer
	for _, successor := range w.successors {
		mixed := mixer.Mix(successor)
		shard := mixed >> (keyBits & 63)
		buffer := append(w.buffer(shard), mixed&mask)
		w.buffers[shard] = buffer
		if len(buffer) == bufferLength {
			w.send(int(shard))
		}
	}
}

// buffer returns the buffer for a shard.
func (w *worker) buffer(shard uint64) []uint64 {
	if b := w.buffers[shard]; b != nil {
		return b
	}
	if n := len(w.spare); n > 0 {
		b := w.spare[n-1]
		w.spare = w.spare[:n-1]
		return b
	}
	return make([]uint64, 0, bufferLength)
}

// send inserts the buffer of a shard and the buffers queued there, or queues the buffer for the worker that owns the
// shard.
func (w *worker) send(i int) {
	s := w.e.states.Shards[i]
	buffer := w.buffers[i]
	w.buffers[i] = nil
	if !s.Owner.TryLock() {
		if full := s.Post(buffer); !full {
			return
		}
		s.Owner.Lock()
		buffer = nil
	}
	if buffer != nil {
		w.insert(s, i, buffer)
	}
	w.takeIn(s, i)
	s.Owner.Unlock()
	w.examine(i)
}

// takeIn inserts the buffers queued for a shard that w owns.
func (w *worker) takeIn(s *store.Shard, i int) {
	for buffer := s.Fetch(); buffer != nil; buffer = s.Fetch() {
		w.insert(s, i, buffer)
	}
}

// insert inserts keys into a shard that w owns, and appends the new ones to w.fresh, unmixed.
func (w *worker) insert(s *store.Shard, i int, keys []uint64) {
	from := len(w.fresh)
	fresh, err := s.Set.InsertBatch(keys, w.tag, w.fresh)
	if err != nil {
		w.e.stop(stopMemory)
	}
	w.fresh = fresh
	l := w.e.states.Layout
	for k, key := range fresh[from:] {
		fresh[from+k] = l.Packed(i, key)
	}
	w.spare = append(w.spare, keys[:0])
}

// examine judges the new states of a shard and puts them on the next frontier.
func (w *worker) examine(shard int) {
	if len(w.fresh) == 0 {
		return
	}
	e := w.e
	w.inserted.Add(int64(len(w.fresh)))
	if w.into == nil { // Walks keep no frontier, and judge at every step.
		w.fresh = w.fresh[:0]
		return
	}
	next := w.next[shard]
	for _, key := range w.fresh {
		if len(next) == cap(next) {
			w.hand(shard, next)
			next = e.states.Chunks.Get()
		}
		next = append(next, key)
	}
	w.next[shard] = next
	if e.judge.Anything() {
		for keys := w.fresh; len(keys) > 0 && !e.halted(); {
			n := min(len(keys), batchLength)
			w.judge(keys[:n], w.note)
			keys = keys[n:]
		}
	}
	w.fresh = w.fresh[:0]
}

// note keeps the state just judged until the end of its level.
func (w *worker) note(_ uint64, decides []int) { w.e.judge.Note(decides, w.state) }

// judge judges at most batchLength new states by all live properties, and calls decided for each state that decides
// some.
func (w *worker) judge(keys []uint64, decided func(packed uint64, decides []int)) {
	e := w.e
	if w.expansion != nil {
		w.judgeWhole(keys, decided)
		return
	}
	a := e.judge.Agreements(e.units)
	w.unpackBatch(keys)
	reads := w.reads[:len(keys)]
	a.Keys(w.ids, reads, w.state)
	for i, read := range reads {
		again := w.judged.Due()
		known := a.Known(read) && !e.judge.Opaque()
		if !again && known {
			continue
		}
		if e.halted() {
			return // Each state may take long to read.
		}
		for index := range e.units.Of {
			w.row[index] = w.ids[index][i]
		}
		if again {
			w.askAgain(w.row)
		}
		if known {
			continue
		}
		if decides := w.ask(a, read, w.row); len(decides) > 0 {
			decided(keys[i], decides)
		}
	}
}

// askAgain evaluates the properties again for a state whose answers may be known.
func (w *worker) askAgain(ids []uint32) {
	w.e.units.Parts(ids, w.state)
	if err := w.e.judge.Again(w.reading, w.state); err != nil {
		w.e.failAt(err, slices.Clone(w.state))
	}
}

// within reports whether the state in w.state is inside the boundary.
func (w *worker) within() (bool, error) {
	inside := w.e.inside
	if w.bounded.Due() {
		if err := inside.Again(w.reading, w.state); err != nil {
			return false, err
		}
	}
	return inside.Ask(w.reading, w.state)
}

// ask evaluates the properties for a state without a cached answer, and caches the answer if the state decides none.
func (w *worker) ask(a *judge.Agreements, read uint64, ids []uint32) []int {
	e := w.e
	e.units.Parts(ids, w.state)
	decides, err := e.judge.Ask(w.reading, w.state)
	if err != nil {
		e.failAt(err, slices.Clone(w.state))
		return nil
	}
	if len(decides) == 0 {
		a.Remember(e.judge, read)
	}
	return decides
}

// hand adds a chunk to the next frontier, unless it is empty.
func (w *worker) hand(shard int, chunk []uint64) {
	if len(chunk) > 0 {
		w.into.Add(shard, chunk)
	}
}

// flush sends every buffer that is not empty.
func (w *worker) flush() {
	for i, buffer := range w.buffers {
		if len(buffer) > 0 {
			w.send(i)
		}
	}
}

// finish inserts what is still queued for shard i, after all workers have flushed.
func (w *worker) finish(i int) {
	s := w.e.states.Shards[i]
	s.Owner.Lock()
	w.takeIn(s, i)
	s.Owner.Unlock()
	w.examine(i)
}

// closeChunks hands over the last chunks of a level, and joins short ones.
func (w *worker) closeChunks() {
	last, from := []uint64(nil), 0
	for i, next := range w.next {
		w.next[i] = nil
		if next == nil {
			continue
		}
		if len(last)+len(next) <= cap(last) {
			last = append(last, next...)
			w.e.states.Chunks.Put(next)
			continue
		}
		w.hand(from, last)
		last, from = next, i
	}
	w.hand(from, last)
}
