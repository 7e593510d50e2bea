package consistency

import "slices"

// unknown is an operation that may take effect at any time after its invocation, or never.
type unknown[I comparable] struct {
	in      I
	after   int   // how many operations of the window had returned when it was invoked
	call    int64 // the time of its invocation
	at      int   // its index in the window
	waiting bool  // it is in flight, not lost for ever
}

// pool holds the unknown operations of earlier windows and of the current one. Each has a fixed number, in order of
// invocation. There may be many of them, most of which never matter again, so the work per window does not depend on
// their number.
type pool[I comparable] struct {
	earlier *reservoir[I]
	ops     []unknown[I]  // of the window; their numbers follow those of the earlier ones
	inputs  []I           // the distinct inputs of ops, in order of first occurrence
	places  map[I][]int32 // by input: the numbers, ascending
	mixed   []I           // the inputs that do not overwrite
	barred  bool          // an operation prevents exact decisions
}

// reservoir holds the unknown operations of earlier windows, all invoked before everything that follows. It changes
// only between windows.
type reservoir[I comparable] struct {
	overwrites func(in I) bool
	bars       func(in I) bool
	barred     int           // the number of operations that prevent exact decisions
	next       int32         // the number of the next operation
	ops        map[int32]I   // by number
	places     map[I][]int32 // by input: the numbers, ascending; may be empty
	inputs     []I           // the keys of places, in order of first occurrence
	empty      int           // the number of inputs without operations
	mixed      int           // the number of other inputs that do not overwrite
	depending  []I           // those inputs, computed on demand; nil until then
}

func newPool[I comparable](overwrites, bars func(in I) bool) pool[I] {
	return pool[I]{earlier: &reservoir[I]{
		overwrites: overwrites, bars: bars, ops: make(map[int32]I), places: make(map[I][]int32),
	}}
}

// with returns the pool with the operations of a window added.
func (p pool[I]) with(more []unknown[I]) pool[I] {
	p = pool[I]{earlier: p.earlier, ops: more}
	if len(more) > 0 {
		p.places = make(map[I][]int32)
	}
	for i, op := range more {
		p.barred = p.barred || p.earlier.bars(op.in)
		if p.places[op.in] == nil {
			p.inputs = append(p.inputs, op.in)
			if !p.earlier.overwrites(op.in) {
				p.mixed = append(p.mixed, op.in)
			}
		}
		p.places[op.in] = append(p.places[op.in], p.earlier.next+int32(i))
	}
	return p
}

// settled returns the pool after the end of the window. p must not be used afterwards.
func (p pool[I]) settled() pool[I] {
	for _, op := range p.ops {
		p.earlier.add(op.in)
	}
	return pool[I]{earlier: p.earlier}
}

// remove removes operations of earlier windows for good.
func (p pool[I]) remove(gone []int32) {
	for _, id := range gone {
		p.earlier.remove(id)
	}
}

// isEmpty reports whether there is no unknown operation.
func (p pool[I]) isEmpty() bool { return len(p.ops) == 0 && len(p.earlier.ops) == 0 }

// blind reports whether all operations overwrite.
func (p pool[I]) blind() bool { return p.earlier.mixed == 0 && len(p.mixed) == 0 }

// depending returns the inputs that do not overwrite; those of this window may occur twice.
func (p pool[I]) depending() []I {
	return append(p.dependingBefore(), p.mixed...)
}

// dependingBefore returns the inputs of earlier windows that do not overwrite, each once.
func (p pool[I]) dependingBefore() []I {
	r := p.earlier
	if r.depending == nil && r.mixed > 0 {
		for _, in := range r.inputs {
			if len(r.places[in]) > 0 && !r.overwrites(in) {
				r.depending = append(r.depending, in)
			}
		}
	}
	return r.depending[:len(r.depending):len(r.depending)]
}

// impossible reports whether the exact method cannot decide.
func (p pool[I]) impossible() bool { return p.barred || p.earlier.barred > 0 }

// has reports whether there is an operation with this input.
func (p pool[I]) has(in I) bool { return len(p.places[in]) > 0 || len(p.earlier.places[in]) > 0 }

// every returns the distinct inputs, possibly with some that no longer have operations.
func (p pool[I]) every() []I {
	if len(p.inputs) == 0 {
		return p.earlier.inputs[:len(p.earlier.inputs):len(p.earlier.inputs)]
	}
	all := slices.Clone(p.earlier.inputs)
	for _, in := range p.inputs {
		if _, known := p.earlier.places[in]; !known {
			all = append(all, in)
		}
	}
	return all
}

// next returns the unknown operation with this input that can take effect next, if the first lead returns of the
// window belong to operations that have taken effect. Of equal operations it is the one invoked first, which can
// replace any other.
func (p pool[I]) next(in I, applied []int32, lead int) (int32, bool) {
	for _, id := range p.earlier.places[in] {
		if _, found := slices.BinarySearch(applied, id); !found {
			return id, true
		}
	}
	for _, id := range p.places[in] {
		if p.ops[id-p.earlier.next].after > lead {
			return 0, false
		}
		if _, found := slices.BinarySearch(applied, id); !found {
			return id, true
		}
	}
	return 0, false
}

// free returns the first operation with this input that has not taken effect.
func (r *reservoir[I]) free(in I, applied []int32) (int32, bool) {
	for _, id := range r.places[in] {
		if _, gone := slices.BinarySearch(applied, id); !gone {
			return id, true
		}
	}
	return 0, false
}

func (r *reservoir[I]) add(in I) {
	if r.bars(in) {
		r.barred++
	}
	places, known := r.places[in]
	if !known {
		r.inputs = append(r.inputs, in)
	}
	if len(places) == 0 {
		if known {
			r.empty--
		}
		if !r.overwrites(in) {
			r.mixed++
			r.depending = nil
		}
	}
	r.places[in] = append(places, r.next)
	r.ops[r.next] = in
	r.next++
}

func (r *reservoir[I]) remove(id int32) {
	in := r.ops[id]
	if r.bars(in) {
		r.barred--
	}
	delete(r.ops, id)
	places := r.places[in]
	at, _ := slices.BinarySearch(places, id)
	places = slices.Delete(places, at, at+1)
	r.places[in] = places
	if len(places) > 0 {
		return
	}
	if !r.overwrites(in) {
		r.mixed--
		r.depending = nil
	}
	if r.empty++; 2*r.empty > len(r.inputs) {
		r.compact()
	}
}

// compact removes the inputs without operations.
func (r *reservoir[I]) compact() {
	// The old slice may still be in use.
	var left []I
	for _, in := range r.inputs {
		if len(r.places[in]) == 0 {
			delete(r.places, in)
		} else {
			left = append(left, in)
		}
	}
	r.inputs, r.empty = left, 0
}
