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

// errCut ends a save of the memory below in the middle.
var errCut = errors.New("the process ended")

// How long a save takes until it is durable, mostly and now and then.
const (
	shortestSave = 100 * time.Microsecond
	longestSave  = 5 * time.Millisecond
	slowestSave  = 100 * time.Millisecond
)

// disk is a store whose saves take time. What is written lies in the page cache, which a killed process leaves behind and
// a machine that dies does not, until it was synced.
type disk struct {
	node   *node
	memory storage.Memory
	random *Source
	state  faults.Disk
	stop   storage.Point // where a save is interrupted; 0 for nowhere

	waiting []storage.Record // of the save that is under way
	takes   time.Duration    // how long it does
}

func (d *disk) init(n *node) {
	d.node = n
	d.random = NewSource(n.w.Seed, forDisks+uint64(n.place))
	d.memory.Lies = n.w.Flaws.NoSync
	d.memory.At = func(p storage.Point) error {
		if p == d.stop {
			return errCut
		}
		return nil
	}
}

// open makes durable what the disk shows, as storage.Open does: a process that was killed in the middle of a save leaves
// more than was synced. It fails on a disk that cannot be written.
func (d *disk) open() error {
	if d.node.w.Flaws.TrustsCache {
		return nil
	}
	if err := d.fails(); err != nil {
		return err
	}
	d.write(nil, 0)
	return nil
}

// Load gives all records that were written.
func (d *disk) Load() ([]storage.Record, error) { return d.memory.Load() }

// fails gives the error of a disk that cannot be written, and counts it.
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
		if d.state == faults.Failing && d.random.below(2) == 0 {
			d.write(changes, storage.BeforeSync)
		}
		return err
	}
	// A second save of a step, which no server of ours makes, comes after the first.
	d.waiting = append(d.waiting, changes...)
	d.takes = d.random.between(shortestSave, longestSave)
	if d.random.below(50) == 0 {
		d.takes = d.random.between(longestSave, slowestSave)
	}
	d.node.saving, d.node.ahead = true, d.takes
	return nil
}

// finish ends the save that was under way.
func (d *disk) finish() {
	d.write(d.waiting, 0)
	d.waiting = d.waiting[:0]
}

// interrupt ends the save that was under way, as the process ends: before, in the middle or behind it. It tells whether
// it was done.
func (d *disk) interrupt(random *Source) bool {
	stop := storage.Point(random.below(3)) + storage.BeforeWrite
	if stop == storage.AfterSync {
		d.finish()
		return true
	}
	d.write(d.waiting, stop)
	d.waiting = d.waiting[:0]
	return false
}

func (d *disk) write(changes []storage.Record, stop storage.Point) {
	d.stop = stop
	if err := d.memory.Save(changes); err != nil && !errors.Is(err, errCut) {
		panic(err) // Memory fails as we tell it to, and not otherwise.
	}
	d.stop = 0
}

// lose forgets what was not synced, or by luck does not.
func (d *disk) lose() { d.memory.Crash(d.random.below(4) == 0) }
