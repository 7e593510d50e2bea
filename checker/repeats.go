package checker

import "synod/trace"

// Traces returns the traces of all discoveries, in the order of the properties. Call it before Close.
func (r *Result) Traces() []trace.Trace {
	var all []trace.Trace
	for _, p := range r.Properties {
		if t := r.Trace(p); t != nil {
			all = append(all, *t)
		}
	}
	return all
}

// Trace returns the trace of a discovery, or nil if there is no path. Call it before Close.
func (r *Result) Trace(p PropertyResult) *trace.Trace {
	if p.Path == nil || r.engine == nil {
		return nil
	}
	kind := trace.Example
	if p.Verdict == Violated {
		kind = trace.Violation
	}
	t := trace.New(r.engine.shown(), p.Name, kind, *p.Path)
	t.Note = p.Why
	return &t
}

// Repeats describes which parts of a result are the same in every run of the same check.
type Repeats struct{ Counts, Depth, Work, Traces bool }

// Repeats returns which parts of the result are the same in every run.
func (r *Result) Repeats() Repeats {
	if r.engine == nil || r.Err != nil {
		return Repeats{}
	}
	early := false
	switch r.cause {
	case stopTime, stopMemory, stopInterrupt, stopError:
		return Repeats{}
	case stopDecided, stopViolated, stopDepth, stopStates, stopRefuted:
		early = true
	case running:
	}
	switch {
	case r.Engine == "walk": // Walks that all might have ended early count as ended early: some runs do.
		return Repeats{Counts: !early && !r.AtLeast && r.Walks >= r.Options.Walks, Depth: true, Traces: true}
	case r.Engine == "dfs" && r.Workers > 1:
		return Repeats{Counts: !early}
	}
	return Repeats{Counts: true, Depth: true, Work: true, Traces: true}
}
