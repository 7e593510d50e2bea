package model

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"synod/model/statespace"
)

// A budget is a slot that counts uses, and refuses a step that would exceed its limit.

// The effects on a budget.
const (
	spend   statespace.EffectID = iota // one more use; refused beyond the limit
	restore                            // one use less
)

// budget is the slot of a budget. Its contents are the numbers from 0 to the limit.
type budget struct {
	what  string // what is counted; the name of the slot
	limit uint32
	most  atomic.Uint32 // largest count so far
}

func (b *budget) name() string { return b.what }

func (b *budget) start() (statespace.PartID, []statespace.SlotEffect, error) { return 0, nil, nil }

func (b *budget) steps(_ statespace.PartID, into []statespace.Step) ([]statespace.Step, error) {
	return into, nil
}

func (b *budget) apply(id statespace.PartID, e statespace.EffectID) (statespace.PartID, bool, error) {
	if e == restore {
		return id - 1, true, nil
	}
	if uint32(id) >= b.limit {
		return 0, false, nil
	}
	for most := b.most.Load(); uint32(id) >= most && !b.most.CompareAndSwap(most, uint32(id)+1); most = b.most.Load() {
	}
	return id + 1, true, nil
}

func (b *budget) aspect(id statespace.PartID, _ statespace.Aspect) uint32 { return uint32(id) }

func (b *budget) action(statespace.ActionID) statespace.Action { panic("model: a budget does nothing") }

func (b *budget) content(dst []byte, id statespace.PartID) []byte {
	return strconv.AppendUint(dst, uint64(id), 10)
}

func (b *budget) text(id statespace.PartID) string { return fmt.Sprintf("%d of %d", id, b.limit) }

func (b *budget) changes(from, to statespace.PartID) []statespace.Change {
	return []statespace.Change{{Old: strconv.Itoa(int(from)), New: strconv.Itoa(int(to))}}
}

func (b *budget) audit() error { return nil }

func (b *budget) report(r *statespace.SpaceReport) {
	r.Slots = append(r.Slots, statespace.SlotReport{Name: b.what, Parts: b.size().Parts})
	r.Budgets = append(r.Budgets, statespace.Budget{Name: b.what, Limit: int(b.limit)})
}

func (b *budget) size() statespace.SlotSize {
	n := int(b.most.Load()) + 1
	return statespace.SlotSize{Parts: n, Values: n}
}

func (b *budget) fields(int) []statespace.FieldReport { return nil }

func (b *budget) carry(_ any, id statespace.PartID) (statespace.PartID, error) { return id, nil }
