package replay

import (
	"bytes"
	"fmt"
	"time"

	"synod/actor"
	"synod/spawn/record"
)

// draws repeats the recorded random choices. It implements machine.Random and machine.Draws.
type draws struct {
	arm     []record.Alarm
	drawn   [][]byte
	problem *mismatch // the first draw that does not match the record
}

func (d *draws) load(l *record.Line) { d.arm, d.drawn, d.problem = l.Arm, l.Drawn, nil }

// Uint64 is never called by a machine that uses Draws.
func (d *draws) Uint64() uint64 { return 0 }

// Between returns the recorded duration. If there is none, the comparison of the effects reports it.
func (d *draws) Between(_ actor.Timer, shortest, longest time.Duration) time.Duration {
	if len(d.arm) == 0 {
		return shortest
	}
	in := d.arm[0].In
	d.arm = d.arm[1:]
	if in < shortest || in > longest {
		d.note(fmt.Sprintf("a timer due in %v to %v", shortest, longest), fmt.Sprintf("one due in %v", in))
	}
	return in
}

// Pick returns the recorded option.
func (d *draws) Pick(options []actor.Option) int {
	if len(d.drawn) == 0 {
		return 0
	}
	want := d.drawn[0]
	d.drawn = d.drawn[1:]
	for i, o := range options {
		if bytes.Equal(record.Encode(o), want) {
			return i
		}
	}
	d.note(fmt.Sprintf("one of the options %v", options), fmt.Sprintf("the choice of %s", want))
	return 0
}

func (d *draws) note(expected, found string) {
	if d.problem == nil {
		d.problem = &mismatch{expected, found}
	}
}
