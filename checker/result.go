package checker

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"synod/model/statespace"
)

// Verdict is the result of a search for a property. Only Violated and Example are reported after a limit: a search
// that stopped early never reports that a property holds, or that an example does not exist.
type Verdict uint8

// The verdicts. Holds and Never require an exhausted space; NotRefuted and NotSeen are those of random walks.
const (
	Undecided Verdict = iota
	Holds
	Violated
	Example
	Never
	NotRefuted
	NotSeen
)

var verdictNames = [...]string{"undecided", "holds", "violated", "example", "never", "not refuted", "not seen"}

// String returns the verdict in words.
func (v Verdict) String() string { return verdictNames[v] }

// Exit codes for a process that runs a check.
const (
	ExitOK        = 0 // every property as wanted, and the space exhausted or nothing left to decide
	ExitViolated  = 1 // a property is violated, an example never occurs, or a strict check is partly vacuous
	ExitUsage     = 2 // a usage error, or an invalid model
	ExitUndecided = 3 // a limit ended the search
)

// PropertyResult is a property with its verdict.
type PropertyResult struct {
	Name        string
	Expect      statespace.Expectation
	Verdict     Verdict
	Path        *statespace.Path // to a violating state or an example, from an initial state of the model, or nil
	Minimised   *Minimised       // how the path was shortened; nil unless Minimise was called
	Evaluations int              // distinct evaluations: states that agree on what the property reads share one
	AtLeast     bool             // further evaluations were not counted
	// Open counts, for eventually and leads to, the states on paths that may violate the property whose transitions were
	// cut by the boundary, or which a limit kept from being expanded. If it is not 0 the property cannot hold.
	Open  int
	Stuck *StuckStates // for quiescence properties; nil if not decided
	Why   string       // what the path shows, in words; empty if its last state shows it

	left     bool // not decided in searches of this kind
	unproven bool // the discovery of a reduced search could not be verified in the full space
}

// Level counts the states that were first reached at one depth.
type Level struct {
	Unique    int // states first reached at this level
	Generated int // initial states and successors computed before this level
}

// Result is the result of a search.
type Result struct {
	Engine     string // "bfs", "dfs" or "walk"
	Options    Options
	Err        error            // why the check could not start, or was aborted; else nil
	Failure    *statespace.Path // path to the state in which Err occurred, if known
	Properties []PropertyResult
	Fairness   []statespace.Condition // fairness assumed of paths; empty unless a property depends on it
	Generated  int                    // initial states and successors computed within the boundary, with repeats
	Unique     int                    // distinct states
	AtLeast    bool                   // walks reached more distinct states than memory could distinguish
	Depth      int                    // see the drivers
	Cut        int                    // transitions cut by the boundary
	Bounded    bool
	Exhausted  bool                   // every reachable state within the boundary was visited; false for walks
	Stopped    string                 // what ended the search; empty if it was exhausted, or completed all walks
	Frontier   int                    // states left to expand
	Levels     []Level                // of a breadth-first search
	Walks      int                    // random walks finished
	Notes      []string               // sentences on what the verdicts mean
	Space      statespace.SpaceReport // with the guards of properties
	Elapsed    time.Duration
	Deciding   time.Duration // part of Elapsed spent on properties of paths, after all states were visited
	Memory     int64         // bytes in use at the end
	Workers    int

	Reduced  *Reduced  // nil if the search was not reduced
	Symmetry *Symmetry // nil if states were not identified by symmetry

	unaudited bool // the space is reduced, and not everything left out was verified
	engine    *engine
	cause     stopCause
	growth    growth
	most      int // the most distinct states in one set of tables
}

func newResult(engine string, o Options) *Result {
	return &Result{Engine: engine, Options: o}
}

// announce adds the properties, undecided.
func (r *Result) announce(e *engine) {
	r.Fairness = statespace.FairnessOf(e.space)
	for _, p := range e.space.Properties() {
		r.Properties = append(r.Properties, PropertyResult{Name: p.Name, Expect: p.Expect})
	}
}

// fail records the path to the state in which an error occurred.
func (r *Result) fail(e *engine, states [][]statespace.PartID) {
	e.results.Lock()
	defer e.results.Unlock()
	if path, err := e.paths().along(states); err == nil && r.Failure == nil {
		r.Failure = path
	}
}

// Stack returns the functions of the model that were active when one of them panicked, innermost first, each with its
// file and line. It is empty if Err has another cause.
func (r *Result) Stack() string {
	for err := r.Err; err != nil; {
		var impure *statespace.ImpureError
		if !errors.As(err, &impure) {
			break
		}
		if impure.Stack != "" {
			return impure.Stack
		}
		err = impure.Cause
	}
	return ""
}

// ExitCode returns the exit code for a process that ran the check.
func (r *Result) ExitCode() int {
	if r.Err != nil {
		return ExitUsage
	}
	code := ExitOK
	nothing := r.Engine == "walk" && r.Walks == 0 // Without a walk, no verdict was reached.
	if !r.Exhausted && r.cause != stopDecided && (r.Engine != "walk" || nothing) {
		code = ExitUndecided
	}
	for _, p := range r.Properties {
		switch p.Verdict {
		case Violated, Never:
			return ExitViolated
		case Undecided, NotSeen:
			code = ExitUndecided
		case Holds, Example, NotRefuted:
		}
	}
	if r.Options.Strict && code == ExitOK && len(r.Vacuous()) > 0 {
		return ExitViolated
	}
	return code
}

// Audited reports whether everything left out of the states was proved irrelevant. It returns true if nothing was
// left out.
func (r *Result) Audited() bool { return !r.unaudited }

// Model returns the space that the paths of the result belong to, or nil if Err kept the search from starting. The
// space is valid until Close.
func (r *Result) Model() statespace.Space {
	if r.engine == nil {
		return nil
	}
	return r.engine.shown()
}

// States iterates over the visited states, in no particular order; with Options.Symmetry, over one representative of
// each class of states. A state is valid until the next one, and the iterator until Close.
func (r *Result) States() iter.Seq[[]statespace.PartID] {
	return func(yield func([]statespace.PartID) bool) {
		e := r.engine
		if e == nil {
			return
		}
		e.states.Each(func(state []statespace.PartID) bool { return yield(e.unreduced(state)) })
	}
}

// Close frees the tables of the search. Paths and states must not be used afterwards.
func (r *Result) Close() {
	if r.engine != nil {
		r.engine.close()
		r.engine = nil
	}
}

// stoppedBy returns a text for what ended a search.
func stoppedBy(c stopCause, o Options) string {
	switch c {
	case stopDecided:
		return "every property is decided"
	case stopViolated:
		return "a property is violated"
	case stopDepth:
		return fmt.Sprintf("the depth limit of %d", o.MaxDepth)
	case stopStates:
		return fmt.Sprintf("the limit of %d states", o.MaxStates)
	case stopTime:
		return fmt.Sprintf("the timeout of %v", o.Timeout)
	case stopMemory:
		if o.MemoryLimit == 0 {
			return "the memory of the machine"
		}
		return "the memory limit"
	case stopInterrupt:
		return "an interrupt"
	case stopRefuted:
		return "a wrong guess"
	case stopError:
		return "an error"
	case running:
	}
	return ""
}

// conclude derives the verdicts from the state of the engine.
func (e *engine) conclude(r *Result) {
	r.engine = e
	cause := stopCause(e.halt.Load())
	if cause == running && e.deepCut.Load() {
		cause = stopDepth
	}
	if r.Engine == "walk" && cause == running && e.enoughWalks() {
		cause = stopDecided
		if e.options.FinishWhen == FirstViolation {
			cause = stopViolated
		}
	}
	r.Exhausted = cause == running && r.Engine != "walk"
	r.unaudited = e.reduction != nil && !e.reduction.sound
	e.tellSymmetry(r)
	r.cause, r.Stopped = cause, stoppedBy(cause, e.options)
	r.Generated, r.Unique, r.Cut = e.generated(), max(e.states.Len(), r.most), e.cuts()
	r.Bounded = e.inside != nil
	r.Levels = e.levels
	r.Depth = int(e.depth.Load())
	r.Frontier = int(e.waiting.Load())
	r.Workers = len(e.workers)
	if r.Exhausted {
		r.Frontier = 0
		if n := len(r.Levels); n > 0 && r.Levels[n-1].Unique == 0 {
			r.Levels = r.Levels[:n-1]
			r.Depth = n - 1
		}
	}
	if f := e.failure.Load(); f != nil {
		r.Err = f.err
	} else if err := e.space.Audit(); err != nil {
		r.Err = err
	}
	for i := range r.Properties {
		p := &r.Properties[i]
		p.Evaluations, p.AtLeast = e.judge.Evaluations(i)
		p.Verdict = verdict(p, r)
		if p.Path != nil && p.Expect == statespace.Refines && e.reduction == nil {
			p.Why = e.refiningOf(i).Explain(p.Path)
		}
	}
	e.show(r)
	r.Space = e.space.Report()
	if r.Exhausted && r.Err == nil {
		holds := func(i int) bool { return r.Properties[i].Verdict == Holds }
		r.Space.Vacuous = append(r.Space.Vacuous, e.judge.Vacuities(holds, called)...)
	}
	r.Notes = append(r.Notes, r.Space.Notes...)
	r.Space.Guards = append(r.Space.Guards, e.judge.Guards()...)
	r.Memory = e.memory()
	r.Elapsed = time.Since(e.started)
}

func verdict(p *PropertyResult, r *Result) Verdict {
	always, walk := p.Expect != statespace.Sometimes, r.Engine == "walk"
	switch {
	case p.Path != nil && always:
		return Violated
	case p.Path != nil:
		return Example
	case walk && r.Walks == 0:
		return Undecided
	case walk && always:
		return NotRefuted
	case walk:
		return NotSeen
	case !r.Exhausted || r.Err != nil || p.Open > 0 || p.unproven || p.left || r.unaudited:
		return Undecided
	case always:
		return Holds
	}
	return Never
}
