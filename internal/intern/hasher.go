package intern

import "unsafe"

// Hasher hashes values of the type T that differ little from one to the next, such as the states of an actor. It gives
// what [Walker.Hash] gives, sooner: it remembers the maps among the fields of the last value, entry by entry. It makes no
// difference to it who changed what, or whether a map was changed in its place. Make one with [Walker.Hasher]. It is not
// safe for concurrent use, and takes as much memory as those maps.
type Hasher[T any] struct {
	walker *Walker[T]
	maps   []sums // by run of the structure; nil if none can be remembered
}

// Hasher returns one that remembers nothing yet.
func (w *Walker[T]) Hasher() *Hasher[T] {
	h := &Hasher[T]{walker: w}
	if w.plan.op != opStruct || w.boxed {
		return h
	}
	maps, any := make([]sums, len(w.plan.runs)), false
	for i := range maps {
		maps[i] = sumsOf(w.plan.runs[i].plan)
		any = any || maps[i].plan != nil
	}
	if any {
		h.maps = maps
	}
	return h
}

// Hash gives the hash of a value, see [Walker.Hash].
func (s *Hasher[T]) Hash(v T) uint64 {
	if s.maps == nil {
		return s.walker.Hash(v)
	}
	walked := v
	h := uint64(seed)
	for i := range s.maps {
		r, remembered := &s.walker.plan.runs[i], &s.maps[i]
		at := unsafe.Add(unsafe.Pointer(&walked), r.offset)
		if remembered.plan == nil {
			h = r.hash(at, h)
			continue
		}
		m := *(*unsafe.Pointer)(at)
		if m == nil {
			h = mix(h, 0)
			continue
		}
		h = mix(mix(h, 1+uint64(r.plan.swiss.len(m))), remembered.hash(m))
	}
	return spread(h)
}
