package storage

import (
	"errors"
	"io"
	"slices"
)

// Disk is a Device in memory that forgets as a disk does: what is written is seen at once, and survives a crash for certain
// only once it was synced. Until then each of its sectors of 512 bytes may have got to the disk or not. The zero value is
// empty and ready to use. It is not safe for concurrent use.
type Disk struct {
	// At is called before each write and each sync, unless it is nil. An error ends it there and is its result.
	At func(write bool) error
	// Lies turns syncs into no-ops: the disk acknowledges writes that it has not persisted.
	Lies bool

	shown, stable []byte
	waiting       []int64 // sectors that were written and not synced, by their numbers, each once
}

// ReadAt reads what is shown.
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

// WriteAt writes, into what is shown only.
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

// Sync persists what is shown.
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

// Size returns the size of what is shown.
func (d *Disk) Size() (int64, error) { return int64(len(d.shown)), nil }

// Waiting returns how many sectors were written and not synced.
func (d *Disk) Waiting() int { return len(d.waiting) }

// keep writes sectors to the disk.
func (d *Disk) keep(sectors []int64) {
	for _, s := range sectors {
		end := min((s+1)*SectorSize, int64(len(d.shown)))
		d.stable = grown(d.stable, end)
		copy(d.stable[s*SectorSize:end], d.shown[s*SectorSize:])
	}
}

// Crash forgets what was not synced, but for those of the waiting sectors, from 0 in ascending order of their places, that
// had got to the disk by themselves.
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

// errSync is the error of a sync that was made to fail.
var errSync = errors.New("input/output error")

// FailSync is a sync that fails, as they do: what was written is still shown, and no later sync writes it, though some of
// the waiting sectors had got to the disk.
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
