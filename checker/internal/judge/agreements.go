package judge

import (
	"math/bits"
	"sync/atomic"

	"synod/checker/internal/expand"
	"synod/internal/words"
	"synod/model/statespace"
)

// Agreements is a cache of combinations of values that decide no property, taken over everything that live properties
// have read. The ids of each unit are divided into classes that agree on what is read of the unit. The classes of a
// state's units, packed into one integer, are the key of a hash table. Entries may be lost, but a hit is always
// right. Workers share the cache. Its shape is fixed; it is replaced when more is read or when it is full.
type Agreements struct {
	space   statespace.Space
	version uint32 // the judge's version when the cache was created
	units   *expand.Units
	read    []classes // the units that properties read
	table   []atomic.Uint64
	shift   int // shift of a hash that yields an index in table
	count   atomic.Int64
	fits    bool // the classes fit into 64 bits
}

// classes numbers the values that properties read of a unit.
type classes struct {
	unit         *expand.Unit
	aspects      []aspectOf
	of           *expand.Classes      // id -> class, from 1, if it is below manyClasses
	wide         *words.Array[uint32] // id -> class, if it is at least manyClasses
	numbers      *words.Table         // what is read -> class, from 0
	place, width int
}

const (
	firstAgreements = 1 << 12
	maxAgreements   = 1 << 22 // entries of 8 bytes
	probes          = 8
	manyClasses     = 255
	classBits       = 32 // the width of a class number
)

// Agreements returns the current cache for the units, and replaces it if what is read has changed or it is full.
func (j *Judge) Agreements(us *expand.Units) *Agreements {
	a := j.agreed.Load()
	if a != nil && a.version == j.version.Load() && a.units == us && !a.crowded() {
		return a
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	a = j.agreed.Load()
	version := j.version.Load()
	switch {
	case a == nil || a.version != version || a.units != us:
		a = newAgreements(j.space, us, j.read, version)
	case a.crowded():
		a = a.grow()
	}
	j.agreed.Store(a)
	return a
}

func newAgreements(space statespace.Space, us *expand.Units, read []aspectOf, version uint32) *Agreements {
	a := &Agreements{space: space, version: version, units: us}
	for _, u := range us.Of {
		c := classes{unit: u}
		for _, r := range read {
			if us.SlotOf[r.slot] == u.Index {
				c.aspects = append(c.aspects, r)
			}
		}
		if len(c.aspects) > 0 {
			c.wide, c.numbers = words.NewArray[uint32](us.Arena), words.NewTable(us.Arena)
			c.of = us.Classify(u)
			a.read = append(a.read, c)
		}
	}
	a.size(firstAgreements)
	return a
}

// size creates an empty table, and divides the bits of a key among the classes according to their number.
func (a *Agreements) size(n int) {
	a.table = make([]atomic.Uint64, n)
	a.shift = 64 - bits.Len(uint(n-1))
	total := 0
	for i := range a.read {
		c := &a.read[i]
		c.width = bits.Len(uint(c.numbers.Len())) + 1
		total += c.width
	}
	a.fits = total <= 64
	for spare := 64 - total; spare >= len(a.read) && len(a.read) > 0; spare -= len(a.read) {
		for i := range a.read {
			a.read[i].width = min(a.read[i].width+1, classBits)
		}
	}
	place := 0
	for i := range a.read {
		a.read[i].place = place
		place += a.read[i].width
	}
}

func (a *Agreements) crowded() bool {
	if !a.fits {
		return false
	}
	return 2*a.count.Load() > int64(len(a.table)) && len(a.table) < maxAgreements
}

// grow returns a larger cache with the same classes. Its table is empty if the classes moved within the key.
func (a *Agreements) grow() *Agreements {
	big := &Agreements{space: a.space, version: a.version, units: a.units, read: append([]classes(nil), a.read...)}
	big.size(4 * len(a.table))
	for i := range a.read {
		if a.read[i].place != big.read[i].place {
			return big
		}
	}
	for i := range a.table {
		if key := a.table[i].Load(); key != 0 {
			big.add(key)
		}
	}
	return big
}

// Keys sets into to the keys of n states, given by the ids of every unit. The key is 0 for a state that cannot be
// looked up. The state is for its use.
func (a *Agreements) Keys(ids [][]uint32, into []uint64, state []statespace.PartID) {
	clear(into)
	if !a.fits {
		return
	}
	for k := range a.read {
		c := &a.read[k]
		place, width := c.place&63, c.width&63
		for i, id := range ids[c.unit.Index][:len(into)] {
			class := c.classOf(id, state, a.space)
			if k > 0 && into[i] == 0 || uint64(class)>>width != 0 {
				into[i] = 0
				continue
			}
			into[i] |= uint64(class) << place
		}
	}
}

// classOf returns the class of an id.
func (c *classes) classOf(id uint32, state []statespace.PartID, space statespace.Space) uint32 {
	class := c.of.At(id)
	if class == 0 || class == manyClasses {
		return c.learn(id, state, space)
	}
	return class
}

// learn computes and stores the class of an id.
func (c *classes) learn(id uint32, state []statespace.PartID, space statespace.Space) uint32 {
	if c.of.At(id) == manyClasses {
		if class := atomic.LoadUint32(c.wide.At(id)); class != 0 {
			return class
		}
	}
	c.unit.Parts(id, state)
	var few [32]uint32
	values := few[:0]
	for _, r := range c.aspects {
		values = append(values, space.Aspect(r.slot, state[r.slot], r.aspect))
	}
	number, _ := c.numbers.Intern(values)
	class := number + 1
	if class >= manyClasses {
		c.wide.Ensure(id)
		atomic.StoreUint32(c.wide.At(id), class)
	}
	c.of.Set(id, min(class, manyClasses))
	return class
}

// Reads is the key of a state among agreements, and zero if there is none.
type Reads struct {
	by  *Agreements
	key uint64
}

// After returns the key of a state, given by the ids of every unit. It reuses the last key of the same path for the units
// whose word is not 0: these did not change. The state is for its use.
func (a *Agreements) After(last Reads, ids []uint32, words []uint64, state []statespace.PartID) Reads {
	if !a.fits {
		return Reads{by: a}
	}
	all := last.by != a || last.key == 0
	key := last.key
	for i := range a.read {
		c := &a.read[i]
		if words[c.unit.Index] != 0 && !all {
			continue
		}
		class := c.classOf(ids[c.unit.Index], state, a.space)
		if uint64(class)>>(c.width&63) != 0 {
			return Reads{by: a}
		}
		key = key&^((1<<(c.width&63)-1)<<(c.place&63)) | uint64(class)<<(c.place&63)
	}
	return Reads{a, key}
}

// Known reports whether the state agrees with the last one of the same path, or with another that decided nothing.
func (r Reads) Known(last Reads) bool { return r.key != 0 && r == last || r.by.Known(r.key) }

// Key returns the key, or 0 for a state that cannot be looked up.
func (r Reads) Key() uint64 { return r.key }

// Remember adds the key of a state that decided nothing, unless more has been read since.
func (a *Agreements) Remember(j *Judge, key uint64) {
	if j.version.Load() == a.version {
		a.add(key)
	}
}

func (a *Agreements) hash(key uint64) int {
	key ^= key >> 31
	return int(key * 0x9e3779b97f4a7c15 >> (a.shift & 63))
}

// Known reports whether a key is in the cache.
func (a *Agreements) Known(key uint64) bool {
	if key == 0 {
		return false
	}
	at, mask := a.hash(key), len(a.table)-1
	for range probes {
		switch a.table[at&mask].Load() {
		case key:
			return true
		case 0:
			return false
		}
		at++
	}
	return false
}

// add adds a key, unless all of its probe positions are taken.
func (a *Agreements) add(key uint64) {
	if key == 0 {
		return
	}
	at, mask := a.hash(key), len(a.table)-1
	for range probes {
		if a.table[at&mask].CompareAndSwap(0, key) {
			a.count.Add(1)
			return
		}
		at++
	}
}
