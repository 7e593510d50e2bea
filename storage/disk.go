package storage

import (
	"errors"
	"io"
	"slices"
)

// Disk is a Device in memory that loses data in a crash as a disk does: a write is visible at once, but is certain to
// survive a crash only after a sync. Until then each of its 512-byte sectors may or may not have reached the disk.
// The zero value is empty and ready to use. It is not safe for concurrent use.
type Disk struct {
	// At is called before each write and each sync, if it is not nil. Its error aborts the operation and is returned.
	At func(write bool) error
	// Lies turns syncs into no-ops: the disk acknowledges writes that it has not persisted.
	Lies bool

	shown, stable []byte
	waiting       []int64 // numbers of sectors written and not synced, without repeats
}

// ReadAt reads the visible content.
func (d *Disk) ReadAt(p []byte, at int64) (int, error) {
	if at >= int64(len(d.shown)) {
		return 0, io.EOF
	}
	n := copy(p, d.shown[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes to the visible content only.
func (d *Disk) WriteAt(p []byte, at int64) (int, error) {
	if err := d.at(true); err != nil {
		return 0, err
	}
	d.shown = grown(d.shown, at+int64(len(p)))
	copy(d.shown[at:], p)
	for s := at / SectorSize; s*SectorSize < at+int64(len(p)); s++ {
		if i, found := slices.BinarySearch(d.waiting, s); !found {
			d.waiting = slices.Insert(d.waiting, i, s)
		}
	}
	return len(p), nil
}

func grown(b []byte, size int64) []byte {
	if more := size - int64(len(b)); more > 0 {
		b = append(b, make([]byte, more)...)
	}
	return b
}

// Sync makes the visible content durable.
func (d *Disk) Sync() error {
	if err := d.at(false); err != nil {
		return err
	}
	if !d.Lies {
		d.keep(d.waiting)
		d.waiting = d.waiting[:0]
	}
	return nil
}

func (d *Disk) at(write bool) error {
	if d.At == nil {
		return nil
	}
	return d.At(write)
}

// Size returns the size of the visible content.
func (d *Disk) Size() (int64, error) { return int64(len(d.shown)), nil }

// Waiting returns the number of sectors written and not synced.
func (d *Disk) Waiting() int { return len(d.waiting) }

// keep makes sectors durable.
func (d *Disk) keep(sectors []int64) {
	for _, s := range sectors {
		end := min((s+1)*SectorSize, int64(len(d.shown)))
		d.stable = grown(d.stable, end)
		copy(d.stable[s*SectorSize:end], d.shown[s*SectorSize:])
	}
}

// Crash discards all writes that were not synced, except the waiting sectors, numbered from 0 in ascending order of
// position, for which lucky returns true: these had reached the disk.
func (d *Disk) Crash(lucky func(i int) bool) {
	var kept []int64
	for i, s := range d.waiting {
		if lucky(i) {
			kept = append(kept, s)
		}
	}
	d.keep(kept)
	d.shown = slices.Clone(d.stable)
	d.waiting = d.waiting[:0]
}

// errSync is the error of a sync made to fail.
var errSync = errors.New("input/output error")

// FailSync simulates a failing sync: what was written stays visible, but no later sync writes it, except the waiting
// sectors for which lucky returns true, which had reached the disk.
func (d *Disk) FailSync(lucky func(i int) bool) error {
	var kept []int64
	for i, s := range d.waiting {
		if lucky(i) {
			kept = append(kept, s)
		}
	}
	d.keep(kept)
	d.waiting = d.waiting[:0]
	return errSync
}
