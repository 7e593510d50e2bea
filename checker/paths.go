package checker

import (
	"slices"
	"time"

	"synod/model/statespace"
)

// judgePaths decides the properties of paths, when all states were visited. If a breadth-first search ended at one of its
// limits, violations among the states that it expanded are found. Time, memory and interrupts end it as they end the
// search.
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
	for i, property := range e.judge.properties {
		if !property.Expect.OfPaths() || e.judge.decided[i].Load() || s.over() {
			continue
		}
		if err := s.judge(i, &r.Properties[i]); err != nil && !s.over() {
			e.failAt(err, nil)
		}
		if r.Properties[i].Path != nil {
			e.judge.settle(i)
		}
	}
}

// judge decides one property. An error while there is time and memory means that the model is not what it was.
func (s *survey) judge(property int, r *PropertyResult) error {
	if s.e.judge.properties[property].Expect == statespace.Quiescent {
		return s.judgeQuiescence(property, r)
	}
	p, err := s.newPursuit(property)
	if err != nil {
		s.e.stop(stopMemory)
		return err
	}
	defer p.free()
	for _, v := range s.of {
		reading := statespace.NewReading(s.e.space)
		v.holds = newAsker(s.e.judge.predicates[property], reading)
		if when := s.e.judge.whens[property]; when != nil {
			v.when = newAsker(when, reading)
		}
	}
	goal := p.decide()
	r.Open = int(p.open.Load())
	if goal == 0 || s.over() {
		return nil
	}
	return p.show(goal, r)
}

// judgeQuiescence decides a property about terminal states, which the search has gathered.
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
	at, _ := s.e.locate(s.of[0].w.pack(found.first[0].state))
	p.marks.set(at, markGoal)
	return p.show(markGoal, r)
}

// show records the path that shows the violation of the property.
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
