package memo

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"synod/checker/internal/store"
)

// Images remembers images by packed state, for spaces whose states are read as a whole, so that no two agree on
// what is read. Workers share it; a look-up takes no lock and reads one cache line. Entries may be lost once it is
// full, but a hit is always right. It is for one layout.
//
// The mixed state is split: the upper bits select a bucket, and the rest is stored with the image in one word.
type Images struct {
	layout *store.Layout
	mu     sync.Mutex // held by writers
	slots  atomic.Pointer[imageSlots]
	lost   bool // some states were added and are not there
}

// imageSlots are the words of an Images.
type imageSlots struct {
	words  []atomic.Uint64 // rest of the state, then the image plus one; 0 is a free place
	rest   uint            // number of bits below those that select a bucket
	value  uint            // number of bits of an image plus one
	mask   uint64          // of the rest
	values uint64          // mask of an image plus one
}

const (
	imageBucket = 8 // words, a cache line
	firstImages = 1 << 12
	maxImages   = 1 << 22 // words
)

// NewImages returns an empty table for the states of a layout.
func NewImages(l *store.Layout) *Images {
	t := &Images{layout: l}
	t.slots.Store(newImageSlots(l, firstImages))
	return t
}

func newImageSlots(l *store.Layout, n int) *imageSlots {
	s := &imageSlots{words: make([]atomic.Uint64, n)}
	s.rest = uint(max(0, l.Bits-bits.Len(uint(n/imageBucket-1))))
	s.value = min(32, 64-s.rest)
	s.mask, s.values = 1<<s.rest-1, 1<<s.value-1
	return s
}

// bucket returns the places for a mixed state.
func (s *imageSlots) bucket(mixed uint64) []atomic.Uint64 {
	from := mixed >> (s.rest & 63) * imageBucket
	return s.words[from : from+imageBucket : from+imageBucket]
}

// Find returns the image of a packed state.
func (t *Images) Find(packed uint64) (image uint32, known bool) {
	s, mixed := t.slots.Load(), t.layout.Mixer.Mix(packed)
	rest := mixed & s.mask
	bucket := s.bucket(mixed)
	for i := range bucket {
		word := bucket[i].Load()
		if word == 0 {
			break
		}
		if word>>(s.value&63) == rest {
			return uint32(word&s.values) - 1, true
		}
	}
	return 0, false
}

// add adds an image that a mapping gave. It replaces another if there is no room.
func (t *Images) add(packed uint64, image uint32, by *Function) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.enter(packed, image) {
		by.forgotten.Add(1)
		by.seen.answered(image)
	}
	if t.lost {
		by.mu.Lock()
		by.full = true // It may evaluate some states again.
		by.mu.Unlock()
	}
}

// enter is add without the counts. It reports whether the state was not there.
func (t *Images) enter(packed uint64, image uint32) bool {
	mixed := t.layout.Mixer.Mix(packed)
	for {
		s := t.slots.Load()
		fits := uint64(image) < s.values
		fresh, room := true, false
		if fits {
			fresh, room = s.put(mixed, image)
		}
		switch {
		case room:
			return fresh
		case len(s.words) < maxImages:
			t.grow(s)
			continue
		case fits:
			s.bucket(mixed)[mixed%imageBucket].Store((mixed&s.mask)<<(s.value&63) | uint64(image) + 1)
		}
		t.lost = true
		return true
	}
}

// put adds an image if the state is not there and there is room.
func (s *imageSlots) put(mixed uint64, image uint32) (fresh, room bool) {
	rest, bucket := mixed&s.mask, s.bucket(mixed)
	for i := range bucket {
		switch word := bucket[i].Load(); {
		case word == 0:
			bucket[i].Store(rest<<(s.value&63) | uint64(image) + 1)
			return true, true
		case word>>(s.value&63) == rest:
			return false, true
		}
	}
	return true, false
}

// grow doubles the table. The lock is held.
func (t *Images) grow(old *imageSlots) {
	s := newImageSlots(t.layout, 2*len(old.words))
	old.each(func(mixed uint64, image uint32) { s.put(mixed, image) })
	t.slots.Store(s)
}

// each calls f with the entries.
func (s *imageSlots) each(f func(mixed uint64, image uint32)) {
	for i := range s.words {
		if word := s.words[i].Load(); word != 0 {
			f(uint64(i/imageBucket)<<(s.rest&63)|word>>(s.value&63), uint32(word&s.values)-1)
		}
	}
}

// Moved returns a table of the same images for another layout, in which repack packs the states.
func (t *Images) Moved(l *store.Layout, repack func(packed uint64) uint64) *Images {
	moved := NewImages(l)
	t.slots.Load().each(func(mixed uint64, image uint32) { moved.enter(repack(t.layout.Mixer.Unmix(mixed)), image) })
	moved.lost = moved.lost || t.lost
	return moved
}

// Is reports whether the table is for states of a layout. A nil table is for none.
func (t *Images) Is(l *store.Layout) bool { return t != nil && t.layout == l }
