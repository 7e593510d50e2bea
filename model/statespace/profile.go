package statespace

// Profiler is a Space that can report the structure of its slots' contents. The spaces of package model implement it.
type Profiler interface {
	Space
	// Sizes returns the number of distinct contents of every slot so far. It is cheap, and may be called repeatedly
	// during a search to see what grows.
	Sizes() []SlotSize
	// Fields describes the distinct values of each top-level field of a slot's values, up to limit per field. It takes
	// time proportional to the number of values.
	Fields(slot, limit int) []FieldReport
}

// SlotSize counts the distinct contents of a slot so far, and their parts.
type SlotSize struct {
	Parts     int
	Values    int // local states; for a slot without an actor, its values
	Mailboxes int // 0 for a slot without mailbox
}

// FieldReport describes the distinct values of a field. Values are numbered in order of discovery, below
// SlotSize.Values; First has the numbers of values with a new value of the field, ascending, so its length is the
// number of distinct values.
type FieldReport struct {
	Name  string
	First []uint32
	More  bool // there are more than limit
}
