package model

import (
	"synod/internal/intern"
	"synod/model/statespace"
)

// Sizes implements Profiler.
func (sp *space) Sizes() []statespace.SlotSize {
	all := make([]statespace.SlotSize, len(sp.slots))
	for i, s := range sp.slots {
		if p, ok := s.(profiled); ok {
			all[i] = p.size()
		}
	}
	return all
}

// Fields implements Profiler.
func (sp *space) Fields(slot, limit int) []statespace.FieldReport {
	if p, ok := sp.slots[slot].(profiled); ok {
		return p.fields(limit)
	}
	return nil
}

// profiled is a slot that can report its size.
type profiled interface {
	size() statespace.SlotSize
	fields(limit int) []statespace.FieldReport
}

func (c *cells) size() statespace.SlotSize {
	return statespace.SlotSize{Parts: c.tuples.Len(), Values: c.states.Len(), Mailboxes: c.mailbox.table.Len()}
}

func (c *cells) fields(limit int) []statespace.FieldReport { return fieldReports(c.states, limit) }

func (h *histories) size() statespace.SlotSize {
	return statespace.SlotSize{Parts: h.values.Len(), Values: h.values.Len()}
}

func (h *histories) fields(limit int) []statespace.FieldReport { return fieldReports(h.values, limit) }

func (n *nobody) size() statespace.SlotSize {
	return statespace.SlotSize{Parts: n.mailbox.table.Len(), Mailboxes: n.mailbox.table.Len()}
}

func (n *nobody) fields(int) []statespace.FieldReport { return nil }

// Sizes implements Profiler.
func (sp *plainSpace[S, A]) Sizes() []statespace.SlotSize {
	return []statespace.SlotSize{{Parts: sp.states.Len(), Values: sp.states.Len()}}
}

// Fields implements Profiler.
func (sp *plainSpace[S, A]) Fields(_, limit int) []statespace.FieldReport {
	return fieldReports(sp.states, limit)
}

func fieldReports[T any](t *intern.Table[T], limit int) []statespace.FieldReport {
	var all []statespace.FieldReport
	for _, f := range t.Fields(limit) {
		all = append(all, statespace.FieldReport(f))
	}
	return all
}
