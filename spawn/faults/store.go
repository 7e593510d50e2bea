package faults

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

// Disk is the state of a disk.
type Disk uint32

// The states of a disk.
const (
	Sound   Disk = iota
	Full         // nothing can be written
	Failing      // fsync fails; the data may be written or not
)

// The errors of a full disk and of a failing fsync. Their text marks them as injected.
var (
	ErrFull    = fmt.Errorf("write: %w (injected)", syscall.ENOSPC)
	ErrFailing = fmt.Errorf("fsync: %w (injected)", syscall.EIO)
)

// String returns the name used in commands.
func (d Disk) String() string { return [...]string{"ok", "full", "failing"}[d] }

// Store is a store with a faulty disk. It is as safe for concurrent use as the inner store.
type Store struct {
	inner  spawn.Store
	disk   atomic.Uint32
	counts *Counts

	mu     sync.Mutex
	random machine.Random
}

// WrapStore returns a Store around the store of a server. Injected failures are counted in counts.
func WrapStore(inner spawn.Store, counts *Counts, random machine.Random) *Store {
	return &Store{inner: inner, counts: counts, random: random}
}

// Set sets the state of the disk.
func (s *Store) Set(d Disk) { s.disk.Store(uint32(d)) }

// Disk returns the state of the disk.
func (s *Store) Disk() Disk { return Disk(s.disk.Load()) }

// Load returns all records.
func (s *Store) Load() ([]storage.Record, error) { return s.inner.Load() }

// Save saves the changes, or fails according to the state of the disk.
func (s *Store) Save(changes []storage.Record) error {
	switch s.Disk() {
	case Full:
		s.counts.SavesFailed.Add(1)
		return ErrFull
	case Failing:
		s.counts.SavesFailed.Add(1)
		s.mu.Lock()
		written := s.random.Uint64()&1 == 1
		s.mu.Unlock()
		if written {
			if err := s.inner.Save(changes); err != nil {
				return err
			}
		}
		return ErrFailing
	case Sound:
	}
	return s.inner.Save(changes)
}
