package consistency

import (
	"encoding/binary"
	"math"
	"slices"
)

// orders searches the orders of the operations of one window depth first, and visits each set of operations that took
// effect once (Lowe, "Testing for linearizability", 2017, section 3). Operations are named by their rank.
//
// With many clients there are too many sets. The [Effect] of operations excludes nearly all of them:
//
//   - A read of the current state may take effect at once, since it changes nothing.
//   - A write that is certainly followed by another write may take effect at once, hidden, together with all operations
//     that can read it, if these have all been invoked: in any order in which they come later, they can be moved, since
//     no other operation observed them. Another write certainly follows if the last write of all is fixed in advance,
//     so there is one search for each candidate.
//   - A value that an operation not yet invoked has to read, and that is never written again, must not be overwritten.
type orders[S any, I comparable, O any] struct {
	*search[S, I, O]
	ops     []operation[I, O] // by rank
	open    [][]int           // by rank: the operations in flight when it returns, including itself, ascending
	effects []Effect
	writes  []write[S]
	sources []*source // by rank: possible sources of the value read, once known
	byCall  []int     // ranks, the last invocation first
	changes int       // the number of operations that are not reads
	blind   bool      // all unknown operations overwrite
	alike   bool      // and all other operations overwrite or read
	latest  int64     // the last invocation of an overwriting operation
	last    int       // the rank of the last overwriting operation, or one of the following
	once    bool      // one order is enough
	seen    map[string][]possibility[S]
}

// Values of orders.last other than ranks.
const (
	anyLast     = -1
	unknownLast = -2 // an unknown operation, after all that returned
)

// write is what is known of an overwriting operation, computed on demand.
type write[S any] struct {
	known   bool
	state   S    // the state after it
	reader  int  // the last possible reader, in the order of invocation; -1 if none
	fragile bool // operations of unknown effect may depend on it
}

// source is where a value read can come from.
type source struct {
	writes  []int
	unknown bool
}

// node is a state of the search.
type node[S any] struct {
	front[S]     // with one possibility
	changed  int // how many operations that are not reads have taken effect
	reader   int // the last possible reader of the state, in the order of invocation; -1 if none
	late     bool
	// limit is the first return of the hidden writes. They precede the next overwriting operation, so operations invoked
	// after limit no longer observe the current state, but that of the last hidden write, which none of them can read.
	limit  int64
	hidden S
}

const noLimit = math.MaxInt64

func (n *node[S]) has(rank int) bool {
	if rank < n.lead {
		return true
	}
	_, found := slices.BinarySearch(n.beyond, rank)
	return found
}

func newOrders[S any, I comparable, O any](s *search[S, I, O], ops []operation[I, O]) *orders[S, I, O] {
	o := &orders[S, I, O]{
		search: s, ops: make([]operation[I, O], len(ops)), open: make([][]int, len(ops)),
		effects: make([]Effect, len(ops)), writes: make([]write[S], len(ops)), sources: make([]*source, len(ops)),
		blind: true, alike: true, last: anyLast,
	}
	for _, op := range ops {
		o.ops[op.rank] = op
		o.byCall = append(o.byCall, op.rank)
	}
	slices.Reverse(o.byCall)
	next := 0 // ops are in the order of invocation
	var open []int
	for rank := range o.ops {
		op := &o.ops[rank]
		for ; next < len(ops) && ops[next].call < op.ret; next++ {
			at, _ := slices.BinarySearch(open, ops[next].rank)
			open = slices.Insert(open, at, ops[next].rank)
		}
		o.open[rank] = slices.Clone(open)
		open = open[1:] // it is the first of the open ones to return
		if s.config.Effect != nil {
			o.effects[rank] = s.config.Effect(op.in, &op.out)
		}
		switch o.effects[rank] {
		case Overwrites:
			o.changes++
			o.latest = max(o.latest, op.call)
		case Depends:
			o.changes++
			o.alike = false
		case Reads:
		}
	}
	o.blind = s.pool.blind()
	o.alike = o.alike && o.blind
	return o
}

// run collects the possibilities after all operations in search.final.
func (o *orders[S, I, O]) run(start []possibility[S]) {
	if !o.alike || o.changes == 0 {
		o.from(start, anyLast)
		return
	}
	read := false // after everything has been overwritten
	for rank := range o.ops {
		switch {
		case o.effects[rank] == Reads:
			read = read || o.ops[rank].ret > o.latest
		case o.ops[rank].ret > o.latest && !(o.once && len(o.final) > 0):
			o.from(start, rank)
		}
	}
	if read && !o.pool.isEmpty() && !(o.once && len(o.final) > 0) {
		o.from(start, unknownLast)
	}
}

func (o *orders[S, I, O]) from(start []possibility[S], last int) {
	o.last, o.seen = last, make(map[string][]possibility[S])
	for _, p := range start {
		n := &node[S]{front: front[S]{possible: []possibility[S]{p}}, limit: noLimit}
		n.reader = o.readerOf(p.state, o.horizon(0))
		if o.visit(n) {
			return
		}
	}
}

// visit continues from a node. It reports whether the search is over.
func (o *orders[S, I, O]) visit(n *node[S]) (over bool) {
	if o.halted() {
		return true
	}
	o.hurry(n)
	if n.lead == len(o.ops) {
		if o.last != unknownLast || n.late {
			o.final, _ = include(o.final, n.possible[0], o.config.Spec.SameState)
			return o.once
		}
		return false
	}
	if o.kept(n) || o.vain(n) || !o.fresh(n) {
		return false
	}
	for _, rank := range o.open[n.lead] {
		if n.has(rank) || rank == o.last && n.changed < o.changes-1 {
			continue
		}
		for _, next := range o.after(n, rank) {
			if o.visit(next) {
				return true
			}
		}
	}
	return false
}

// after returns the nodes that can follow when an operation takes effect next.
func (o *orders[S, I, O]) after(n *node[S], rank int) []*node[S] {
	op, p := &o.ops[rank], n.possible[0]
	next := node[S]{changed: n.changed, late: n.late, limit: noLimit}
	next.lead, next.beyond = advance(n.lead, n.beyond, rank)
	if o.effects[rank] != Reads {
		next.changed++
	}
	if o.effects[rank] == Overwrites { // the previous state does not matter
		w := o.write(rank)
		next.reader, next.possible = w.reader, []possibility[S]{{w.state, p.applied}}
		return []*node[S]{&next}
	}
	var all []*node[S]
	f := n.front
	if op.call > n.limit {
		f.possible = []possibility[S]{{n.hidden, p.applied}}
	}
	if o.last >= 0 && n.changed == o.changes {
		if _, out := o.config.Spec.Step(p.state, op.in); !o.config.Spec.SameOutput(out, op.out) {
			return nil // an unknown operation would be the last
		}
	}
	var possible []possibility[S]
	if moved := o.step(&f, op); moved != nil {
		possible = moved.possible
	}
	if o.effects[rank] == Depends && n.limit != noLimit {
		f.possible = []possibility[S]{{n.hidden, p.applied}}
		if moved := o.step(&f, op); moved != nil {
			possible = append(possible, moved.possible...)
		}
	}
	for _, q := range possible {
		one := next
		if len(q.applied) == len(p.applied) {
			one.limit, one.hidden = n.limit, n.hidden
		}
		one.possible, one.reader = []possibility[S]{q}, o.readerOf(q.state, noLimit)
		one.late = n.late || n.changed == o.changes && len(q.applied) > len(p.applied)
		all = append(all, &one)
	}
	return all
}

// hurry applies operations that may take effect at once.
func (o *orders[S, I, O]) hurry(n *node[S]) {
	for n.lead < len(o.ops) {
		at := slices.IndexFunc(o.open[n.lead], func(rank int) bool {
			return !n.has(rank) && o.effects[rank] == Reads && o.ops[rank].call < n.limit && o.reads(rank, n.possible[0].state)
		})
		if at < 0 {
			at = slices.IndexFunc(o.open[n.lead], func(rank int) bool { return !n.has(rank) && o.hides(n, rank) })
		}
		if at < 0 {
			return
		}
		now := []int{o.open[n.lead][at]}
		if rank := now[0]; o.effects[rank] == Overwrites {
			n.changed++
			n.limit = min(n.limit, o.ops[rank].ret)
			state := o.write(rank).state
			n.hidden = state
			for _, reader := range o.open[n.lead] {
				if o.effects[reader] == Reads && !n.has(reader) && o.reads(reader, state) {
					now = append(now, reader)
					n.limit = min(n.limit, o.ops[reader].ret)
				}
			}
		}
		for _, rank := range now {
			n.lead, n.beyond = advance(n.lead, n.beyond, rank)
		}
	}
}

// reads reports whether an operation in this state gets the answer that it got.
func (o *orders[S, I, O]) reads(rank int, state S) bool {
	op := &o.ops[rank]
	_, out := o.config.Spec.Step(state, op.in)
	return o.config.Spec.SameOutput(out, op.out)
}

// hides reports whether an operation may take effect at once, with its readers, and be overwritten.
func (o *orders[S, I, O]) hides(n *node[S], rank int) bool {
	if o.effects[rank] != Overwrites || !o.blind || rank == o.last || o.last == anyLast && o.ops[rank].ret > o.latest {
		return false
	}
	w := o.write(rank)
	if !o.alike && w.reader >= 0 {
		// Its readers may observe an equal state left by an operation of unknown effect, and could then come later than
		// limit allows.
		return false
	}
	return !w.fragile && (w.reader < 0 || o.ops[w.reader].call < o.ops[n.lead].ret)
}

// vain reports whether the current state still has to be read, only by operations that are not invoked yet, and can
// never be reached again: then the node is a dead end.
func (o *orders[S, I, O]) vain(n *node[S]) bool {
	if !o.alike || n.reader < 0 || n.has(n.reader) {
		return false
	}
	from := o.sources[n.reader]
	if from == nil {
		from = o.sourceOf(n.reader)
		o.sources[n.reader] = from
	}
	return !from.unknown && !slices.ContainsFunc(from.writes, func(rank int) bool { return !n.has(rank) })
}

func (o *orders[S, I, O]) sourceOf(reader int) *source {
	from := new(source)
	for rank, effect := range o.effects {
		if effect == Overwrites && o.ops[rank].call < o.ops[reader].ret && o.reads(reader, o.write(rank).state) {
			from.writes = append(from.writes, rank)
		}
	}
	from.unknown = o.mayBeUnknown(reader)
	return from
}

// mayBeUnknown reports whether an unknown operation may have written what a reader read. All of them overwrite, so
// those that write the value are those that could matter right before the reader in a state that it does not accept.
func (o *orders[S, I, O]) mayBeUnknown(reader int) bool {
	op := &o.ops[reader]
	init := o.config.Spec.Init
	inputs, all := []I(nil), true
	if o.config.Before != nil && !o.reads(reader, init) {
		inputs, all = o.config.Before(init, op.in, op.out, o.pool.depending)
	}
	if all {
		inputs = o.pool.every()
	}
	return slices.ContainsFunc(inputs, func(in I) bool {
		state, _ := o.config.Spec.Step(init, in)
		return o.pool.has(in) && o.reads(reader, state)
	})
}

// write returns what is known of an overwriting operation.
func (o *orders[S, I, O]) write(rank int) *write[S] {
	w := &o.writes[rank]
	if !w.known {
		w.known = true
		w.state, _ = o.config.Spec.Step(o.config.Spec.Init, o.ops[rank].in)
		horizon := o.horizon(o.ops[rank].ret)
		w.reader = o.readerOf(w.state, horizon)
		for other, effect := range o.effects {
			w.fragile = w.fragile || effect == Depends && o.ops[other].call < horizon && o.reads(other, w.state)
		}
	}
	return w
}

// horizon returns the first return of an overwriting operation that was invoked after moment. Operations invoked
// later cannot observe what was written before moment.
func (o *orders[S, I, O]) horizon(moment int64) int64 {
	horizon := int64(noLimit)
	for _, rank := range o.byCall {
		if o.ops[rank].call < moment {
			break
		}
		if o.effects[rank] == Overwrites {
			horizon = min(horizon, o.ops[rank].ret)
		}
	}
	return horizon
}

// readerOf returns the last operation, in the order of invocation, that could read state and was invoked before a
// moment; -1 if there is none.
func (o *orders[S, I, O]) readerOf(state S, before int64) int {
	if !o.blind {
		return -1 // not needed
	}
	for _, rank := range o.byCall {
		if o.effects[rank] == Reads && o.ops[rank].call < before && o.reads(rank, state) {
			return rank
		}
	}
	return -1
}

// kept reports whether a result at least as good was already found: the final state is known.
func (o *orders[S, I, O]) kept(n *node[S]) bool {
	return o.last >= 0 && slices.ContainsFunc(o.final, func(p possibility[S]) bool {
		return subset(p.applied, n.possible[0].applied) && o.config.Spec.SameState(p.state, o.write(o.last).state)
	})
}

// fresh reports whether a node, and any node that allows at least as much, is new, and records it.
func (o *orders[S, I, O]) fresh(n *node[S]) bool {
	key := binary.AppendUvarint(nil, uint64(n.lead))
	for _, rank := range n.beyond {
		key = binary.AppendUvarint(key, uint64(rank-n.lead))
	}
	if n.late {
		key = append(key, 0) // not a valid distance
	}
	if n.limit != noLimit && o.alike && (n.reader < 0 || n.has(n.reader)) {
		n.limit = 0 // no reader is left that it matters to
	}
	if n.limit != noLimit {
		key = binary.AppendUvarint(append(key, 0, 0), uint64(n.limit))
	}
	all, added := include(o.seen[string(key)], n.possible[0], o.config.Spec.SameState)
	if added {
		o.seen[string(key)] = all
		o.memory += int64(128 + len(key) + 4*len(n.possible[0].applied))
	}
	return added
}
