package consistency

// OnceAccess is the effect of an operation on a register that keeps the first value written.
type OnceAccess[V comparable] struct {
	Write   bool // it writes Value; otherwise it read Value
	Value   V
	Unset   bool // it read that there is no value
	Refused bool // the write was refused, since there was another value
}

// ExactOnce decides windows of a write-once register. An order is determined by the first value and the time of its
// write: operations that were refused or read a value come after a write of it, and those that found none before
// every write of it.
type ExactOnce[V comparable, S any, I comparable, O any] struct {
	// Value returns the value that a state holds, if any, and State the state that holds a value.
	Value func(state S) (V, bool)
	State func(value V) S
	// Access returns the effect of an operation with this answer; out is nil if the outcome is unknown.
	Access func(in I, out *O) OnceAccess[V]
}

func (e ExactOnce[V, S, I, O]) cannot(I) bool { return false }

func (e ExactOnce[V, S, I, O]) decide(states []S, applied []int32, ops []operation[I, O], p pool[I]) decision[S] {
	d := violated[S]()
	accesses := make([]OnceAccess[V], len(ops))
	for i := range ops {
		accesses[i] = e.Access(ops[i].in, &ops[i].out)
	}
	for _, s := range states {
		if v, set := e.Value(s); set {
			if holds(accesses, v) {
				d.after = append(d.after, possibility[S]{s, applied})
			}
			continue
		}
		values, forced := e.values(accesses, p)
		if !forced {
			d.after = append(d.after, possibility[S]{s, applied})
		}
		for _, v := range values {
			if ids, ok := e.first(v, accesses, applied, ops, p); ok {
				d.after = append(d.after, possibility[S]{e.State(v), withIDs(applied, ids)})
			}
		}
	}
	return d
}

// holds reports whether the answers are those of a register that holds v throughout.
func holds[V comparable](accesses []OnceAccess[V], v V) bool {
	for _, a := range accesses {
		if a.Unset || a.Refused == (a.Value == v) {
			return false
		}
	}
	return true
}

// values returns the candidates for the first value, and reports whether there must be one.
func (e ExactOnce[V, S, I, O]) values(accesses []OnceAccess[V], p pool[I]) (values []V, forced bool) {
	known := make(map[V]bool)
	for _, a := range accesses {
		if !a.Unset && !a.Refused {
			if !known[a.Value] {
				values = append(values, a.Value)
			}
			known[a.Value] = true
		}
		forced = forced || !a.Unset
	}
	switch {
	case len(values) > 1:
		return nil, true
	case len(values) == 1 || !forced:
		return values, forced
	}
	for _, in := range p.every() { // refused, and no answer shows because of which value
		if a := e.Access(in, nil); p.has(in) && a.Write && !known[a.Value] {
			known[a.Value] = true
			values = append(values, a.Value)
		}
	}
	return values, true
}

// first reports whether v can have been the first value, and which unknown operation wrote it, if one did.
func (e ExactOnce[V, S, I, O]) first(
	v V, accesses []OnceAccess[V], applied []int32, ops []operation[I, O], p pool[I],
) (ids []int32, ok bool) {
	// If any write of the value can be the first, the one invoked first can.
	who, call, ret := -1, int64(never), int64(never)
	for i, a := range accesses {
		if a.Write && !a.Refused && a.Value == v && ops[i].call < call {
			who, call, ret = i, ops[i].call, ops[i].ret
		}
	}
	for i, u := range p.ops {
		if a := e.Access(u.in, nil); a.Write && a.Value == v && u.call < call {
			who, call, ret, ids = -1, u.call, never, []int32{p.earlier.next + int32(i)}
		}
	}
	for _, in := range p.earlier.inputs {
		if a := e.Access(in, nil); a.Write && a.Value == v {
			if id, free := p.earlier.free(in, applied); free {
				who, call, ret, ids = -1, 0, never, []int32{id}
				break
			}
		}
	}
	if call == never {
		return nil, false
	}
	var s succession
	for i, a := range accesses {
		if a.Unset {
			s.add(ops[i].call, ops[i].ret)
		}
	}
	s.close()
	if !s.add(call, ret) {
		return nil, false
	}
	s.close()
	for i, a := range accesses {
		if i != who && !a.Unset && (a.Refused && a.Value == v || !s.add(ops[i].call, ops[i].ret)) {
			return nil, false
		}
	}
	return ids, true
}
