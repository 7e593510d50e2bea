package checker

import (
	"fmt"
	"slices"
	"strings"

	"synod/checker/internal/memo"
	"synod/model/statespace"
)

// A search with symmetry replaces each successor by its representative, the least of the states that it can be
// permuted into, as soon as it is expanded, so that the rest of the search sees only representatives. Paths consist
// of actual states: a state is wanted on a path if its representative is.

// Symmetry describes what a search with symmetry did.
type Symmetry struct{ statespace.SymmetryReport }

// String returns the part of the closing line of a check: empty for a search without symmetry.
func (s *Symmetry) String() string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf(", symmetry=%d, compared=%d", s.Order, s.Calls)
}

// turning is an engine's state for a symmetry.
type turning struct {
	statespace.Symmetry // nil if states are not permuted
	note                string
	sound               bool // the last audit ended
}

// findSymmetry sets up symmetry for a space, if it is requested and possible.
func (e *engine) findSymmetry(space statespace.Space) (err error) {
	e.turning = turning{}
	if !e.options.Symmetry {
		return nil
	}
	s, ok := space.(statespace.Symmetric)
	switch {
	case e.movable:
		e.turning.note = "No states are taken for one another by symmetry: random walks take them as they are."
	case !ok:
		e.turning.note = "No states are taken for one another by symmetry: its states cannot be turned."
	default:
		e.turning.Symmetry, e.turning.note, err = s.Symmetry()
	}
	return err
}

// on reports whether states are replaced by representatives.
func (t *turning) on() bool { return t.Symmetry != nil }

// leaves reports whether a property stays undecided: a property of paths, or a refinement, in a search with symmetry.
// A path through representatives is not a path of the system: on it, a demand may pass from one part to another.
func (t *turning) leaves(p statespace.Property) bool { return t.on() && !p.Expect.OfStates() }

// auditSymmetry verifies that the parts are interchangeable. It reports false if the verification failed.
func (e *engine) auditSymmetry(stop func() bool) bool {
	if !e.turning.on() {
		return true
	}
	e.turning.sound = false
	if stop() {
		return true
	}
	found, err := e.turning.Audit(statespace.Pass{States: e.states.Len(), Workers: len(e.workers), Stop: stop})
	if err != nil {
		e.failAt(err, nil)
		return false
	}
	e.turning.sound = found == statespace.Sound
	return true
}

// tellSymmetry adds the report of the symmetry to a result.
func (e *engine) tellSymmetry(r *Result) {
	if e.turning.note != "" {
		r.Notes = append(r.Notes, e.turning.note)
	}
	if !e.turning.on() {
		return
	}
	r.Symmetry = &Symmetry{e.turning.Report()}
	r.Notes = append(r.Notes, fmt.Sprintf("States that differ only by a permutation are counted once: of %s.",
		strings.Join(r.Symmetry.Groups, "; of ")))
	if slices.ContainsFunc(e.judge.Properties, e.turning.leaves) {
		r.Notes = append(r.Notes, leftUndecided)
	}
	for i, p := range e.judge.Properties {
		r.Properties[i].left = e.turning.leaves(p)
	}
	r.unaudited = r.unaudited || !e.turning.sound
}

const leftUndecided = "Properties of paths and refinements are not decided with symmetry: search without it for those."

// turn makes properties of states be asked about all images of a state, as the boundary is.
func (e *engine) turn() {
	if !e.turning.on() {
		return
	}
	e.judge.Turn(e.turning.Symmetry, e.isOver)
	if e.inside != nil {
		e.inside.Turned = &memo.Turned{Symmetry: e.turning.Symmetry, Who: "the boundary", Over: e.isOver}
	}
}

// turnBatch replaces the successors of a batch by their representatives. It reports false if an id does not fit into
// the layout.
func (w *worker) turnBatch() bool {
	e := w.e
	us, l := e.units, e.states.Layout
	if cap(w.turned) < len(l.Fields) {
		w.turned = make([]uint32, len(l.Fields))
	}
	ids := w.turned[:len(l.Fields)]
	for i, packed := range w.successors {
		l.Unpack(packed, ids, len(us.Of))
		us.Parts(ids, w.state)
		if !e.turning.Least(w.state) {
			continue
		}
		for k, u := range us.Of {
			ids[k] = u.ID(w.state)
		}
		least, ok := l.Pack(ids, len(us.Of))
		if !ok {
			return w.widen()
		}
		w.successors[i] = least
	}
	return true
}

// packLeast packs the representative of a state.
func (w *worker) packLeast(state []statespace.PartID) uint64 { return w.pack(w.e.turning.least(state)) }

// least returns the representative of a state.
func (t *turning) least(state []statespace.PartID) []statespace.PartID {
	if !t.on() {
		return state
	}
	least := slices.Clone(state)
	t.Least(least)
	return least
}
