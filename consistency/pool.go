package consistency

import "slices"

// unknown is an operation that may take effect at any time after its invocation, or never.
type unknown[I comparable] struct {
	in      I
	after   int   // how many operations of the window had returned when it was invoked
	call    int64 // when it was
	at      int   // its place in the window
	waiting bool  // it is in flight, and not unknown for ever
}

// pool holds the unknown operations: those of earlier windows, and those of one window. Each has a number, in the order of
// invocation, which it keeps. There may be many of them, and most of them never matter again: what is done at each window
// takes no longer for that.
type pool[I comparable] struct {
	earlier *reservoir[I]
	ops     []unknown[I]  // of the window; their numbers are those that the earlier ones have not had
	inputs  []I           // the distinct inputs of these, in the order in which they first occur
	places  map[I][]int32 // of each of these inputs the numbers, ascending
	mixed   []I           // those of the inputs that do not overwrite
	barred  bool          // some keep the exact method from deciding
}

// reservoir holds the unknown operations of earlier windows, all of which were invoked before everything that follows. It
// changes between two windows only.
type reservoir[I comparable] struct {
	overwrites func(in I) bool
	bars       func(in I) bool
	barred     int           // how many operations bar the exact method
	next       int32         // the number of the next operation
	ops        map[int32]I   // by number
	places     map[I][]int32 // of each input the numbers, ascending; some may have none any more
	inputs     []I           // those of places, in the order in which they first occurred
	empty      int           // how many of them have no operation any more
	mixed      int           // how many of the others do not overwrite
	depending  []I           // those, once somebody asked for them; nil if nobody did
}

func newPool[I comparable](overwrites, bars func(in I) bool) pool[I] {
	return pool[I]{earlier: &reservoir[I]{
		overwrites: overwrites, bars: bars, ops: make(map[int32]I), places: make(map[I][]int32),
	}}
}

// with is the pool with the operations of a window.
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

// settled is the pool after the end of the window. The one before is of no use any more.
func (p pool[I]) settled() pool[I] {
	for _, op := range p.ops {
		p.earlier.add(op.in)
	}
	return pool[I]{earlier: p.earlier}
}

// remove takes operations of earlier windows out, for good.
func (p pool[I]) remove(gone []int32) {
	for _, id := range gone {
		p.earlier.remove(id)
	}
}

// isEmpty reports whether there is no unknown operation.
func (p pool[I]) isEmpty() bool { return len(p.ops) == 0 && len(p.earlier.ops) == 0 }

// blind reports whether all overwrite.
func (p pool[I]) blind() bool { return p.earlier.mixed == 0 && len(p.mixed) == 0 }

// depending returns the inputs of those that do not overwrite; those of this window may stand there twice.
func (p pool[I]) depending() []I {
	return append(p.dependingBefore(), p.mixed...)
}

// dependingBefore returns those of earlier windows, each once.
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

// has reports whether there is an operation with an input.
func (p pool[I]) has(in I) bool { return len(p.places[in]) > 0 || len(p.earlier.places[in]) > 0 }

// every returns the distinct inputs, and perhaps some that there were before.
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

// next returns the unknown operation with an input that can take effect next, when the first lead returns of the window
// belong to operations that have taken effect. Of equal ones it is always the one that was invoked first: it can do
// whatever the others can.
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

// free returns the first operation with an input that has not taken effect.
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

// compact forgets the inputs without operations.
func (r *reservoir[I]) compact() {
	// Another slice, as somebody may hold this one.
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
