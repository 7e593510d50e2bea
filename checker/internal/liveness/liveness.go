// Package liveness decides properties of paths, eventually and leads to, on the states that a search has visited:
// whether every path keeps the property, or some path ends or goes round for ever without. Paths may have to be fair.
// Such a property is decided by the components of a part of the graph, see docs/liveness.md.
//
// Nothing of the search is needed but what Search names, so that this package knows no engine.
package liveness

import (
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/internal/offheap"
	"synod/model/statespace"
)

// Search is a search that has ended. Its states are examined once more, and none is added meanwhile.
type Search struct {
	*store.Index
	Space      statespace.Space
	Just       statespace.Just // nil if paths need not be fair
	Properties []Property      // all of the model
	Initial    [][]statespace.PartID
	Left       *store.Frontier // the states that were not expanded, as the search was cut short, or nil
	Arena      *offheap.Arena
	Chunks     *store.Chunks
	Workers    []Worker
	MaxEdges   int64 // bytes of transitions kept, see MaxEdges
	MaxTour    int   // nodes of a search for a shortest fair loop, see MaxTour

	// Parallel calls f with the number of each worker, in parallel.
	Parallel func(f func(worker int))
	// Over reports whether time or memory has run out. What is found afterwards does not count.
	Over func() bool
	// Room returns how many bytes the memory limit leaves, or math.MaxInt64 if there is none.
	Room func() int64
	// Fail ends the search with an error.
	Fail func(error)
	// Aside is called with the arena of temporary tables, and with nil when it is closed.
	Aside func(*offheap.Arena)
	// Start returns a path of the least initial state that is wanted.
	Start func(wanted func(packed uint64) bool) (*statespace.Path, error)
	// Extend appends the least transition that is wanted, and returns the state that it leads to, packed.
	Extend func(path *statespace.Path, wanted func(t statespace.Transition, packed uint64) bool) (uint64, error)
}

// Worker examines states of the search. It belongs to one goroutine.
type Worker interface {
	// Expand finds the transitions of at most store.ChunkLength states. It reports false if the search must stop.
	Expand(batch []uint64, into *Expansion) bool
	// Inspect calls f with the parts of each state, which are valid during the call. It reports false if the search must
	// stop.
	Inspect(batch []uint64, f func(i int, state []statespace.PartID) error) bool
	// Pack returns the packed form of a state.
	Pack(state []statespace.PartID) uint64
}

// Expansion is the transitions of a batch of states, valid until the worker expands the next.
type Expansion struct {
	Successors []uint64 // packed
	Sources    []uint16 // by successor: the index of the source in the batch
	Labels     []uint32 // by successor, if paths have to be fair
	CutFrom    []uint16 // the sources of transitions that the boundary cuts
	CutLabels  []uint32 // of these, if paths have to be fair
}

// Asker returns what a predicate says of a state.
type Asker func(state []statespace.PartID) (bool, error)

// Property is a property, as functions that return an asker for one goroutine.
type Property struct {
	Expect statespace.Expectation
	Holds  func(*statespace.Reading) Asker
	When   func(*statespace.Reading) Asker // the demand, for leads to
}

// Verdict is what was found of a property.
type Verdict struct {
	Path *statespace.Path // a path that violates it, or nil
	Open int              // members with transitions that are not known: nothing is decided if there are some, and no path
}

// Decide decides the first of some properties, and returns the verdicts of these, in order: at least one. The cycles of
// each property are searched for by one worker, so it takes as many properties as there are workers, if there is room
// for the marks of each. An error that does not wrap offheap.ErrLimit means that the model is not deterministic.
func (g *Graph) Decide(due []int) ([]Verdict, error) {
	var some []*decision
	defer func() {
		for _, d := range some {
			d.free()
			g.freeSeeds(d.property)
		}
	}()
	for n := 0; n < min(len(due), len(g.of)) && (n == 0 || g.hasRoom()) && !g.Over(); n++ {
		if err := g.findSeeds(due[n:]); err != nil {
			return nil, err
		}
		d, err := g.newDecision(due[n])
		if err != nil {
			return nil, err
		}
		some = append(some, d)
		d.find()
	}
	g.findCycles(some)
	verdicts := make([]Verdict, len(some))
	for i, d := range some {
		verdicts[i].Open = int(d.open.Load())
		if d.goal == 0 || g.Over() {
			continue
		}
		var err error
		if verdicts[i].Path, err = d.witness(); err != nil {
			return nil, err
		}
	}
	return verdicts, nil
}

// hasRoom reports whether the marks of one more property easily fit into what the memory limit leaves.
func (g *Graph) hasRoom() bool { return 4*decisionBytes*int64(g.Size()) < g.Room() }

// findCycles searches for the cycles of some properties, each with one visitor.
func (g *Graph) findCycles(of []*decision) {
	looping := slices.DeleteFunc(slices.Clone(of), func(d *decision) bool { return !d.looping })
	var taken atomic.Int64
	g.parallel(func(v *visitor) {
		for i := int(taken.Add(1)) - 1; i < len(looping) && !g.Over(); i = int(taken.Add(1)) - 1 {
			looping[i].findCycles(v)
		}
	})
}

// PathTo returns a path to a state that violates a property of terminal states.
func (g *Graph) PathTo(property int, state []statespace.PartID) (*statespace.Path, error) {
	d, err := g.newDecision(property)
	if err != nil {
		return nil, err
	}
	defer d.free()
	at, _ := g.Locate(g.pack(state))
	d.marks.Set(at, markGoal)
	d.goal = markGoal
	return d.witness()
}

// witness returns a path that violates the property, to a state with the goal mark. It returns nil if the search is
// over.
func (d *decision) witness() (*statespace.Path, error) {
	r, err := d.routeTo(d.goal)
	if err != nil {
		return nil, err
	}
	defer r.free()
	if len(r.met) == 0 {
		return nil, store.ErrChanged
	}
	var path *statespace.Path
	if d.goal == markCyclic {
		path, err = d.lasso(r.met, r.path)
	} else if path, err = r.path(r.met); err == nil {
		path.Maximal = true
	}
	if err != nil || d.Over() {
		return nil, err
	}
	return path, nil
}
