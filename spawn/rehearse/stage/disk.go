package stage

import (
	"errors"
	"fmt"
	"time"

	"synod/spawn/faults"
	"synod/spawn/nemesis"
	"synod/storage"
)

// errInjected is in the chain of errors that a fault of a disk makes.
var errInjected = errors.New("injected")

// errCut ends a save in the middle.
var errCut = errors.New("the process ended")

// How long a save takes until it is durable, mostly and now and then.
const (
	shortestSave = 100 * time.Microsecond
	longestSave  = 5 * time.Millisecond
	slowestSave  = 100 * time.Millisecond
)

// disk is a store whose saves take time: the log that servers have in files, on a device in memory. What is written lies in
// the page cache, which a killed process leaves behind. When a machine dies, each sector that was not synced is on the
// device or is not.
type disk struct {
	node   *node
	device storage.Disk
	random *Source
	state  faults.Disk
	log    *storage.Log // of the process

	waiting []storage.Record // of the save that is in progress
	takes   time.Duration    // how long it does
}

func (d *disk) init(n *node) {
	d.node = n
	d.random = NewSource(n.w.Seed, forDisks+uint64(n.place))
}

// identity returns the identity of the records on the disk.
func (d *disk) identity() storage.Identity {
	p := &d.node.w.Program
	return storage.Identity{Model: p.Model, Version: p.Version, Actor: d.node.id, Cluster: "rehearsed"}
}

// open mounts the log, for the first time a new one. What it then shows is durable: a process that was killed in the middle
// of a save leaves more than was synced. It fails on a disk that cannot be written.
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

// Load returns all records that were written.
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

// Save begins a save. Nobody else looks at the disk of a process that waits, so its changes are made when it is done.
func (d *disk) Save(changes []storage.Record) error {
	if err := d.fails(); err != nil {
		// A full disk takes nothing. Of one whose fsync fails, nobody knows.
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
	// A second save of a step, which none of our servers makes, comes after the first.
	for _, c := range changes {
		if c.Data != nil {
			c.Data = append([]byte{}, c.Data...) // It is the server's.
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

// finish ends the save that was in progress.
func (d *disk) finish() error {
	err := d.log.Save(d.waiting)
	d.waiting = d.waiting[:0]
	return err
}

// interrupt ends the save that was in progress, as the process ends: before, in the middle or behind it. It reports whether
// it was done.
func (d *disk) interrupt(random *Source) bool {
	left := random.below(6) // A save makes three calls, or five when it writes all records to another segment.
	d.device.At = func(bool) error {
		if left--; left < 0 {
			return errCut
		}
		return nil
	}
	defer func() { d.device.At = nil }()
	return d.finish() == nil
}

// lose forgets what was not synced, as far as luck has it.
func (d *disk) lose() { d.device.Crash(d.luck()) }

// luck draws which of the sectors that were not synced are on the disk: all, none, or each by itself.
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
