package checker

import (
	"sync/atomic"

	"synod/internal/words"
)

// maxEdges is how many bytes the transitions of states take at most.
const maxEdges = 1 << 28

// edgeLimit is maxEdges, but for tests.
var edgeLimit = int64(maxEdges)

// edges are the transitions of visited states to other states, as a survey finds them, so that a state need not be expanded again
// to look for cycles, or for the next property. Of states for which there is no room any more nothing is known.
type edges struct {
	refs *numbers // by place: where its run begins, or 0 for none
	// A run is how many transitions there are, and how many the boundary cuts, in the upper half; so many packed states; and if
	// steps have labels those of all of them, two in a word.
	runs     *words.Pool[uint64]
	most     int64 // bytes
	labelled bool
}

// newEdges returns nil if there is no room. It takes half of what the memory limit leaves, at most.
func (e *engine) newEdges() *edges {
	most := edgeLimit
	if limit := e.memoryLimit(); limit > 0 {
		most = min(most, (limit-e.memory())/2)
	}
	for _, s := range e.shards {
		most -= 4 * int64(s.Set.Positions()+1)
	}
	if most <= 0 {
		return nil
	}
	refs, err := e.newNumbers(1)
	if err != nil {
		return nil
	}
	return &edges{refs, words.NewPool[uint64](e.arena), most, e.units.just != nil}
}

func (l *edges) free() {
	if l != nil {
		l.refs.free()
		l.runs.Reset()
	}
}

// edgesBlock is the size of the greatest block of runs in bytes.
const edgesBlock = 8 << 20

const maxCount = 1<<32 - 1 // of what the halves of a run's first word count

// length is that of a run.
func (l *edges) length(transitions, cuts int) int {
	if l.labelled {
		return 1 + transitions + (transitions+cuts+1)/2
	}
	return 1 + transitions
}

// setLabel sets one of the labels of a run.
func setLabel(labels []uint64, i int, label uint32) { labels[i/2] |= uint64(label) << (i % 2 * 32) }

func labelAt(labels []uint64, i int) uint32 { return uint32(labels[i/2] >> (i % 2 * 32)) }

// of returns where the run of a state begins, or 0 if there is none.
func (l *edges) of(e *engine, key uint64) uint32 {
	if l == nil {
		return 0
	}
	at, ok := e.locate(key)
	if !ok {
		return 0
	}
	return atomic.LoadUint32(l.refs.at(at))
}

// recall adds the transitions of a run to those of a surveyor's batch.
func (l *edges) recall(v *surveyor, source int, ref uint32) {
	run := l.runs.From(words.Ref(ref))
	n, cuts := int(run[0]&maxCount), int(run[0]>>32)
	v.successors = append(v.successors, run[1:1+n]...)
	for range n {
		v.sources = append(v.sources, uint16(source))
	}
	for range cuts {
		v.cut = append(v.cut, uint16(source))
	}
	if v.labelling {
		labels := run[1+n:]
		for i := range n {
			v.labels = append(v.labels, labelAt(labels, i))
		}
		for i := range cuts {
			v.cutLabels = append(v.cutLabels, labelAt(labels, n+i))
		}
	}
}

// found is where the transitions of a state that was expanded go.
type found struct{ transitions, cuts, start int }

// record keeps the transitions of the states of a batch that were not known, which are all that the surveyor has.
func (l *edges) record(v *surveyor) {
	if l == nil || int64(l.runs.Bytes())+edgesBlock > l.most {
		return
	}
	v.found = append(v.found[:0], make([]found, batchLength)...)
	for _, source := range v.sources {
		v.found[source].transitions++
	}
	for _, source := range v.cut {
		v.found[source].cuts++
	}
	all := 0
	for _, source := range v.anew {
		f := &v.found[source]
		f.start = all
		all += l.length(f.transitions, f.cuts)
	}
	if all > edgesBlock/8 {
		return
	}
	ref, run := l.runs.Reserve(all)
	if (ref + words.Ref(len(run))) >= 1<<32 {
		return
	}
	for _, source := range v.anew {
		f := &v.found[source]
		run[f.start] = uint64(f.transitions) | uint64(f.cuts)<<32
	}
	l.fill(v, run)
	for i, source := range v.anew {
		if at, ok := v.e.locate(v.again[i]); ok {
			atomic.StoreUint32(l.refs.at(at), uint32(ref)+uint32(v.found[source].start))
		}
	}
}

// fill writes transitions, last ones first, into their runs.
func (l *edges) fill(v *surveyor, run []uint64) {
	for i := len(v.cut) - 1; i >= 0 && l.labelled; i-- {
		f := &v.found[v.cut[i]]
		f.cuts--
		setLabel(run[f.start+1+f.transitions:], f.transitions+f.cuts, v.cutLabels[i])
	}
	for i := len(v.successors) - 1; i >= 0; i-- {
		f := &v.found[v.sources[i]]
		all := int(run[f.start] & maxCount)
		f.transitions--
		run[f.start+1+f.transitions] = v.successors[i]
		if l.labelled {
			setLabel(run[f.start+1+all:], f.transitions, v.labels[i])
		}
	}
}
