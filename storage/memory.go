package storage

import (
	"slices"
	"sync"
)

// Point is a moment in a save at which a machine may die.
type Point uint8

// The points of a save, in order. After the last one a crash loses nothing.
const (
	BeforeWrite Point = iota + 1
	BeforeSync
	AfterSync
)

// Memory is a store for tests that works as a disk does: what is written is seen at once, and survives a crash only
// once it was synced. The zero value is empty and ready to use. It is safe for concurrent use, but for its fields.
type Memory struct {
	// At is called at each point of each save, unless it is nil. An error ends the save there and is its result; the
	// function may as well panic, to end a whole process there.
	At func(Point) error
	// Lies turns syncs into no-ops: the disk acknowledges writes that it has not persisted.
	Lies bool

	mu      sync.Mutex
	written []Record
	synced  []Record
}

// Load returns all records that were written, in ascending order of their names. The caller owns the slice, not the
// data.
func (m *Memory) Load() ([]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.written), nil
}

// Save applies changes, all or none of them, and syncs them.
func (m *Memory) Save(changes []Record) error {
	if err := m.at(BeforeWrite); err != nil {
		return err
	}
	m.mu.Lock()
	m.written = Apply(m.written, changes)
	m.mu.Unlock()
	if err := m.at(BeforeSync); err != nil {
		return err
	}
	m.mu.Lock()
	if !m.Lies {
		m.synced = m.written
	}
	m.mu.Unlock()
	return m.at(AfterSync)
}

func (m *Memory) at(p Point) error {
	if m.At == nil {
		return nil
	}
	return m.At(p)
}

// Crash forgets what was not synced. A real disk may have got to it all the same: with lucky, it had.
func (m *Memory) Crash(lucky bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if lucky {
		m.synced = m.written
	}
	m.written = m.synced
}
