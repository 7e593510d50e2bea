package stage

import (
	"errors"
	"fmt"
	"time"

	"synod/spawn/faults"
	"synod/spawn/nemesis"
	"synod/storage"
)

// errInjected is wrapped by errors from injected disk faults.
var errInjected = errors.New("injected")

// errCut ends a save partway.
var errCut = errors.New("the process ended")

// How long a save takes until it is durable: usually from shortestSave to longestSave, and occasionally up to
// slowestSave.
const (
	shortestSave = 100 * time.Microsecond
	longestSave  = 5 * time.Millisecond
	slowestSave  = 100 * time.Millisecond
)

// disk is a store whose saves take time: the servers' log, on a simulated device. Written data is in the page cache,
// which survives the death of the process. When the machine dies, each sector that was not synced may or may not be
// on the device.
type disk struct {
	node   *node
	device storage.Disk
	random *Source
	state  faults.Disk
	log    *storage.Log // of the current process

	waiting []storage.Record // by the save in progress
	takes   time.Duration    // duration of that save
}

func (d *disk) init(n *node) {
	d.node = n
	d.random = NewSource(n.w.Seed, forDisks+uint64(n.place))
}

// identity returns the identity in the records on the disk.
func (d *disk) identity() storage.Identity {
	p := &d.node.w.Program
	return storage.Identity{Model: p.Model, Version: p.Version, Actor: d.node.id, Cluster: "rehearsed"}
}

// open opens the log, creating it the first time. Everything it then contains is durable, although a process killed
// during a save may leave more than it synced. It returns an error if the disk cannot be written.
func (d *disk) open() error {
	flaws := d.node.w.Flaws
	if !flaws.TrustsCache {
		if err := d.fails(); err != nil {
			return err
		}
	}
	if size, _ := d.device.Size(); size == 0 {
		if err := storage.Format(&d.device, d.identity()); err != nil {
			return err
		}
	}
	d.device.Lies = flaws.TrustsCache || flaws.NoSync
	var err error
	d.log, err = storage.Mount(&d.device, d.identity())
	d.device.Lies = flaws.NoSync
	return err
}

// Load returns all records written.
func (d *disk) Load() ([]storage.Record, error) { return d.log.Load() }

// fails returns the error of a disk that cannot be written, and counts it.
func (d *disk) fails() error {
	tally := &d.node.w.outcome.Tally
	switch d.state {
	case faults.Full:
		tally.Add(nemesis.DiskFull, 1)
		return fmt.Errorf("write: no space left on device (%w)", errInjected)
	case faults.Failing:
		tally.Add(nemesis.DiskFailing, 1)
		return fmt.Errorf("fsync: input/output error (%w)", errInjected)
	case faults.Sound:
	}
	return nil
}

// Save begins a save. Nothing else reads the disk of a waiting process, so the changes are made when the save
// completes.
func (d *disk) Save(changes []storage.Record) error {
	if err := d.fails(); err != nil {
		// A full disk stores nothing. A disk whose fsync fails may have stored any part.
		if d.state == faults.Failing {
			d.device.At = func(write bool) error {
				if write {
					return nil
				}
				return d.device.FailSync(d.luck())
			}
			defer func() { d.device.At = nil }()
			if d.log.Save(changes) == nil && !d.node.w.Flaws.NoSync {
				panic("a save whose sync failed was done")
			}
		}
		return err
	}
	// A second save in one step, which no server here makes, follows the first.
	for _, c := range changes {
		if c.Data != nil {
			c.Data = append([]byte{}, c.Data...) // The server owns c.Data.
		}
		d.waiting = append(d.waiting, c)
	}
	d.takes = d.random.between(shortestSave, longestSave)
	if d.random.below(50) == 0 {
		d.takes = d.random.between(longestSave, slowestSave)
	}
	d.node.saving, d.node.ahead = true, d.takes
	return nil
}

// finish completes the save in progress.
func (d *disk) finish() error {
	err := d.log.Save(d.waiting)
	d.waiting = d.waiting[:0]
	return err
}

// interrupt stops the save in progress, as the process ends: before, during or after it. It reports whether the save
// was complete.
func (d *disk) interrupt(random *Source) bool {
	left := random.below(6) // A save makes three calls, or five when it moves all records to another segment.
	d.device.At = func(bool) error {
		if left--; left < 0 {
			return errCut
		}
		return nil
	}
	defer func() { d.device.At = nil }()
	return d.finish() == nil
}

// lose drops a random part of the data that was not synced.
func (d *disk) lose() { d.device.Crash(d.luck()) }

// luck draws which unsynced sectors are on the disk: all, none, or each independently.
func (d *disk) luck() func(int) bool {
	switch d.random.below(4) {
	case 0:
		return func(int) bool { return true }
	case 1:
		return func(int) bool { return false }
	default:
		return func(int) bool { return d.random.below(2) == 0 }
	}
}
