package reference

// Expectation is what a property requires of the reachable states.
type Expectation uint8

const (
	// Always requires that every reachable state satisfies the predicate.
	Always Expectation = iota
	// Sometimes requires that some reachable state does.
	Sometimes
)

// Property is a predicate on states with its expectation.
type Property[S any] struct {
	Name   string
	Expect Expectation
	Holds  func(S) bool
}

// Model is the input of Search.
type Model[S any] struct {
	Initial    []S
	Next       func(S) []S    // one successor per transition, with repeats; must not modify its argument
	Key        func(S) string // equal states, and only they, have equal keys
	Properties []Property[S]
	Inside     func(S) bool // the boundary, nil for none; states outside are not counted
}

// FinishWhen describes when a search may end before it is exhausted.
type FinishWhen uint8

const (
	// Decided ends a search once every property is violated or has its example.
	Decided FinishWhen = iota
	// FirstViolation ends a search at the first violation of an always property.
	FirstViolation
	// Exhausted never ends a search early.
	Exhausted
)

// Options limit a search. Zero means no limit. Every search ends at the end of a level.
type Options struct {
	FinishWhen FinishWhen
	MaxDepth   int // states of this depth are judged, not expanded; an initial state has depth 1
	MaxStates  int // the search ends after the level that reaches it
}

// Verdict is the result of a search for a property.
type Verdict string

// The verdicts. Holds and Never require an exhausted space.
const (
	Undecided Verdict = "undecided"
	Holds     Verdict = "holds"
	Violated  Verdict = "violated"
	Example   Verdict = "example"
	Never     Verdict = "never"
)

// Decision is the verdict on a property.
type Decision struct {
	Name    string
	Verdict Verdict
	Length  int // states on a shortest path to the violation or example, 0 if there is none
}

// Level counts the states that were first reached at one depth.
type Level struct {
	Unique    int
	Generated int // in all, up to this level
}

// Result is the result of a search.
type Result struct {
	Unique, Generated, Depth int
	Cut                      int // transitions outside the boundary
	Exhausted                bool
	Frontier                 int // states left to expand
	Levels                   []Level
	Decisions                []Decision // in the order of the properties
}

// Search explores a model breadth first.
func Search[S any](m Model[S], o Options) Result {
	s := search[S]{Model: m, seen: make(map[string]S)}
	for _, p := range m.Properties {
		s.Decisions = append(s.Decisions, Decision{Name: p.Name, Verdict: Undecided})
	}
	for _, state := range m.Initial {
		if s.inside(state) {
			s.reach(state)
		}
	}
	for depth := 1; ; depth++ {
		level := s.next
		s.next = nil
		if len(level) == 0 {
			s.Exhausted = true
			break
		}
		s.Depth, s.Unique, s.Frontier = depth, len(s.seen), len(level)
		s.Levels = append(s.Levels, Level{Unique: len(level), Generated: s.Generated})
		s.judge(level, depth)
		if s.enough(o, depth) {
			break
		}
		for _, state := range level {
			for _, next := range m.Next(state) {
				if !s.inside(next) {
					s.Cut++
					continue
				}
				s.reach(next)
			}
		}
		s.Frontier = 0
	}
	s.conclude()
	return s.Result
}

type search[S any] struct {
	Model[S]
	Result
	seen map[string]S
	next []S // first reached at the level after the one being expanded
}

func (s *search[S]) inside(state S) bool { return s.Inside == nil || s.Inside(state) }

// reach counts a state, and stores it if it is new.
func (s *search[S]) reach(state S) {
	s.Generated++
	key := s.Key(state)
	if _, known := s.seen[key]; !known {
		s.seen[key] = state
		s.next = append(s.next, state)
	}
}

// judge decides the properties that some state of a level decides.
func (s *search[S]) judge(level []S, depth int) {
	for i, p := range s.Properties {
		d := &s.Decisions[i]
		for _, state := range level {
			if d.Verdict == Undecided && p.Holds(state) == (p.Expect == Sometimes) {
				d.Length = depth
				d.Verdict = Violated
				if p.Expect == Sometimes {
					d.Verdict = Example
				}
			}
		}
	}
}

// enough reports whether the search ends after a level that is not empty.
func (s *search[S]) enough(o Options, depth int) bool {
	decided, violated := len(s.Decisions) > 0, false
	for _, d := range s.Decisions {
		decided = decided && d.Verdict != Undecided
		violated = violated || d.Verdict == Violated
	}
	return o.FinishWhen == Decided && decided ||
		o.FinishWhen == FirstViolation && violated ||
		o.MaxDepth > 0 && depth >= o.MaxDepth ||
		o.MaxStates > 0 && s.Unique >= o.MaxStates
}

// conclude decides the undecided properties if the space is exhausted.
func (s *search[S]) conclude() {
	for i, p := range s.Properties {
		d := &s.Decisions[i]
		switch {
		case !s.Exhausted || d.Verdict != Undecided:
		case p.Expect == Always:
			d.Verdict = Holds
		default:
			d.Verdict = Never
		}
	}
}
