package checker

import (
	"slices"
	"sync/atomic"
	"time"

	"synod/model/statespace"
)

// judgePaths decides the properties of paths, after all states were visited. If a breadth-first search ended at one
// of its limits, it finds violations among the states that were expanded. Timeout, memory limit and interrupts end it
// as they end the search.
func (e *engine) judgePaths(r *Result) {
	ofPaths := func(p statespace.Property) bool { return p.Expect.OfPaths() }
	if !slices.ContainsFunc(e.judge.properties, ofPaths) || e.deepCut.Load() || r.Engine == "walk" {
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
	s, err := e.newSurvey(e.left)
	if err != nil {
		e.stop(stopMemory)
		return
	}
	defer s.free()
	var due []int
	for i, property := range e.judge.properties {
		if property.Expect.OfPaths() && !e.judge.decided[i].Load() {
			due = append(due, i)
		}
	}
	for len(due) > 0 && !s.over() {
		n, err := s.judgeSome(due, r.Properties)
		if err != nil && !s.over() {
			e.failAt(err, nil)
		}
		for _, i := range due[:n] {
			if r.Properties[i].Path != nil {
				e.judge.settle(i)
			}
		}
		due = due[n:]
	}
}

// judgeSome decides the first properties of due, and returns how many. Each property's cycles are searched for by one
// surveyor, so it takes as many properties as there are surveyors, if there is room for the marks of each. An error
// before time or memory is exhausted means that the model is not deterministic.
func (s *survey) judgeSome(due []int, results []PropertyResult) (n int, err error) {
	var some []*pursuit
	defer func() {
		for _, p := range some {
			p.free()
			s.freeSeeds(p.property)
		}
	}()
	for n < min(len(due), len(s.of)) && (n == 0 || s.hasRoom()) && !s.over() {
		property := due[n]
		n++
		if s.e.judge.properties[property].Expect == statespace.Quiescent {
			if err := s.judgeQuiescence(property, &results[property]); err != nil {
				return n, err
			}
			continue
		}
		if err := s.findSeeds(due[n-1:]); err != nil {
			s.e.stop(stopMemory)
			return n, err
		}
		p, err := s.newPursuit(property)
		if err != nil {
			s.e.stop(stopMemory)
			return n, err
		}
		some = append(some, p)
		p.find()
	}
	s.findCycles(some)
	for _, p := range some {
		r := &results[p.property]
		r.Open = int(p.open.Load())
		if p.goal == 0 || s.over() {
			continue
		}
		if err := p.show(p.goal, r); err != nil {
			return n, err
		}
	}
	return n, nil
}

// hasRoom reports whether the marks of one more property easily fit into what the memory limit leaves.
func (s *survey) hasRoom() bool {
	limit := s.e.memoryLimit()
	return limit <= 0 || 4*pursuitBytes*int64(s.size()) < limit-s.e.memory()
}

// findCycles searches for the cycles of some properties, each with one surveyor.
func (s *survey) findCycles(of []*pursuit) {
	looping := slices.DeleteFunc(slices.Clone(of), func(p *pursuit) bool { return !p.looping })
	var taken atomic.Int64
	s.parallel(func(v *surveyor) {
		for i := int(taken.Add(1)) - 1; i < len(looping) && !s.over(); i = int(taken.Add(1)) - 1 {
			looping[i].findCycles(v)
		}
	})
}

// judgeQuiescence decides a property of terminal states, which the search has collected.
func (s *survey) judgeQuiescence(property int, r *PropertyResult) error {
	found := s.e.stuckIn(property)
	if s.e.left == nil || len(found.first) > 0 {
		r.Stuck = found.states()
	}
	if len(found.first) == 0 {
		return nil
	}
	p, err := s.newPursuit(property)
	if err != nil {
		s.e.stop(stopMemory)
		return err
	}
	defer p.free()
	at, _ := s.locate(s.of[0].w.pack(found.first[0].state))
	p.marks.set(at, markGoal)
	return p.show(markGoal, r)
}

// show records a path that witnesses the violation of the property.
func (p *pursuit) show(goal uint8, result *PropertyResult) error {
	r, err := p.routeTo(goal)
	if err != nil {
		p.e.stop(stopMemory)
		return err
	}
	defer r.free()
	if len(r.met) == 0 {
		return errChanged
	}
	var path *statespace.Path
	if goal == markCyclic {
		path, err = p.lasso(r.met, r.path)
	} else if path, err = r.path(r.met); err == nil {
		path.Maximal = true
	}
	if err != nil || p.over() {
		return err
	}
	result.Path = path
	return nil
}
