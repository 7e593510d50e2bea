package checker

import (
	"errors"
	"slices"
	"time"

	"synod/checker/internal/liveness"
	"synod/checker/internal/memo"
	"synod/internal/offheap"
	"synod/model/statespace"
)

// judgePaths decides the properties of paths, after all states were visited. If a breadth-first search ended at one
// of its limits, it finds violations among the states that were expanded. Timeout, memory limit and interrupts end it
// as they end the search.
func (e *engine) judgePaths(r *Result) {
	ofPaths := func(p statespace.Property) bool { return p.Expect.OfPaths() }
	if !slices.ContainsFunc(e.judge.Properties, ofPaths) || e.deepCut.Load() || r.Engine == "walk" {
		return
	}
	switch stopCause(e.halt.Load()) {
	case running:
	case stopDepth, stopStates:
		if e.left == nil {
			return
		}
	default:
		return
	}
	began := time.Now()
	defer func() { r.Deciding = time.Since(began) }()
	if err := e.decidePaths(r); errors.Is(err, offheap.ErrLimit) {
		e.stop(stopMemory)
	} else if err != nil && !e.isOver() {
		e.failAt(err, nil)
	}
}

// decidePaths decides those properties of paths that are undecided. An error that does not wrap offheap.ErrLimit means
// that the model is not deterministic.
func (e *engine) decidePaths(r *Result) error {
	g, err := e.graph()
	if err != nil {
		return err
	}
	defer g.Close()
	var due []int
	for i, property := range e.judge.Properties {
		if !property.Expect.OfPaths() || e.judge.Decided(i) {
			continue
		}
		if property.Expect != statespace.Quiescent {
			due = append(due, i)
			continue
		}
		if err := e.judgeQuiescence(g, i, &r.Properties[i]); err != nil {
			return err
		}
	}
	for len(due) > 0 && !e.isOver() {
		verdicts, err := g.Decide(due)
		if err != nil {
			return err
		}
		for i, v := range verdicts {
			r.Properties[due[i]].Open = v.Open
			e.violate(due[i], &r.Properties[due[i]], v.Path)
		}
		due = due[len(verdicts):]
	}
	return nil
}

// violate records a path that violates a property, unless it is nil.
func (e *engine) violate(property int, r *PropertyResult, path *statespace.Path) {
	if path != nil {
		r.Path = path
		e.judge.Settle(property)
	}
}

// judgeQuiescence decides a property of terminal states, which the search has collected.
func (e *engine) judgeQuiescence(g *liveness.Graph, property int, r *PropertyResult) error {
	found := stuckStates(e.judge.Ends(property))
	if e.left == nil || len(found.First) > 0 {
		r.Stuck = found
	}
	if len(found.First) == 0 {
		return nil
	}
	path, err := g.PathTo(property, found.First[0])
	e.violate(property, r, path)
	return err
}

// Limits of the decisions, except in tests.
var (
	maxTour  = liveness.MaxTour
	maxEdges = int64(liveness.MaxEdges)
)

// graph returns the transitions between the visited states.
func (e *engine) graph() (*liveness.Graph, error) {
	index, err := e.states.Index()
	if err != nil {
		return nil, err
	}
	paths := e.paths()
	s := &liveness.Search{
		Index: index, Space: e.space, Just: e.units.Just, Initial: e.initial, Left: e.left, Arena: e.states.Arena, Chunks: &e.states.Chunks,
		MaxEdges: maxEdges, MaxTour: maxTour,
		Parallel: e.parallelBy,
		Over:     e.isOver, Room: e.room, Fail: func(err error) { e.failAt(err, nil) }, Aside: e.aside.Store,
		Start: paths.start, Extend: paths.extend,
	}
	for i, property := range e.judge.Properties {
		s.Properties = append(s.Properties, liveness.Property{
			Expect: property.Expect, Holds: askerOf(e.judge.Holds(i)), When: askerOf(e.judge.When(i)),
		})
	}
	for _, w := range e.workers {
		s.Workers = append(s.Workers, &again{w: w, cuts: make([]uint16, 0, batchLength)})
	}
	return liveness.New(s)
}

func askerOf(p *memo.Function) func(*statespace.Reading) liveness.Asker {
	return func(reading *statespace.Reading) liveness.Asker { return memo.NewAsker(p, reading).Holds }
}

// again is a worker that examines visited states once more.
type again struct {
	w    *worker
	cuts []uint16
}

// Expand implements liveness.Worker.
func (a *again) Expand(batch []uint64, into *liveness.Expansion) bool {
	w := a.w
	w.labelling, w.cutLabels, w.cutFrom = w.e.units.Just != nil, w.cutLabels[:0], a.cuts[:0]
	ok := w.expand(batch)
	a.cuts, w.cutFrom, w.labelling = w.cutFrom, nil, false
	*into = liveness.Expansion{
		Successors: w.successors, Sources: w.sources, Labels: w.labels, CutFrom: a.cuts, CutLabels: w.cutLabels,
	}
	return ok
}

// Inspect implements liveness.Worker.
func (a *again) Inspect(batch []uint64, f func(i int, state []statespace.PartID) error) bool {
	return a.w.inspect(batch, f)
}

// Pack implements liveness.Worker.
func (a *again) Pack(state []statespace.PartID) uint64 { return a.w.pack(state) }
