// Package report presents a result: as a document for programs, and as tables of what the states consist of and of
// how the search used the model.
package report

import (
	"time"

	"synod/checker"
	"synod/model/statespace"
	"synod/trace"
)

// DocumentSchema names the JSON format of Document. It changes with every change that an older reader would
// misunderstand; new keys do not change it.
const DocumentSchema = "synod.check/1"

// Document is a result as data for programs, independent of the search. Everything that may differ between two runs
// of the same check is in Runtime, and nothing else is.
//
// Whether counts, work and traces may differ depends on the search. If timeout, memory limit, interrupt or an error
// ended it, they do; they are then in Runtime.Partial, and Counts are those of the complete levels, if the search was
// breadth-first. The work of random walks, and of a depth-first search by several workers, differs, since a property
// is judged until it is decided; for the latter, traces and depth differ too. If either ends early, because of a
// discovery or a limit, so do the counts.
type Document struct {
	Schema     string             `json:"schema"`
	Engine     string             `json:"engine"`          // bfs, dfs or walk
	Model      *ModelDocument     `json:"model,omitempty"` // set by the caller
	Options    optionsDocument    `json:"options"`
	Exit       int                `json:"exit"` // the exit code
	Error      string             `json:"error,omitempty"`
	Stack      string             `json:"stack,omitempty"`    // of the model, if it panicked; see Result.Stack
	Exhausted  bool               `json:"exhausted"`          // every reachable state within the boundary was visited
	Stopped    string             `json:"stopped,omitempty"`  // which limit or condition ended the search
	Bounded    bool               `json:"bounded"`            // the model has a boundary
	Budgets    []budgetDocument   `json:"budgets,omitempty"`  // bounds on faults, within which every verdict holds
	Notes      []string           `json:"notes,omitempty"`    // sentences on what the verdicts mean
	Properties []propertyDocument `json:"properties"`         // in the order of the model
	Reduced    *reducedDocument   `json:"reduced,omitempty"`  // absent if the search was not reduced
	Symmetry   *symmetryDocument  `json:"symmetry,omitempty"` // absent if the search did not use symmetry
	Counts     *countsDocument    `json:"counts,omitempty"`
	Levels     []levelDocument    `json:"levels,omitempty"` // complete levels of a breadth-first search
	Work       *workDocument      `json:"work,omitempty"`
	Runtime    RuntimeDocument    `json:"runtime"`
}

// ModelDocument describes the model checked, in terms of a caller that builds models by name.
type ModelDocument struct {
	Name       string         `json:"name"`
	Parameters map[string]int `json:"parameters,omitempty"`
	Network    string         `json:"network,omitempty"`
	Lossy      bool           `json:"lossy"`
	Mutant     string         `json:"mutant,omitempty"`
	Budgets    map[string]int `json:"budgets,omitempty"` // as requested
	Fair       string         `json:"fair,omitempty"`    // as requested
}

// optionsDocument describes the options of the search. An absent limit was not set.
type optionsDocument struct {
	FinishWhen  string        `json:"finish_when"`
	Reduce      string        `json:"reduce,omitempty"`   // letters or all
	Symmetry    bool          `json:"symmetry,omitempty"` // symmetry was requested, see Options.Symmetry
	Strict      bool          `json:"strict,omitempty"`   // a partly vacuous search fails the check
	MaxDepth    int           `json:"max_depth,omitempty"`
	MaxStates   int           `json:"max_states,omitempty"`
	Timeout     float64       `json:"timeout_seconds,omitempty"`
	MemoryLimit int64         `json:"memory_limit_bytes,omitempty"`
	Seed        *uint64       `json:"seed,omitempty"` // of random walks only, like Walks and WalkDepth
	Walks       int           `json:"walks,omitempty"`
	WalkDepth   int           `json:"walk_depth,omitempty"`
	From        *fromDocument `json:"from,omitempty"` // absent if the search began in an initial state
}

// fromDocument describes the path at whose end a search began. Counts and depths are relative to its end; traces are
// not.
type fromDocument struct {
	Steps       int    `json:"steps"`
	Fingerprint string `json:"fingerprint"` // of the last state
}

// propertyDocument is a property with its verdict, and the trace of its discovery, if there is one that is the same
// in every run.
type propertyDocument struct {
	Name    string       `json:"name"`
	Expect  string       `json:"expect"`  // as returned by statespace.Expectation.String
	Verdict string       `json:"verdict"` // as returned by Verdict.String
	Trace   *trace.Trace `json:"trace,omitempty"`
	// Minimised describes how the trace was shortened; absent unless requested.
	Minimised *minimisedDocument `json:"minimised,omitempty"`

	Fairness string         `json:"fairness,omitempty"` // none or assumed, for eventually and leads to
	Fair     []string       `json:"fair,omitempty"`     // the fairness assumed, such as weak deliveries
	Open     int            `json:"open,omitempty"`     // see PropertyResult
	Stuck    *stuckDocument `json:"stuck,omitempty"`    // for quiescent, if it was decided
}

// stuckDocument describes the terminal states that violate a property.
type stuckDocument struct {
	Terminal int             `json:"terminal"` // all terminal states
	Count    int             `json:"count"`    // terminal states that violate it
	First    []trace.Initial `json:"first"`    // the least violating states in content order, at most ListedStuck
}

// minimisedDocument describes how a trace was shortened.
type minimisedDocument struct {
	From     int  `json:"from_steps"`         // number of steps of the original path
	Shortest bool `json:"shortest,omitempty"` // proven: no shorter path exists
}

// countsDocument describes the extent of the search.
type countsDocument struct {
	Generated int  `json:"generated"`          // initial states and successors computed within the boundary, with repeats
	Unique    int  `json:"unique"`             // distinct states
	AtLeast   bool `json:"at_least,omitempty"` // walks reached more distinct states than memory could distinguish
	Depth     int  `json:"depth,omitempty"`
	Frontier  int  `json:"frontier"` // states left to expand
	Cut       int  `json:"cut"`      // transitions cut by the boundary
	Walks     int  `json:"walks,omitempty"`
}

// reducedDocument describes what a reduced search left out of states, and its cost.
type reducedDocument struct {
	Letters  bool     `json:"letters"`        // messages that are always ignored were left out
	States   bool     `json:"states"`         // parts of local states were left out
	Kept     []string `json:"kept,omitempty"` // types of messages that were kept nonetheless
	Visited  int      `json:"visited"`        // distinct states of all searches, including abandoned ones
	Restarts int      `json:"restarts"`       // number of times the search restarted
	Audited  int      `json:"audited"`        // handler calls that prove the rest irrelevant
	Proved   bool     `json:"proved"`         // all that was left out was proved irrelevant
}

// symmetryDocument describes the symmetry by which states were identified.
type symmetryDocument struct {
	Groups   []string `json:"groups"`   // the interchangeable parts
	Order    int      `json:"order"`    // number of permutations
	Compared int      `json:"compared"` // calls of handlers and observers compared with those for two parts exchanged
	Proved   bool     `json:"proved"`   // all comparisons succeeded
}

// levelDocument counts the states that were first reached at one depth; the first is depth 1.
type levelDocument struct {
	Unique    int `json:"unique"`
	Generated int `json:"generated"` // in all, before the level
}

// workDocument describes computations that were made once and reused for many states.
type workDocument struct {
	HandlerCalls int                  `json:"handler_calls"` // distinct calls
	Evaluations  []evaluationDocument `json:"evaluations"`   // of properties, in their order
	Slots        []slotDocument       `json:"slots"`         // in the order of the model
	Coverage     []coverageDocument   `json:"coverage,omitempty"`
	Vacuous      []vacuityDocument    `json:"vacuous,omitempty"`
	Guards       []guardDocument      `json:"guards,omitempty"`
	Unguarded    []string             `json:"unguarded,omitempty"` // actors whose own value could not be guarded
	Profile      *profileDocument     `json:"profile,omitempty"`
}

// budgetDocument is a bound on an event in the states searched.
type budgetDocument struct {
	Name  string `json:"name"` // what is counted, such as "down at once" or "crashes"
	Limit int    `json:"limit"`
}

// evaluationDocument counts the distinct evaluations of a property.
type evaluationDocument struct {
	Property string `json:"property"`
	Count    int    `json:"count"`
	AtLeast  bool   `json:"at_least,omitempty"` // further ones were not counted
}

// slotDocument counts the distinct contents of a slot.
type slotDocument struct {
	Name  string         `json:"name"`
	Parts int            `json:"parts"`
	Of    map[string]int `json:"of,omitempty"` // sub-contents: local states, mailboxes …
}

// coverageDocument counts, for an actor and a message type, the distinct pairs of a local state and a message of the
// type.
type coverageDocument struct {
	Actor     string `json:"actor"`
	Message   string `json:"message"`
	Delivered int    `json:"delivered"`
	Ignored   int    `json:"ignored"`
}

// vacuityDocument describes a handler, a timer or a message without effect, or something in a property that holds
// that was never tested.
type vacuityDocument struct {
	Property string `json:"property,omitempty"`
	Actor    string `json:"actor,omitempty"`
	Event    string `json:"event,omitempty"`
	Why      string `json:"why"`
}

// guardDocument counts the distinct calls of a part of the model, and the least number of them that were repeated to
// compare the answers.
type guardDocument struct {
	Part  string `json:"part"`
	Calls int    `json:"calls"`
	Twice int    `json:"twice"`
	// Repeats is the least number of all calls beyond the first of each.
	Repeats int `json:"repeats"`
}

// profileDocument describes why the space is as large as it is; see Profile.
type profileDocument struct {
	Lately int                   `json:"lately_from_depth,omitempty"` // see Profile
	Slots  []slotProfileDocument `json:"slots"`                       // in the order of the model
}

// slotProfileDocument describes the distinct contents of a slot.
type slotProfileDocument struct {
	Name      string                 `json:"name"`
	Parts     growthDocument         `json:"parts"`
	Local     *growthDocument        `json:"local,omitempty"`
	Mailboxes *growthDocument        `json:"mailboxes,omitempty"`
	Fields    []fieldProfileDocument `json:"fields,omitempty"` // of local states
	Dense     bool                   `json:"dense,omitempty"`  // at least half as many contents as states
}

// fieldProfileDocument describes the distinct values of a field.
type fieldProfileDocument struct {
	Name    string         `json:"name"`
	Values  growthDocument `json:"values"`
	AtLeast bool           `json:"at_least,omitempty"` // there are more, not counted
}

// growthDocument counts distinct values. LastNew is the depth of the last new one; Lately counts the recent ones.
type growthDocument struct {
	Count   int `json:"count"`
	LastNew int `json:"last_new_depth,omitempty"`
	Lately  int `json:"new_lately,omitempty"`
}

// RuntimeDocument contains everything that may differ between runs.
type RuntimeDocument struct {
	Seconds         float64          `json:"seconds"`
	DecidingSeconds float64          `json:"deciding_seconds,omitempty"` // part of Seconds, for the properties of paths
	StatesPerSecond float64          `json:"states_per_second"`          // generated states
	MemoryBytes     int64            `json:"memory_bytes"`
	Workers         int              `json:"workers"`
	Partial         *PartialDocument `json:"partial,omitempty"`
}

// PartialDocument contains the parts of a document that may differ between runs; otherwise they are in Document
// itself.
type PartialDocument struct {
	Counts *countsDocument `json:"counts,omitempty"`
	Depth  int             `json:"depth,omitempty"` // if only the depth may differ
	Work   *workDocument   `json:"work,omitempty"`
	Traces []trace.Trace   `json:"traces,omitempty"`
}

// Of returns a result as a Document. Call it before Close.
func Of(r *checker.Result) Document {
	d := Document{
		Schema: DocumentSchema, Engine: r.Engine, Options: options(r.Options, r.Engine), Exit: r.ExitCode(),
		Exhausted: r.Exhausted, Stopped: r.Stopped, Bounded: r.Bounded,
		Notes:      r.Notes,
		Properties: []propertyDocument{},
		Runtime: RuntimeDocument{
			Seconds: r.Elapsed.Seconds(), StatesPerSecond: rate(r.Generated, r.Elapsed), MemoryBytes: r.Memory,
			DecidingSeconds: r.Deciding.Seconds(), Workers: r.Workers,
		},
	}
	if red := r.Reduced; red != nil {
		d.Reduced = &reducedDocument{
			Letters: red.Letters, States: red.Forgotten, Kept: red.Kept, Visited: red.Visited, Restarts: red.Restarts,
			Audited: red.Calls, Proved: r.Audited(),
		}
	}
	if s := r.Symmetry; s != nil {
		d.Symmetry = &symmetryDocument{Groups: s.Groups, Order: s.Order, Compared: s.Calls, Proved: r.Audited()}
	}
	for _, b := range r.Space.Budgets {
		d.Budgets = append(d.Budgets, budgetDocument(b))
	}
	for _, l := range r.Levels {
		d.Levels = append(d.Levels, levelDocument(l))
	}
	if r.Err != nil {
		d.Error, d.Stack = r.Err.Error(), r.Stack()
	}
	counts := &countsDocument{
		Generated: r.Generated, Unique: r.Unique, AtLeast: r.AtLeast, Depth: r.Depth, Frontier: r.Frontier, Cut: r.Cut,
		Walks: r.Walks,
	}
	var partial PartialDocument
	same := r.Repeats()
	if same.Counts {
		if !same.Depth {
			partial.Depth, counts.Depth = counts.Depth, 0
		}
		d.Counts = counts
	} else {
		partial.Counts = counts
		d.Counts = complete(r)
	}
	if same.Work {
		d.Work = work(r)
	} else {
		partial.Work = work(r)
	}
	for _, p := range r.Properties {
		pd := property(r, p)
		if t := r.Trace(p); t != nil {
			if same.Traces {
				pd.Trace = t
			} else {
				partial.Traces = append(partial.Traces, *t)
			}
			pd.Minimised = (*minimisedDocument)(p.Minimised)
		}
		d.Properties = append(d.Properties, pd)
	}
	if same != (checker.Repeats{Counts: true, Depth: true, Work: true, Traces: true}) {
		d.Runtime.Partial = &partial
	}
	return d
}

// property returns the document of a property without its trace.
func property(r *checker.Result, p checker.PropertyResult) propertyDocument {
	d := propertyDocument{Name: p.Name, Expect: p.Expect.String(), Verdict: p.Verdict.String(), Open: p.Open}
	if p.Expect == statespace.Eventually || p.Expect == statespace.LeadsTo {
		d.Fairness = "none"
		for _, c := range r.Fairness {
			d.Fair = append(d.Fair, c.String())
		}
		if len(d.Fair) > 0 {
			d.Fairness = "assumed"
		}
	}
	if p.Stuck != nil && r.Model() != nil {
		d.Stuck = &stuckDocument{Terminal: p.Stuck.Terminal, Count: p.Stuck.Count, First: []trace.Initial{}}
		for _, state := range p.Stuck.First {
			d.Stuck.First = append(d.Stuck.First, trace.StateOf(r.Model(), state))
		}
	}
	return d
}

// complete returns the counts of the complete levels, or nil if there are none.
func complete(r *checker.Result) *countsDocument {
	if len(r.Levels) == 0 {
		return nil
	}
	c := &countsDocument{Depth: len(r.Levels)}
	for _, l := range r.Levels {
		c.Unique += l.Unique
		c.Generated, c.Frontier = l.Generated, l.Unique
	}
	return c
}

func work(r *checker.Result) *workDocument {
	w := &workDocument{
		HandlerCalls: r.Space.HandlerCalls, Evaluations: []evaluationDocument{}, Slots: []slotDocument{},
	}
	for _, p := range r.Properties {
		w.Evaluations = append(w.Evaluations, evaluationDocument{p.Name, p.Evaluations, p.AtLeast})
	}
	for _, s := range r.Space.Slots {
		w.Slots = append(w.Slots, slotDocument(s))
	}
	for _, c := range r.Space.Coverage {
		w.Coverage = append(w.Coverage, coverageDocument(c))
	}
	for _, v := range r.Space.Vacuous {
		w.Vacuous = append(w.Vacuous, vacuityDocument(v))
	}
	for _, g := range r.Space.Guards {
		w.Guards = append(w.Guards, guardDocument(g))
	}
	w.Unguarded = r.Space.Opaque
	w.Profile = profile(r.Profile())
	return w
}

func profile(p checker.Profile) *profileDocument {
	if len(p.Slots) == 0 {
		return nil
	}
	d := &profileDocument{Lately: p.Lately}
	for _, s := range p.Slots {
		sd := slotProfileDocument{Name: s.Name, Parts: growthDocument(s.Parts), Dense: s.Dense}
		if s.Local.Count > 0 {
			sd.Local = (*growthDocument)(&s.Local)
		}
		if s.Mailboxes.Count > 0 {
			sd.Mailboxes = (*growthDocument)(&s.Mailboxes)
		}
		for _, f := range s.Fields {
			sd.Fields = append(sd.Fields, fieldProfileDocument{f.Name, growthDocument(f.Values), f.AtLeast})
		}
		d.Slots = append(d.Slots, sd)
	}
	return d
}

func options(o checker.Options, engine string) optionsDocument {
	d := optionsDocument{
		FinishWhen: o.FinishWhen.String(), Strict: o.Strict, MaxDepth: o.MaxDepth, MaxStates: o.MaxStates, Timeout: o.Timeout.Seconds(),
		MemoryLimit: o.MemoryLimit,
	}
	if o.Reduce != statespace.Full {
		d.Reduce = o.Reduce.String()
	}
	d.Symmetry = o.Symmetry
	if o.From != nil {
		d.From = &fromDocument{Steps: len(o.From.Steps), Fingerprint: o.From.Last()}
	}
	if engine == "walk" {
		d.Seed, d.Walks, d.WalkDepth = &o.Seed, o.Walks, o.WalkDepth
	}
	return d
}

// rate returns n per second.
func rate(n int, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return float64(n) / elapsed.Seconds()
}
