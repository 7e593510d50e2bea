package expand

import (
	"sync/atomic"

	"synod/internal/words"
)

// Classes is a byte per id of a unit, small enough to stay in a near cache. The unit makes room for each of its
// ids.
type Classes struct{ fours *words.Array[uint32] }

func (b *Classes) ensure(id uint32) { b.fours.Ensure(id / 4) }

func (b *Classes) ensureAll(limit uint32) { b.fours.EnsureAll(limit/4 + 1) }

// At returns the byte of an id, or 0.
func (b *Classes) At(id uint32) uint32 {
	return atomic.LoadUint32(b.fours.At(id/4)) >> (id % 4 * 8) & 255
}

// Set sets the byte of an id, once; concurrent callers set the same value.
func (b *Classes) Set(id, class uint32) {
	atomic.OrUint32(b.fours.At(id/4), class<<(id%4*8))
}

// Classify makes room for a class of each id of a unit. It replaces the classes of before.
func (us *Units) Classify(u *Unit) *Classes {
	c := &Classes{words.NewArray[uint32](us.Arena)}
	u.classes.Store(c)
	c.ensureAll(u.limit.Load())
	return c
}
