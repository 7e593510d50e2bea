package words

import (
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
)

// Map maps 64-bit keys to 32-bit values, each set once. Get takes no lock. Outgrown tables are kept until the arena
// is closed, as a goroutine may still read them; together they are smaller than the current one.
type Map struct {
	arena *offheap.Arena
	mu    sync.Mutex
	table atomic.Pointer[mapTable]
	count int
}

type mapTable struct {
	keys   []uint64 // plus one, so that 0 is a free place; the greatest key is not supported
	values []uint32
	shift  int
}

const mapStart = 6 // log2 of the first table's length

// NewMap returns an empty map in arena.
func NewMap(arena *offheap.Arena) *Map {
	m := &Map{arena: arena}
	m.table.Store(m.newTable(mapStart))
	return m
}

func (m *Map) newTable(bits int) *mapTable {
	return &mapTable{
		keys:   offheap.Slice[uint64](alloc(m.arena, 8<<bits)),
		values: offheap.Slice[uint32](alloc(m.arena, 4<<bits)),
		shift:  64 - bits,
	}
}

func (t *mapTable) place(key uint64) int {
	key ^= key >> 32
	return int(key * 0x9e3779b97f4a7c15 >> (t.shift & 63))
}

// Get returns the value of a key.
func (m *Map) Get(key uint64) (uint32, bool) {
	t := m.table.Load()
	mask := len(t.keys) - 1
	for i := t.place(key); ; i++ {
		switch atomic.LoadUint64(&t.keys[i&mask]) {
		case key + 1:
			return atomic.LoadUint32(&t.values[i&mask]), true
		case 0:
			return 0, false
		}
	}
}

// Put returns the value of a key, and sets it to the result of make if there was none. It calls make at most once,
// under a lock; make must not use the map.
func (m *Map) Put(key uint64, make func() uint32) (value uint32, fresh bool) {
	if value, ok := m.Get(key); ok {
		return value, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.Get(key); ok {
		return value, false
	}
	t := m.table.Load()
	if 2*(m.count+1) > len(t.keys) {
		big := m.newTable(64 - t.shift + 1)
		for i, k := range t.keys {
			if k != 0 {
				big.set(k-1, t.values[i])
			}
		}
		m.table.Store(big)
		t = big
	}
	value = make()
	t.set(key, value)
	m.count++
	return value, true
}

func (t *mapTable) set(key uint64, value uint32) {
	mask := len(t.keys) - 1
	i := t.place(key) & mask
	for t.keys[i] != 0 {
		i = (i + 1) & mask
	}
	atomic.StoreUint32(&t.values[i], value)
	atomic.StoreUint64(&t.keys[i], key+1)
}
