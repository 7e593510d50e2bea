package checker

import (
	"synod/internal/words"
)

// maxEdges is how many bytes the transitions of members take at most.
const maxEdges = 1 << 28

// edges are the transitions of members to other states, as they are found when the members are, so that they need not be expanded
// again to look for cycles. Of members for which there is no room any more nothing is known.
type edges struct {
	refs *numbers            // by place: where its run begins, or 0 for none
	runs *words.Pool[uint64] // a run is a count, and so many packed states
	most int64               // bytes
}

// newEdges returns nil if there is no room. It takes half of what the memory limit leaves, at most.
func (e *engine) newEdges() *edges {
	most := int64(maxEdges)
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
	return &edges{refs, words.NewPool[uint64](e.arena), most}
}

func (l *edges) free() {
	if l != nil {
		l.refs.free()
		l.runs.Reset()
	}
}

// record keeps the transitions that a surveyor just found of some states.
func (l *edges) record(v *surveyor, keys []uint64) {
	if l == nil || int64(l.runs.Bytes())+edgesBlock > l.most {
		return
	}
	v.counts = append(v.counts[:0], make([]int, len(keys))...)
	all := 0
	for i, source := range v.sources {
		if v.successors[i] != keys[source] {
			v.counts[source]++
			all++
		}
	}
	if all+len(keys) > edgesBlock/8 {
		return
	}
	ref, run := l.runs.Reserve(all + len(keys))
	if (ref + words.Ref(len(run))) >= 1<<32 {
		return
	}
	start := 0
	for i, n := range v.counts {
		run[start] = uint64(n)
		v.counts[i] = start + 1 // where its next successor goes
		start += 1 + n
	}
	for i, source := range v.sources {
		if v.successors[i] != keys[source] {
			run[v.counts[source]] = v.successors[i]
			v.counts[source]++
		}
	}
	start = 0
	for _, key := range keys {
		at, _ := v.e.locate(key)
		*l.refs.at(at) = uint32(ref) + uint32(start)
		start += 1 + int(run[start])
	}
}

// edgesBlock is the size of the greatest block of runs in bytes.
const edgesBlock = 8 << 20

// of returns where the transitions of the state at a place lead. It reports false if they are not known.
func (l *edges) of(at place) ([]uint64, bool) {
	if l == nil {
		return nil, false
	}
	ref := *l.refs.at(at)
	if ref == 0 {
		return nil, false
	}
	run := l.runs.From(words.Ref(ref))
	return run[1 : 1+run[0]], true
}
