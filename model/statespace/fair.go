package statespace

// Condition is what is assumed of paths: fairness to the sets of a family.
type Condition struct {
	Name   string // of the family
	Strong bool   // or weak
}

// String is the condition in words: weak deliveries.
func (c Condition) String() string {
	if c.Strong {
		return "strong " + c.Name
	}
	return "weak " + c.Name
}

// Just is what a Space implements if paths may have to be fair.
type Just interface {
	// Fairness returns what is assumed of paths, in the order in which it was declared; nothing if there is no property that it
	// matters to.
	Fairness() []Condition
	// Label numbers what an action of a slot is in: a list of sets. 0 is none. Numbers depend on the order of arrival.
	Label(slot int, a ActionID) uint32
	// Sets returns the sets of a label, ascending. The caller must not change them.
	Sets(label uint32) []uint32
	// ConditionOf returns which condition a set belongs to, counted from 0.
	ConditionOf(set uint32) int
	// SetName names a set to people: its only action, if there can be but one.
	SetName(set uint32) string
}
