// Package faults degrades the network and the disk of one process: messages are lost, duplicated, delayed and
// reordered, links are cut, disks are full. A pure function draws the fate of each message, so that a simulated
// network can use it too.
package faults

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"synod/spawn/machine"
)

// Plan describes the faults of a network. The zero value has none.
type Plan struct {
	Drop      float64 // probability that a message is lost, from 0 to 1
	Duplicate float64 // probability that it arrives twice, from 0 to 1
	Reorder   float64 // probability that it waits up to ReorderBy longer, from 0 to 1
	// Each copy is delayed by a duration from [DelayMin, DelayMax], so that messages may overtake one another.
	DelayMin, DelayMax time.Duration
}

// Setting is a part of a plan that can be set by a flag, or while servers run.
type Setting struct {
	Word  string
	Doc   string // description
	Value string // placeholder for the value
	// Parse parses a value and returns a function that sets it in a plan.
	Parse func(value string) (func(p *Plan), error)
	// Text returns the value in a plan, in the form that Parse accepts. It is empty if the fault is off, which is 0 for
	// Parse.
	Text func(p Plan) string
}

// Settings returns all settings of a plan. The caller owns the result.
func Settings() []Setting {
	return []Setting{
		probability("drop", "drop messages with this probability", func(p *Plan) *float64 { return &p.Drop }),
		probability("duplicate", "duplicate messages with this probability", func(p *Plan) *float64 { return &p.Duplicate }),
		probability("reorder", "delay messages with this probability, which reorders them",
			func(p *Plan) *float64 { return &p.Reorder }),
		{
			Word: "delay", Doc: "delay each message by a time in this range, such as 5ms..50ms", Value: "range",
			Parse: func(value string) (func(*Plan), error) {
				least, most, err := ParseDelay(value)
				return func(p *Plan) { p.DelayMin, p.DelayMax = least, most }, err
			},
			Text: func(p Plan) string {
				if p.DelayMax == 0 {
					return ""
				}
				return fmt.Sprintf("%v..%v", p.DelayMin, p.DelayMax)
			},
		},
	}
}

// probability returns a setting for a probability.
func probability(word, doc string, of func(*Plan) *float64) Setting {
	return Setting{
		Word: word, Doc: doc, Value: "probability",
		Parse: func(value string) (func(*Plan), error) {
			v, err := ParseProbability(value)
			return func(p *Plan) { *of(p) = v }, err
		},
		Text: func(p Plan) string {
			if *of(&p) == 0 {
				return ""
			}
			return strconv.FormatFloat(*of(&p), 'g', -1, 64)
		},
	}
}

// String lists the faults that are on, such as "drop 0.1, delay 5ms..50ms".
func (p Plan) String() string {
	var all []string
	for _, s := range Settings() {
		if text := s.Text(p); text != "" {
			all = append(all, s.Word+" "+text)
		}
	}
	return strings.Join(all, ", ")
}

// ReorderBy is the maximum time that a message waits for others to overtake it.
const ReorderBy = 50 * time.Millisecond

// MaxDelay is the maximum delay of a plan.
const MaxDelay = time.Minute

// Fate is the outcome for a message: the additional delay of each of its copies. With no copy the message is lost.
type Fate struct {
	Copies     [2]time.Duration
	Count      int
	Duplicated bool
	Reordered  int // copies
}

// Draw draws the fate of a message.
func (p Plan) Draw(random machine.Random) Fate {
	var f Fate
	if hit(random, p.Drop) {
		return f
	}
	f.Count = 1
	if hit(random, p.Duplicate) {
		f.Count, f.Duplicated = 2, true
	}
	for i := range f.Count {
		f.Copies[i] = between(random, p.DelayMin, p.DelayMax)
		if hit(random, p.Reorder) {
			f.Copies[i] += between(random, 0, ReorderBy)
			f.Reordered++
		}
	}
	return f
}

// hit reports whether an event with a probability occurs. Probabilities 0 and 1 use no random number.
func hit(random machine.Random, probability float64) bool {
	switch {
	case probability <= 0:
		return false
	case probability >= 1:
		return true
	}
	return float64(random.Uint64()>>11)/(1<<53) < probability
}

func between(random machine.Random, least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(random.Uint64()%uint64(most-least+1))
}

// ParseProbability parses a number from 0 to 1.
func ParseProbability(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > 1 {
		return 0, errors.New("expected a probability from 0 to 1, such as 0.05")
	}
	return v, nil
}

// ParseDelay parses a range such as 5ms..50ms, or a single duration.
func ParseDelay(s string) (least, most time.Duration, err error) {
	from, to, isRange := strings.Cut(s, "..")
	least, err = time.ParseDuration(from)
	most = least
	if err == nil && isRange {
		most, err = time.ParseDuration(to)
	}
	if err != nil || least < 0 || most < least || most > MaxDelay {
		return 0, 0, fmt.Errorf("expected a delay from 0 to %v, or a range such as 5ms..50ms", MaxDelay)
	}
	return least, most, nil
}
