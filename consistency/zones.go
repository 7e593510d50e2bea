package consistency

import (
	"cmp"
	"slices"
)

// Access is the effect of an operation on a register: it reads a value, writes one, or both at once.
type Access[V comparable] struct {
	Reads, Writes bool
	Read, Write   V
	Other         bool // anything else
}

// ExactRegister decides windows of a register in which the writer of each value read is unique: always if no value is
// written twice, and often otherwise. It takes the time of sorting.
//
// A write and the reads of its value form a cluster: they take effect one after another, with nothing in between. The
// zone of a cluster extends from its first return to its last invocation. One cluster must precede another if one of
// its operations returned before one of the other's was invoked; an order exists if and only if no two clusters must
// precede each other (Gibbons and Korach, "Testing shared memories", 1997, section 4). An operation that reads and
// writes at once, such as a compare-and-set, merges two clusters.
type ExactRegister[V comparable, S any, I comparable, O any] struct {
	// Value returns the value that a state holds, and State the state that holds a value.
	Value func(state S) V
	State func(value V) S
	// Access returns the effect of an operation with this answer; out is nil for an operation of unknown outcome that
	// takes effect.
	Access func(in I, out *O) Access[V]
	// Writers returns the inputs that write a value whatever the register holds.
	Writers func(value V) []I
	// Unread is a value that is never written or read. Without it, a window is kept in memory until its end.
	Unread *V
}

// RegisterExactly returns the exact method for a [Register].
func RegisterExactly[V comparable]() Exact[V, RegisterInput[V], RegisterOutput[V]] {
	return ExactRegister[V, V, RegisterInput[V], RegisterOutput[V]]{
		Value: func(held V) V { return held },
		State: func(v V) V { return v },
		Access: func(in RegisterInput[V], out *RegisterOutput[V]) Access[V] {
			switch {
			case in.Write:
				return Access[V]{Writes: true, Write: in.Value, Other: out != nil && out.Answer != WriteOk}
			case out == nil:
				return Access[V]{}
			}
			return Access[V]{Reads: true, Read: out.Value, Other: out.Answer != ReadOk}
		},
		Writers: func(v V) []RegisterInput[V] { return []RegisterInput[V]{Write(v)} },
	}
}

func (e ExactRegister[V, S, I, O]) cannot(I) bool { return false }

func (e ExactRegister[V, S, I, O]) decide(states []S, applied []int32, ops []operation[I, O], p pool[I]) decision[S] {
	z := e.clusters(states, applied, ops, p)
	if z.possible == unclear {
		return decision[S]{}
	}
	d := violated[S]()
	if z.possible == impossible {
		return d
	}
	all := withIDs(applied, z.used)
	// A cluster can be the last if it need not precede another one.
	first, second := int64(-2), int64(-2)
	for i := range z.all {
		switch s := z.all[i].last; {
		case s > first:
			first, second = s, first
		case s > second:
			second = s
		}
	}
	for i := range z.all {
		c := &z.all[i]
		others := first
		if c.last == first {
			others = second
		}
		if c.first < others {
			continue
		}
		if c.start && !c.written && !z.forced {
			for _, s := range states {
				d.after = append(d.after, possibility[S]{s, all})
			}
			continue
		}
		d.after = append(d.after, possibility[S]{e.State(c.holds), all})
	}
	return d
}

// cluster is a write, or the initial value, and all operations that read its value; if one of these writes too, it
// continues with the readers of that value.
type cluster[V comparable] struct {
	first, last int64 // its first return, its last invocation
	start       bool  // it begins with the initial value of the window
	written     bool  // with start: an operation in it writes
	holds       V     // the value after it
	members     []int
}

// before reports whether an operation of c returned before one of d was invoked.
func (c *cluster[V]) before(d *cluster[V]) bool { return c.first < d.last }

// clusters groups the operations of a window that are known to take effect by what they read.
type clusters[V comparable, S any, I comparable, O any] struct {
	exact    *ExactRegister[V, S, I, O]
	ops      []accessing[V]
	writers  map[V][]int // in the order of invocation
	firstRet []int64     // by index in the order of invocation: the first return of the certain writes from there on
	calls    []int64     // the invocations of these writes
	states   []S
	applied  []int32
	pool     pool[I]
	earlier  map[V][]int // by value: the unknown writes of earlier windows that were looked up
	depends  []I         // the inputs of unknown operations of earlier windows that do more than write
	readers  map[int][]int
	next     map[int]int // by write: the operation that reads its value and writes
	takes    []bool      // by unknown write: whether it took effect
	work     []int       // reads whose source is still to be found
	forced   bool        // the initial value was read
	held     V           // the initial value
	used     []int32
	all      []cluster[V]
	possible clarity
}

type clarity uint8

const (
	unclear clarity = iota
	possible
	impossible
)

// accessing is an operation with its effect.
type accessing[V comparable] struct {
	Access[V]
	call, ret int64
	id        int32 // the number of an operation of unknown outcome; -1 for others
	at        int   // its index in the window; -1 for one of an earlier window
	waiting   bool
}

// fromStart is the source of a read of the initial value.
const fromStart = -1

func (e *ExactRegister[V, S, I, O]) clusters(
	states []S, applied []int32, ops []operation[I, O], p pool[I],
) *clusters[V, S, I, O] {
	z := &clusters[V, S, I, O]{
		exact: e, writers: make(map[V][]int), states: states, applied: applied, pool: p, earlier: make(map[V][]int),
		readers: make(map[int][]int), next: make(map[int]int),
	}
	for i := range ops {
		op := &ops[i]
		a := accessing[V]{Access: e.Access(op.in, &op.out), call: op.call, ret: op.ret, id: -1, at: op.at}
		if a.Other {
			return z
		}
		z.ops = append(z.ops, a)
	}
	for i, u := range p.ops {
		a := accessing[V]{
			Access: e.Access(u.in, nil), call: u.call, ret: never, id: p.earlier.next + int32(i), at: u.at, waiting: u.waiting,
		}
		if a.Other {
			return z
		}
		z.ops = append(z.ops, a)
	}
	if p.earlier.mixed > 0 {
		for _, in := range p.dependingBefore() {
			if a := e.Access(in, nil); a.Other {
				return z
			}
			z.depends = append(z.depends, in)
		}
	}
	slices.SortFunc(z.ops, func(a, b accessing[V]) int { return cmp.Compare(a.call, b.call) })
	z.takes = make([]bool, len(z.ops))
	for i, a := range z.ops {
		if !a.Writes {
			if a.id < 0 && a.Reads {
				z.work = append(z.work, i)
			}
			continue
		}
		z.writers[a.Write] = append(z.writers[a.Write], i)
		if a.id < 0 {
			z.calls, z.firstRet = append(z.calls, a.call), append(z.firstRet, a.ret)
			z.take(i)
		}
	}
	for i := len(z.firstRet) - 2; i >= 0; i-- {
		z.firstRet[i] = min(z.firstRet[i], z.firstRet[i+1])
	}
	if z.possible = z.sources(); z.possible == possible {
		z.possible = z.build()
	}
	if z.possible == possible && z.contradict() {
		z.possible = impossible
	}
	return z
}

// take records that a write takes effect.
func (z *clusters[V, S, I, O]) take(i int) {
	if z.takes[i] {
		return
	}
	z.takes[i] = true
	if z.ops[i].id >= 0 {
		z.used = append(z.used, z.ops[i].id)
	}
	if z.ops[i].Reads {
		z.work = append(z.work, i)
	}
}

// overwritten returns the first return of a write that was invoked after moment.
func (z *clusters[V, S, I, O]) overwritten(moment int64) int64 {
	at, _ := slices.BinarySearch(z.calls, moment+1)
	if at == len(z.calls) {
		return never
	}
	return z.firstRet[at]
}

// sources finds the writer of each value read. The result is unclear if there may be two.
func (z *clusters[V, S, I, O]) sources() clarity {
	for len(z.work) > 0 {
		r := z.work[len(z.work)-1]
		z.work = z.work[:len(z.work)-1]
		from, found := z.source(r)
		if found != possible {
			return found
		}
		if from == fromStart {
			if z.forced && z.held != z.ops[r].Read {
				return impossible
			}
			z.forced, z.held = true, z.ops[r].Read
		} else {
			z.take(from)
		}
		if !z.ops[r].Writes {
			z.readers[from] = append(z.readers[from], r)
			continue
		}
		if _, twice := z.next[from]; twice {
			return impossible // only one of them can have found it
		}
		z.next[from] = r
	}
	return possible
}

func (z *clusters[V, S, I, O]) source(reader int) (from int, found clarity) {
	r := z.ops[reader]
	found = impossible
	add := func(i int) bool {
		if found == possible {
			found = unclear
			return false
		}
		from, found = i, possible
		return true
	}
	if z.overwritten(0) >= r.call && slices.ContainsFunc(z.states, func(s S) bool { return z.exact.Value(s) == r.Read }) {
		add(fromStart)
	}
	for _, i := range z.writers[r.Read] {
		w := &z.ops[i]
		if w.call >= r.ret {
			break
		}
		if i == reader || w.ret != never && z.overwritten(w.ret) < r.call {
			continue
		}
		if !add(i) {
			return from, unclear
		}
	}
	for _, i := range z.before(r.Read) {
		if i != reader && !add(i) {
			return from, unclear
		}
	}
	return from, found
}

// before returns the unknown operations of earlier windows that can have written a value. It returns at most two:
// more make no difference.
func (z *clusters[V, S, I, O]) before(v V) []int {
	if all, known := z.earlier[v]; known {
		return all
	}
	var all []int
	look := func(in I) {
		n := 0
		for _, id := range z.pool.earlier.places[in] {
			if _, gone := slices.BinarySearch(z.applied, id); gone {
				continue
			}
			if n++; n > 2 {
				break
			}
			all = append(all, len(z.ops))
			z.ops = append(z.ops, accessing[V]{Access: z.exact.Access(in, nil), ret: never, id: id, at: -1})
			z.takes = append(z.takes, false)
		}
	}
	for _, in := range z.exact.Writers(v) {
		look(in)
	}
	for _, in := range z.depends {
		if a := z.exact.Access(in, nil); a.Writes && a.Write == v {
			look(in)
		}
	}
	z.earlier[v] = all
	return all
}

// build makes the clusters.
func (z *clusters[V, S, I, O]) build() clarity {
	linked := 0
	chain := func(head int) bool {
		c := cluster[V]{first: never, last: -1, start: head == fromStart}
		var s succession
		add := func(i int) bool {
			a := &z.ops[i]
			c.first, c.last = min(c.first, a.ret), max(c.last, a.call)
			c.members = append(c.members, i)
			if a.Writes {
				c.holds, c.written = a.Write, true
			}
			return s.add(a.call, a.ret)
		}
		if c.start {
			c.first, c.holds = -1, z.held
		} else if !add(head) {
			return false
		}
		for at := head; ; {
			s.close()
			for _, i := range z.readers[at] {
				if !add(i) {
					return false
				}
			}
			s.close()
			next, more := z.next[at]
			if !more {
				break
			}
			linked++
			if !add(next) {
				return false
			}
			at = next
		}
		z.all = append(z.all, c)
		return true
	}
	if !chain(fromStart) {
		return impossible
	}
	for i := range z.ops {
		if z.takes[i] && z.ops[i].Writes && !z.ops[i].Reads && !chain(i) {
			return impossible
		}
	}
	if linked < len(z.next) {
		return impossible // they read from one another in a cycle
	}
	return possible
}

// contradict reports whether two clusters must precede each other.
func (z *clusters[V, S, I, O]) contradict() bool {
	order := make([]int, len(z.all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(z.all[a].first, z.all[b].first) })
	// Of the clusters that come first, the two with the latest invocations.
	tops := make([][2]int, 0, len(order))
	top := [2]int{-1, -1}
	later := func(a, b int) bool { return b < 0 || z.all[a].last > z.all[b].last }
	for _, i := range order {
		switch {
		case later(i, top[0]):
			top = [2]int{i, top[0]}
		case later(i, top[1]):
			top[1] = i
		}
		tops = append(tops, top)
	}
	for i := range z.all {
		c := &z.all[i]
		n, _ := slices.BinarySearchFunc(order, c.last, func(other int, last int64) int { return cmp.Compare(z.all[other].first, last) })
		if n == 0 {
			continue
		}
		other := tops[n-1][0]
		if other == i {
			other = tops[n-1][1]
		}
		if other >= 0 && c.before(&z.all[other]) {
			return true
		}
	}
	return false
}

// settled finds the clusters that later operations cannot interact with, given that no outstanding operation was
// invoked before moment: every value that can still be read was written after them, and they precede all that remain.
// It returns which operations of the window they contain, and which unknown ones of earlier windows. The initial
// cluster must be among them.
func (z *clusters[V, S, I, O]) settled(moment int64) (places []int, ids []int32, all bool) {
	order := make([]int, 0, len(z.all))
	limit := int64(never) // the first return of the clusters that remain
	last := int64(-1)     // the last invocation of the clusters with an early return
	second, who := int64(-1), 0
	for i := range z.all {
		if c := &z.all[i]; c.first < moment {
			if c.last > last {
				last, second, who = c.last, last, i
			} else {
				second = max(second, c.last)
			}
		}
	}
	for i := range z.all {
		c := &z.all[i]
		others := last
		if i == who {
			others = second
		}
		dead := c.first < others && c.first < moment
		for _, m := range c.members {
			dead = dead && !z.ops[m].waiting
		}
		if dead {
			order = append(order, i)
		} else {
			limit = min(limit, c.first)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(z.all[b].last, z.all[a].last) })
	for len(order) > 0 && z.all[order[0]].last > limit {
		limit = min(limit, z.all[order[0]].first)
		order = order[1:]
	}
	for _, i := range order {
		all = all || z.all[i].start
		for _, m := range z.all[i].members {
			if a := &z.ops[m]; a.at >= 0 {
				places = append(places, a.at)
			} else {
				ids = append(ids, a.id)
			}
		}
	}
	return places, ids, all
}
