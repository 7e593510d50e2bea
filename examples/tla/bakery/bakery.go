// Package bakery is Lamport's bakery algorithm ("A New Solution of Dijkstra's Concurrent Programming Problem", 1974),
// after the TLA+ example MCBakery: every state that satisfies an inductive invariant is initial, so that a step out
// of these states would refute the invariant. A read that overlaps a write may return anything: a write is modeled as
// several writes of arbitrary values.
package bakery

import (
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model.
type Config struct {
	Processes int // 1 to MaxProcesses
	Numbers   int // the highest ticket number, where 0 means none; 1 to MaxNumbers
}

// The bounds of a Config.
const (
	MaxProcesses = 3
	MaxNumbers   = 3
)

// Default is smaller than the size that the original checks: two processes and numbers up to 2.
var Default = Config{Processes: 2, Numbers: 1}

// Place is the position of a process in its program.
type Place uint8

// The places.
const (
	Idle   Place = iota // outside the critical section
	Flag                // writes the flag that it is choosing a number
	Scan                // reads the numbers of the others
	Number              // writes its number
	Unflag              // clears the flag
	Next                // takes the next of the others, once that one is not choosing
	Wait                // waits for that one
	Inside              // in the critical section
	Leave               // clears its number
)

const places = int(Leave) + 1

// String returns the place in lower case.
func (p Place) String() string {
	return [...]string{"idle", "flag", "scan", "number", "unflag", "next", "wait", "inside", "leave"}[p]
}

// State is the state of all processes, by process.
type State struct {
	At        []Place
	Num       []int8    // the number, or 0 for none
	Flag      []bool    // it is choosing a number
	Unchecked []tla.Set // processes still to be visited
	Max       []int8    // the highest number that it has read
	Nxt       []int8    // the process that it waits for
}

// Action is a step of a process. With is the value that it writes or the process that it takes, if there is a choice,
// and otherwise 0.
type Action struct {
	Process int
	Goes    bool // it moves to the next place; otherwise it stays, or repeats a loop
	With    int
}

// Initial returns every state that satisfies the invariant.
func (c Config) Initial() (all []State) {
	s := State{
		At: make([]Place, c.Processes), Num: make([]int8, c.Processes), Flag: make([]bool, c.Processes),
		Unchecked: make([]tla.Set, c.Processes), Max: make([]int8, c.Processes), Nxt: make([]int8, c.Processes),
	}
	var fill func(p int)
	fill = func(p int) {
		if p == c.Processes {
			if c.Invariant(s) {
				all = append(all, s.clone())
			}
			return
		}
		for s.At[p] = range Place(places) {
			for s.Num[p] = range int8(c.Numbers + 1) {
				for s.Max[p] = range int8(c.Numbers + 1) {
					for s.Nxt[p] = range int8(c.Processes) {
						for s.Unchecked[p] = range tla.All(c.Processes) + 1 {
							for _, s.Flag[p] = range []bool{false, true} {
								if s.alone(p) {
									fill(p + 1)
								}
							}
						}
					}
				}
			}
		}
	}
	fill(0)
	return all
}

func (s State) clone() State {
	return State{
		slices.Clone(s.At), slices.Clone(s.Num), slices.Clone(s.Flag), slices.Clone(s.Unchecked), slices.Clone(s.Max),
		slices.Clone(s.Nxt),
	}
}

// alone reports whether the part of the invariant about a single process holds.
func (s State) alone(p int) bool {
	at := s.At[p]
	switch {
	case at >= Unflag && at <= Inside && s.Num[p] == 0, (at == Scan || at == Number) && !s.Flag[p]:
		return false
	case at == Wait && int(s.Nxt[p]) == p, (at == Next || at == Wait) && s.Unchecked[p].Has(p):
		return false
	}
	return true
}

// Invariant reports whether the inductive invariant holds.
func (c Config) Invariant(s State) bool {
	for p, at := range s.At {
		if !s.alone(p) {
			return false
		}
		for q := range s.At {
			checked := at == Inside || (at == Next || at == Wait) && !s.Unchecked[p].Has(q)
			if q != p && checked && !s.before(p, q) {
				return false
			}
		}
		if at == Wait {
			q := s.Nxt[p]
			scanned := s.At[q] == Scan && !s.Unchecked[q].Has(p) || s.At[q] == Number
			if scanned && s.Max[q] < s.Num[p] {
				return false
			}
		}
	}
	return true
}

// before reports whether process p precedes q, whatever q does until p has left.
func (s State) before(p, q int) bool {
	if s.Num[p] == 0 {
		return false
	}
	switch s.At[q] {
	case Idle, Flag, Leave:
		return true
	case Scan:
		return s.Unchecked[q].Has(p) || s.Max[q] >= s.Num[p]
	case Number:
		return s.Max[q] >= s.Num[p]
	case Unflag:
		return s.precedes(p, q)
	case Next, Wait:
		return s.precedes(p, q) && s.Unchecked[q].Has(p)
	case Inside:
	}
	return false
}

// precedes reports whether the ticket of p precedes that of q.
func (s State) precedes(p, q int) bool {
	return s.Num[p] < s.Num[q] || s.Num[p] == s.Num[q] && p < q
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) (all []Action) {
	for p := range s.At {
		c.enabled(s, p, func(goes bool, with int) { all = append(all, Action{p, goes, with}) })
	}
	return all
}

// enabled calls f for each enabled action of a process.
func (c Config) enabled(s State, p int, f func(goes bool, with int)) {
	write := func(from, to int, goes bool) {
		for n := from; n <= to; n++ {
			f(goes, n)
		}
	}
	switch at := s.At[p]; at {
	case Idle, Inside:
		f(true, 0)
	case Flag, Unflag:
		f(false, 0)
		f(true, 0)
	case Number:
		write(0, c.Numbers, false)
		write(int(s.Max[p])+1, c.Numbers, true)
	case Leave:
		write(0, c.Numbers, false)
		f(true, 0)
	case Scan, Next:
		if s.Unchecked[p] == 0 {
			f(true, 0)
		}
		for q := range s.At {
			if s.Unchecked[p].Has(q) && (at == Scan || !s.Flag[q]) {
				f(false, q)
			}
		}
	case Wait:
		if q := int(s.Nxt[p]); s.Num[q] == 0 || s.precedes(p, q) {
			f(true, 0)
		}
	}
}

// Next returns the state after an action.
func (c Config) Next(s State, a Action) (State, bool) {
	s = s.clone()
	c.act(s, a)
	return s, true
}

// Each yields what Actions and Next return, without copying the state for each action: it changes the state in place,
// and restores it. This makes a search fast; a model does not need it.
func (c Config) Each(s State, yield func(Action, State)) {
	for p := range s.At {
		at, num, flag, unchecked, most, nxt := s.At[p], s.Num[p], s.Flag[p], s.Unchecked[p], s.Max[p], s.Nxt[p]
		c.enabled(s, p, func(goes bool, with int) {
			a := Action{p, goes, with}
			c.act(s, a)
			yield(a, s)
			s.At[p], s.Num[p], s.Flag[p], s.Unchecked[p], s.Max[p], s.Nxt[p] = at, num, flag, unchecked, most, nxt
		})
	}
}

// InPlace marks a model whose Each changes the state that it is given, and restores it.
func (c Config) InPlace() {}

// act applies an action to a state, in place.
func (c Config) act(s State, a Action) {
	p := a.Process
	others := tla.All(c.Processes).Without(p)
	at := s.At[p]
	if a.Goes {
		s.At[p] = [places]Place{Flag, Scan, Number, Unflag, Next, Inside, Next, Leave, Idle}[at]
	}
	switch at {
	case Idle, Inside:
	case Flag:
		s.Flag[p] = a.Goes || !s.Flag[p]
		if a.Goes {
			s.Unchecked[p], s.Max[p] = others, 0
		}
	case Scan:
		if !a.Goes {
			s.Unchecked[p] = s.Unchecked[p].Without(a.With)
			s.Max[p] = max(s.Max[p], s.Num[a.With])
		}
	case Number, Leave:
		s.Num[p] = int8(a.With)
	case Unflag:
		s.Flag[p] = !a.Goes && !s.Flag[p]
		if a.Goes {
			s.Unchecked[p] = others
		}
	case Next:
		if !a.Goes {
			s.Nxt[p], s.At[p] = int8(a.With), Wait
		}
	case Wait:
		s.Unchecked[p] = s.Unchecked[p].Without(int(s.Nxt[p]))
	}
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("the invariant is inductive", c.Invariant)
	p.Always("mutual exclusion", func(s State) bool {
		inside := 0
		for _, at := range s.At {
			if at == Inside {
				inside++
			}
		}
		return inside <= 1
	})
	p.Sometimes("in the critical section", func(s State) bool { return slices.Contains(s.At, Inside) })
	if err := tla.Between("processes", c.Processes, 1, MaxProcesses); err != nil {
		return nil, err
	}
	return p, tla.Between("as the last number", c.Numbers, 1, MaxNumbers)
}
