package statespace

// Profiler is a Space that can tell of what the contents of its slots are made. The spaces of this package can.
type Profiler interface {
	Space
	// Sizes returns what there is of every slot by now. It costs next to nothing, and may be called between two steps of a
	// search to see what grows.
	Sizes() []SlotSize
	// Fields describes the distinct values of each top-level field of a slot's values, up to limit per field. It takes time
	// in proportion to the values.
	Fields(slot, limit int) []FieldReport
}

// SlotSize counts the distinct contents of a slot so far, and of what they are made.
type SlotSize struct {
	Parts     int
	Values    int // local states; of a slot without an actor, what Parts are of values
	Mailboxes int // 0 for a slot that has none
}

// FieldReport describes the distinct values of a field. Values have numbers in order of arrival, below SlotSize.Values;
// First are those with which a new value of the field came, ascending, so that its length is how many there are.
type FieldReport struct {
	Name  string
	First []uint32
	More  bool // there are more than limit
}
