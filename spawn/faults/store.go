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

// Disk describes how a disk is.
type Disk uint32

// What a disk may be.
const (
	Sound   Disk = iota
	Full         // nothing more can be written
	Failing      // an fsync fails; what was to be written may be there or not
)

// The errors of a disk that is full and of one whose fsync fails. They say that they were injected.
var (
	ErrFull    = fmt.Errorf("write: %w (injected)", syscall.ENOSPC)
	ErrFailing = fmt.Errorf("fsync: %w (injected)", syscall.EIO)
)

// String is a word for commands.
func (d Disk) String() string { return [...]string{"ok", "full", "failing"}[d] }

// Store is a store whose disk has faults. It is safe for concurrent use as far as the inner store is.
type Store struct {
	inner  spawn.Store
	disk   atomic.Uint32
	counts *Counts

	mu     sync.Mutex
	random machine.Random
}

// WrapStore wraps the disk of a server in one that can fail, which counts allow to tell.
func WrapStore(inner spawn.Store, counts *Counts, random machine.Random) *Store {
	return &Store{inner: inner, counts: counts, random: random}
}

// Set sets the state of the disk from now on.
func (s *Store) Set(d Disk) { s.disk.Store(uint32(d)) }

// Disk returns how the disk is.
func (s *Store) Disk() Disk { return Disk(s.disk.Load()) }

// Load returns all records.
func (s *Store) Load() ([]storage.Record, error) { return s.inner.Load() }

// Save saves, or fails as such a disk does.
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
