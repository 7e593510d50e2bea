package storage

import (
	"slices"
	"sync"
)

// Point is a moment of a save at which a machine may crash.
type Point uint8

// The points of a save, in order. A crash after the last one loses nothing.
const (
	BeforeWrite Point = iota + 1
	BeforeSync
	AfterSync
)

// Memory is an in-memory store for tests that loses data in a crash as a disk does: a write is visible at once, and
// survives a crash only after a sync. The zero value is empty and ready to use. It is safe for concurrent use, except
// for its fields.
type Memory struct {
	// At is called at each point of each save, if it is not nil. Its error aborts the save and is returned; the function
	// may also panic, to end a whole process there.
	At func(Point) error
	// Lies turns syncs into no-ops: the disk acknowledges writes that it has not persisted.
	Lies bool

	mu      sync.Mutex
	written []Record
	synced  []Record
}

// Load returns all records written, in ascending order of name. The caller owns the slice, not the data.
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

// Crash discards unsynced data. With lucky it keeps the data, as a real disk may have written it already.
func (m *Memory) Crash(lucky bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if lucky {
		m.synced = m.written
	}
	m.written = m.synced
}
