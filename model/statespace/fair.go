package statespace

// Condition is a fairness assumption about paths, for all sets of a family.
type Condition struct {
	Name   string // the name of the family
	Strong bool   // strong rather than weak fairness
}

// String returns the condition in words, such as "weak deliveries".
func (c Condition) String() string {
	if c.Strong {
		return "strong " + c.Name
	}
	return "weak " + c.Name
}

// Just is implemented by a Space whose paths may be subject to fairness assumptions.
type Just interface {
	// Fairness returns the fairness assumptions, in order of declaration; none if no property depends on them.
	Fairness() []Condition
	// Label returns a number for the sets of actions that an action of a slot belongs to; 0 if there are none. Numbers
	// depend on the order of calls.
	Label(slot int, a ActionID) uint32
	// Sets returns the sets of a label, in ascending order. The caller must not change them.
	Sets(label uint32) []uint32
	// ConditionOf returns the index of the condition that a set belongs to.
	ConditionOf(set uint32) int
	// SetName returns a human-readable name of a set: its only action, if it can have only one.
	SetName(set uint32) string
}
