package model

import "synod/internal/intern"

// Profiler is a Space that can tell of what the contents of its slots are made. The spaces of this package can.
type Profiler interface {
	Space
	// Sizes returns what there is of every slot by now. It costs next to nothing, and may be called between two steps of a
	// search to see what grows.
	Sizes() []SlotSize
	// Fields tells of the distinct values of each top-level field of a slot's values, up to limit per field. It takes time
	// in proportion to the values.
	Fields(slot, limit int) []FieldReport
}

// SlotSize counts the distinct contents of a slot so far, and of what they are made.
type SlotSize struct {
	Parts     int
	Values    int // local states; of a slot without an actor, what Parts are of values
	Mailboxes int // 0 for a slot that has none
}

// FieldReport tells of the distinct values of a field. Values have numbers in order of arrival, below SlotSize.Values;
// First are those with which a new value of the field came, ascending, so that its length is how many there are.
type FieldReport struct {
	Name  string
	First []uint32
	More  bool // there are more than limit
}

// Sizes implements Profiler.
func (sp *space) Sizes() []SlotSize {
	all := make([]SlotSize, len(sp.slots))
	for i, s := range sp.slots {
		if p, ok := s.(profiled); ok {
			all[i] = p.size()
		}
	}
	return all
}

// Fields implements Profiler.
func (sp *space) Fields(slot, limit int) []FieldReport {
	if p, ok := sp.slots[slot].(profiled); ok {
		return p.fields(limit)
	}
	return nil
}

// profiled is a slot that can tell how large it is.
type profiled interface {
	size() SlotSize
	fields(limit int) []FieldReport
}

func (c *cells) size() SlotSize {
	return SlotSize{Parts: c.tuples.Len(), Values: c.states.Len(), Mailboxes: c.mailbox.table.Len()}
}

func (c *cells) fields(limit int) []FieldReport { return fieldReports(c.states, limit) }

func (h *histories) size() SlotSize {
	return SlotSize{Parts: h.values.Len(), Values: h.values.Len()}
}

func (h *histories) fields(limit int) []FieldReport { return fieldReports(h.values, limit) }

func (n *nobody) size() SlotSize {
	return SlotSize{Parts: n.mailbox.table.Len(), Mailboxes: n.mailbox.table.Len()}
}

func (n *nobody) fields(int) []FieldReport { return nil }

// Sizes implements Profiler.
func (sp *plainSpace[S, A]) Sizes() []SlotSize {
	return []SlotSize{{Parts: sp.states.Len(), Values: sp.states.Len()}}
}

// Fields implements Profiler.
func (sp *plainSpace[S, A]) Fields(_, limit int) []FieldReport { return fieldReports(sp.states, limit) }

func fieldReports[T any](t *intern.Table[T], limit int) []FieldReport {
	var all []FieldReport
	for _, f := range t.Fields(limit) {
		all = append(all, FieldReport(f))
	}
	return all
}
