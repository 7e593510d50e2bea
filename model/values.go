package model

import (
	"slices"
	"sync"
)

// values numbers comparable values of any type.
type values struct {
	mu      sync.Mutex
	numbers map[any]uint32
	all     []any
}

func (v *values) number(value any) uint32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	n, ok := v.numbers[value]
	if !ok {
		n = uint32(len(v.all))
		v.numbers[value] = n
		v.all = append(v.all, value)
	}
	return n
}

func (v *values) of(number uint32) any {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.all[number]
}

func (sp *space[M]) valueOf(number uint32) any { return sp.values.of(number) }

// pickSets numbers the sets of picked values; the empty set is 0.
type pickSets struct {
	values  values
	mu      sync.Mutex
	sets    map[string]uint32
	members [][]any
}

func (p *pickSets) init() {
	p.values.numbers, p.sets = make(map[any]uint32), map[string]uint32{"": 0}
	p.members = [][]any{nil}
}

func (p *pickSets) number(values []any) uint32 {
	if len(values) == 0 {
		return 0
	}
	var set []uint32
	for _, v := range values {
		set = append(set, p.values.number(v))
	}
	slices.Sort(set)
	set = slices.Compact(set)
	var key []byte
	for _, n := range set {
		key = append(key, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.sets[string(key)]
	if !ok {
		id = uint32(len(p.members))
		p.sets[string(key)] = id
		members := make([]any, len(set))
		for i, n := range set {
			members[i] = p.values.of(n)
		}
		p.members = append(p.members, members)
	}
	return id
}

func (sp *space[M]) pickedSet(set uint32) []any {
	sp.sets.mu.Lock()
	defer sp.sets.mu.Unlock()
	return sp.sets.members[set]
}
