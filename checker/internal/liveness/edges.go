package liveness

import (
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/internal/words"
)

// MaxEdges is the most bytes that stored transitions may take.
const MaxEdges = 1 << 30

// edges stores the transitions of visited states to other states, as they are found, so that a state need not be
// expanded again in the search for cycles or for the next property. States for which there is no room are not
// recorded.
//
// The record of a state is a run of numbers: the number of transitions, and of those cut by the boundary; the places
// of the successors; and the labels of all transitions, if steps have labels.
type edges struct {
	refs *store.Numbers // by place: the start of its run, or 0 for none
	runs *words.Pool[uint32]
	used atomic.Int64 // bytes
	most int64
}

// steps are the transitions of a state to other states.
type steps struct {
	to        []place
	cuts      int      // further transitions, cut by the boundary
	labels    []uint32 // if steps have any
	cutLabels []uint32
}

// edgesHead is the number of words before the places in a run.
const edgesHead = 2

// maxRuns is the greatest total length of the runs of a batch that is stored.
const maxRuns = 1 << 18

// newEdges returns nil if there is no room. The edges take at most half of what the memory limit leaves.
func (g *Graph) newEdges() *edges {
	most := min(g.MaxEdges, g.Room()/2-4*int64(g.Size()))
	if most <= 0 {
		return nil
	}
	refs, err := g.NewNumbers(1)
	if err != nil {
		return nil
	}
	return &edges{refs: refs, runs: words.NewPool[uint32](g.Arena), most: most}
}

func (l *edges) free() {
	if l != nil {
		l.refs.Free()
		l.runs.Reset()
	}
}

// of returns the start of the run of a state, or 0 if there is none.
func (l *edges) of(at place) uint32 {
	if l == nil {
		return 0
	}
	return atomic.LoadUint32(l.refs.At(at))
}

// at returns the run that begins at ref, and what follows it.
func (l *edges) at(ref uint32) []uint32 { return l.runs.From(words.Ref(ref)) }

// reserve returns space for runs and its start, or 0 if there is none.
func (l *edges) reserve(length int) (uint32, []uint32) {
	if l == nil || length == 0 || length > maxRuns || l.used.Add(4*int64(length)) > l.most {
		return 0, nil
	}
	ref, runs := l.runs.Reserve(length)
	if uint64(ref)+uint64(length) >= 1<<32 {
		return 0, nil
	}
	return uint32(ref), runs
}

// read decodes the run at the start of run.
func (v *visitor) read(run []uint32) steps {
	n, cuts := run[0], run[1]
	s := steps{to: run[edgesHead : edgesHead+n : edgesHead+n], cuts: int(cuts)}
	if v.labelled {
		labels := run[edgesHead+n:]
		s.labels, s.cutLabels = labels[:n:n], labels[n:n+cuts:n+cuts]
	}
	return s
}

// found is the number of steps of an expanded state, and the start of its run.
type found struct{ steps, cuts, start int }

// record writes the runs of the states that the worker expanded, and stores them if there is room. It reports false
// if a successor was not visited.
func (v *visitor) record() bool {
	s := &v.expansion
	v.found = append(v.found[:0], make([]found, len(v.again))...)
	for i, source := range s.Sources {
		if s.Successors[i] != v.again[source] {
			v.found[source].steps++
		}
	}
	for _, source := range s.CutFrom {
		v.found[source].cuts++
	}
	all := 0
	for i := range v.found {
		f := &v.found[i]
		f.start = all
		all += edgesHead + f.steps
		if v.labelled {
			all += f.steps + f.cuts
		}
	}
	ref, runs := v.edges.reserve(all)
	if ref == 0 {
		v.scratch = append(v.scratch[:0], make([]uint32, all)...)
		runs = v.scratch
	}
	if !v.fill(runs) {
		return false
	}
	v.runs = v.runs[:0]
	for i, f := range v.found {
		v.runs = append(v.runs, runs[f.start:])
		if ref != 0 {
			atomic.StoreUint32(v.edges.refs.At(v.anew[i]), ref+uint32(f.start))
		}
	}
	return true
}

// fill writes the steps that the worker found into runs, each state's from the last to the first.
func (v *visitor) fill(runs []uint32) bool {
	s := &v.expansion
	for i := range v.found {
		f := &v.found[i]
		runs[f.start], runs[f.start+1] = uint32(f.steps), uint32(f.cuts)
	}
	for i := len(s.CutFrom) - 1; i >= 0 && v.labelled; i-- {
		f := &v.found[s.CutFrom[i]]
		f.cuts--
		runs[f.start+edgesHead+2*f.steps+f.cuts] = s.CutLabels[i]
	}
	for i := len(s.Successors) - 1; i >= 0; i-- {
		source := s.Sources[i]
		if s.Successors[i] == v.again[source] {
			continue
		}
		at, ok := v.Locate(s.Successors[i])
		if !ok {
			return false
		}
		f := &v.found[source]
		n := int(runs[f.start])
		f.steps--
		runs[f.start+edgesHead+f.steps] = at
		if v.labelled {
			runs[f.start+edgesHead+n+f.steps] = s.Labels[i]
		}
	}
	return true
}
