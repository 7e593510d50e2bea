package consistency

import "slices"

// Exact decides windows from the answers alone, in almost linear time, where the answers determine enough. The
// methods are [ExactRegister], [ExactOnce], [ExactLog] and [ExactSet], for the object of that kind.
type Exact[S any, I comparable, O any] interface {
	// decide decides a window that begins in one of the given states, in which the unknown operations in applied have
	// taken effect.
	decide(states []S, applied []int32, ops []operation[I, O], p pool[I]) decision[S]
	// cannot reports whether the method is not applicable while an unknown operation with this input may take effect.
	cannot(in I) bool
}

// decision is the result of an exact method.
type decision[S any] struct {
	known bool             // the method applies
	after []possibility[S] // the possibilities after the window; none if there is no order
	later bool             // there is an order, but too many states are possible after it: decide with what follows
}

// violated returns the decision that there is no order.
func violated[S any]() decision[S] { return decision[S]{known: true} }

// exactly decides a window by the exact method, if there is one and it applies.
func (c *WindowsConfig[S, I, O]) exactly(start []possibility[S], ops []operation[I, O], p pool[I]) decision[S] {
	if c.Exact == nil || p.impossible() {
		return decision[S]{}
	}
	all := decision[S]{known: true}
	for len(start) > 0 {
		applied := start[0].applied
		var states []S
		var rest []possibility[S]
		for _, p := range start {
			if slices.Equal(p.applied, applied) {
				states = append(states, p.state)
			} else {
				rest = append(rest, p)
			}
		}
		d := c.Exact.decide(states, applied, ops, p)
		if !d.known {
			return d
		}
		all.later = all.later || d.later
		for _, p := range d.after {
			all.after, _ = include(all.after, p, c.Spec.SameState)
		}
		start = rest
	}
	return all
}

// withIDs adds the numbers of unknown operations to those that have taken effect.
func withIDs(applied, ids []int32) []int32 {
	if len(ids) == 0 {
		return applied
	}
	all := append(slices.Clone(applied), ids...)
	slices.Sort(all)
	return slices.Compact(all)
}

// never is the return time of an operation with unknown outcome.
const never = noLimit

// succession decides whether operations can take effect group by group: each must return after all operations of
// earlier groups were invoked. The order within a group is arbitrary.
type succession struct {
	latest int64 // the last invocation in the closed groups
	group  int64 // the last invocation in the open group
}

// close ends a group.
func (s *succession) close() { s.latest = max(s.latest, s.group) }

// add adds an operation to the open group, and reports whether it can be there.
func (s *succession) add(call, ret int64) bool {
	s.group = max(s.group, call)
	return ret > s.latest
}
