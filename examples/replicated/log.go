package replicated

import (
	"maps"
	"slices"

	"synod/paxos/rsm"
)

// Log is what is decided, by slot: a batch as its commands. What is told differently a second time makes a text that is no
// batch.
type Log struct{ Slots map[rsm.Slot]string }

// With returns the log with a batch in a slot.
func (l Log) With(slot rsm.Slot, batch string) Log {
	if had, told := l.Slots[slot]; told {
		if had == batch {
			return l
		}
		batch = had + " and " + batch
	}
	slots := maps.Clone(l.Slots)
	if slots == nil {
		slots = map[rsm.Slot]string{}
	}
	slots[slot] = batch
	return Log{slots}
}

// ConsensusLog is a sequence of instances of Consensus: in each slot a batch is chosen, at most once.
type ConsensusLog struct {
	Texts []string // the empty batch, and all batches of one command
	Batch int      // the most commands of a batch
	Slots rsm.Slot // the last slot
	// Chosen is what is chosen at the beginning; the zero value for nothing.
	Chosen Log
}

// Choose is the choice of a batch for a slot.
type Choose struct {
	Slot  rsm.Slot
	Batch string
}

// Initial is the log at the beginning.
func (p ConsensusLog) Initial() []Log { return []Log{p.Chosen} }

// Actions are the choices for slots in which nothing is chosen.
func (p ConsensusLog) Actions(l Log) []Choose {
	batches := p.Texts
	for range p.Batch - 1 {
		longer := slices.Clone(batches)
		for _, b := range batches[1:] {
			for _, c := range p.Texts[1:] {
				if longerText := b + "," + c; !slices.Contains(longer, longerText) {
					longer = append(longer, longerText)
				}
			}
		}
		batches = longer
	}
	var all []Choose
	for slot := rsm.Slot(1); slot <= p.Slots; slot++ {
		if _, chosen := l.Slots[slot]; !chosen {
			for _, b := range batches {
				all = append(all, Choose{slot, b})
			}
		}
	}
	return all
}

// Next draws a choice.
func (ConsensusLog) Next(l Log, c Choose) (Log, bool) { return l.With(c.Slot, c.Batch), true }
