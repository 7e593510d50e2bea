package multipaxossmr

import "slices"

// agreement reports whether no two replicas committed different commands in a slot.
func agreement(s State) bool {
	for i, n := range s.Nodes {
		for _, other := range s.Nodes[:i] {
			for slot := range min(n.Executed, other.Executed) {
				a, b := n.Log[slot], other.Log[slot]
				if a.Status == Committed && b.Status == Committed && a.Command != b.Command {
					return false
				}
			}
		}
	}
	return true
}

// linearizable reports whether, once all commands are answered, they can be put in an order in which each has the answer
// that it was given, and which is that of time where one ended before another one began.
func (c Config) linearizable(s State) bool {
	return !s.answered() || s.orderable(c.commands(), 0)
}

// orderable reports whether commands can follow one another from a value on.
func (s State) orderable(left []Command, value Command) bool {
	if len(left) == 0 {
		return true
	}
	for i, next := range left {
		ack := slices.IndexFunc(s.Observed, func(e Event) bool { return e.Ack && e.Command == next })
		request := slices.Index(s.Observed, Event{Command: next})
		if s.Observed[ack].Value != value || slices.ContainsFunc(left, func(other Command) bool {
			return slices.IndexFunc(s.Observed, func(e Event) bool { return e.Ack && e.Command == other }) < request
		}) {
			continue
		}
		after := value
		if next > 0 {
			after = next
		}
		if s.orderable(slices.Delete(slices.Clone(left), i, i+1), after) {
			return true
		}
	}
	return false
}
