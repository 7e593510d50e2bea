package multipaxossmr

import "slices"

// agreement reports whether no two replicas have committed different commands in a slot.
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

// linearizable reports whether, once all commands are answered, they have an order that explains all answers, and in
// which a command that ended before another one began comes first.
func (c Config) linearizable(s State) bool {
	return !s.answered() || s.orderable(c.commands(), 0)
}

// orderable reports whether the remaining commands have such an order, given the value before them.
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
