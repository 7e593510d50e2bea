package checker

import "slices"

// scatter sends the successors of a batch to their shards.
func (w *worker) scatter() {
	l := w.e.layout
	keyBits := uint(l.bits - l.shards)
	mask := uint64(1)<<keyBits - 1
	mixer := l.mixer
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

// buffer gives the buffer for a shard.
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

// send inserts the buffer of a shard, and what waits there, or leaves it to the worker that owns the shard.
func (w *worker) send(i int) {
	s := w.e.shards[i]
	buffer := w.buffers[i]
	w.buffers[i] = nil
	if !s.owner.TryLock() {
		if full := s.post(buffer); !full {
			return
		}
		s.owner.Lock()
		buffer = nil
	}
	if buffer != nil {
		w.insert(s, i, buffer)
	}
	w.takeIn(s, i)
	s.owner.Unlock()
	w.examine()
}

// takeIn inserts what waits for a shard that w owns.
func (w *worker) takeIn(s *shard, i int) {
	for buffer := s.fetch(); buffer != nil; buffer = s.fetch() {
		w.insert(s, i, buffer)
	}
}

// insert adds keys to a shard that w owns; what is new waits in w.fresh, unmixed.
func (w *worker) insert(s *shard, i int, keys []uint64) {
	from := len(w.fresh)
	fresh, err := s.set.InsertBatch(keys, w.tag, w.fresh)
	if err != nil {
		w.e.stop(stopMemory)
	}
	w.fresh = fresh
	l := w.e.layout
	for k, key := range fresh[from:] {
		fresh[from+k] = l.packed(i, key)
	}
	w.spare = append(w.spare, keys[:0])
}

// examine judges the new states and puts them on the next frontier.
func (w *worker) examine() {
	if len(w.fresh) == 0 {
		return
	}
	e := w.e
	w.inserted.Add(int64(len(w.fresh)))
	if w.into == nil { // Walks keep no frontier, and judge at every step.
		w.fresh = w.fresh[:0]
		return
	}
	for _, key := range w.fresh {
		if len(w.next) == cap(w.next) {
			w.turnChunk()
		}
		w.next = append(w.next, key)
	}
	if e.judge.anything.Load() {
		for keys := w.fresh; len(keys) > 0; {
			n := min(len(keys), batchLength)
			w.judge(keys[:n], w.note)
			keys = keys[n:]
		}
	}
	w.fresh = w.fresh[:0]
}

// note keeps the state that was just judged until the end of its level.
func (w *worker) note(_ uint64, decides []int) { w.e.judge.note(decides, w.state) }

// judge asks the properties about at most batchLength new states; decided gets those that decide some.
func (w *worker) judge(keys []uint64, decided func(packed uint64, decides []int)) {
	e := w.e
	a := e.judge.agreements(e.units)
	w.unpackBatch(keys)
	reads := w.reads[:len(keys)]
	a.keys(w.ids, reads, w.state, e.space)
	for i, read := range reads {
		if a.known(read) {
			continue
		}
		for index := range e.units.of {
			w.row[index] = w.ids[index][i]
		}
		if decides := w.ask(a, read, w.row); len(decides) > 0 {
			decided(keys[i], decides)
		}
	}
}

// ask asks the properties about a state that agrees with no unremarkable one, and remembers it if it is one.
func (w *worker) ask(a *agreements, read uint64, ids []uint32) []int {
	e := w.e
	for index, u := range e.units.of {
		u.parts(ids[index], w.state)
	}
	decides, err := e.judge.ask(w.reading, w.state)
	if err != nil {
		e.failAt(err, slices.Clone(w.state))
		return nil
	}
	if len(decides) == 0 && e.judge.version.Load() == a.version {
		a.add(read)
	}
	return decides
}

// turnChunk hands the full chunk over and begins another.
func (w *worker) turnChunk() {
	if len(w.next) > 0 {
		w.into.add(w.next)
	}
	w.next = w.e.chunks.get()
}

// flush sends every buffer that is not empty.
func (w *worker) flush() {
	for i, buffer := range w.buffers {
		if len(buffer) > 0 {
			w.send(i)
		}
	}
}

// finish inserts what still waits for shard i, after all have flushed.
func (w *worker) finish(i int) {
	s := w.e.shards[i]
	s.owner.Lock()
	w.takeIn(s, i)
	s.owner.Unlock()
	w.examine()
}

// closeChunk hands over the last chunk of a level.
func (w *worker) closeChunk() {
	if len(w.next) > 0 {
		w.into.add(w.next)
		w.next = nil
	}
}
