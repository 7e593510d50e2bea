package consistency

import "slices"

// Exact decides windows by what the answers show, in time that is almost linear, where they show enough. What an object
// is made of decides which method there is: [ExactRegister], [ExactOnce], [ExactLog], [ExactSet].
type Exact[S any, I comparable, O any] interface {
	// decide decides a window that begins in one of some states, with some unknown operations taken.
	decide(states []S, applied []int32, ops []operation[I, O], p pool[I]) decision[S]
	// cannot reports whether windows are not decided while an unknown operation with this input may take effect.
	cannot(in I) bool
}

// decision is what an exact method says.
type decision[S any] struct {
	known bool             // the method applies
	after []possibility[S] // what is possible after the window; none if there is no order
	later bool             // there is an order, but too much is possible after it: what follows will tell
}

// violated is the decision that there is no order.
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

// withIDs adds numbers of unknown operations to those that have taken effect.
func withIDs(applied, ids []int32) []int32 {
	if len(ids) == 0 {
		return applied
	}
	all := append(slices.Clone(applied), ids...)
	slices.Sort(all)
	return slices.Compact(all)
}

// never is when an operation of unknown outcome returns.
const never = noLimit

// succession finds whether operations that take effect group by group can do so: each returns after all those of earlier
// groups were invoked. Within a group any order will do.
type succession struct {
	latest int64 // the last invocation of the groups that are complete
	group  int64 // of the one that is not
}

// close ends a group.
func (s *succession) close() { s.latest = max(s.latest, s.group) }

// add adds an operation to the group, and reports whether it can be there.
func (s *succession) add(call, ret int64) bool {
	s.group = max(s.group, call)
	return ret > s.latest
}
