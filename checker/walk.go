package checker

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"synod/checker/internal/expand"
	"synod/checker/internal/judge"
	"synod/model/statespace"
)

const (
	defaultWalkTime  = 10 * time.Second
	defaultWalkDepth = 1_000
)

// Walk takes random walks from the initial states: in each state it takes one of the transitions, all with the same
// probability, until there is none or the walk is as long as Options.WalkDepth allows. Walk number n, from 0, depends
// only on the seed and n, so that the walks are the same at any number of workers; a discovery is that of the walk
// with the least number. Walks are not exhaustive: a property is at best "not refuted". Depth is the number of states
// on the longest walk, Unique the number of distinct states reached.
func Walk(ctx context.Context, src statespace.Source, o Options) *Result {
	if o.Walks == 0 && o.Timeout == 0 {
		o.Timeout = defaultWalkTime
	}
	if o.WalkDepth == 0 {
		o.WalkDepth = defaultWalkDepth
	}
	return search(ctx, "walk", src, o, (*engine).walk)
}

// walks is the state that walkers share.
type walks struct {
	next  atomic.Int64 // the number of the next walk
	done  atomic.Int64
	first []atomic.Int64 // per property: the least walk that decides it, plus one; 0 for none
	steps []int          // per property: the number of steps until then, guarded by engine.results
	busy  []*walker
	// The walk with an error, and the number of steps until then; nil for none. Guarded by engine.results.
	broken *[2]int64
	// The tables are full: the walks continue in new ones, and states reached in both would be counted twice.
	full atomic.Bool
	most int // the most distinct states so far in one set of tables
}

// settle closes the properties that no walk with a lesser number can still decide.
func (a *walks) settle(j *judge.Judge) {
	for p := range a.first {
		first := a.first[p].Load() - 1
		if first < 0 || j.Decided(p) {
			continue
		}
		if !slices.ContainsFunc(a.busy, func(k *walker) bool { return k.number.Load() < first }) {
			j.Settle(p)
		}
	}
}

// lastThatCounts returns the number, plus one, of the last walk whose discoveries count. If the search is to end at
// the first violation, this is the violating walk with the least number: which later ones were taken by then depends
// on the workers.
func (a *walks) lastThatCounts(e *engine) int64 {
	last := int64(math.MaxInt64)
	if e.options.FinishWhen != FirstViolation {
		return last
	}
	for p, property := range e.judge.Properties {
		if n := a.first[p].Load(); n > 0 && property.Expect != statespace.Sometimes {
			last = min(last, n)
		}
	}
	return last
}

// walker takes one walk at a time.
type walker struct {
	w       *worker
	all     *walks
	number  atomic.Int64 // -1 before the first walk, and the greatest number after the last
	source  rand.PCG
	ids     []uint32 // per unit
	next    []uint32
	words   []uint64 // per unit: its steps, or 0 if it changed and they must be looked up
	steps   int
	walking bool
	ended   bool        // there are enough walks
	total   int         // steps of the state, including refused ones; 0 if not counted
	drawn   int         // one of them, if total is not 0
	seen    judge.Reads // of the state judged last
	due     []bool      // per property of paths: its demand is not met yet

	// If states are expanded as a whole: the successors of the current state, if expanded is set.
	grown    statespace.Successors
	expanded bool
	repeats  bool // the walk is being repeated
}

func (e *engine) walk(r *Result) {
	// The walks depend on the order of steps, so it must be that of their content.
	e.units.Sorted = true
	all := &walks{first: make([]atomic.Int64, len(r.Properties)), steps: make([]int, len(r.Properties))}
	batches := make([]*walkBatch, len(e.workers))
	for i, w := range e.workers {
		batches[i] = newWalkBatch(w, all)
		all.busy = append(all.busy, batches[i].walkers...)
	}
	walkers := all.busy
	for again := true; again; {
		e.parallel(func(w *worker) { batches[w.number].run() })
		e.flush()
		r.AtLeast = r.AtLeast || all.full.Load()
		switch {
		case e.halt.Load() != 0:
			again = false
		case all.full.Load():
			all.most = max(all.most, e.states.Len())
			if err := e.moveOut(walkers); err != nil {
				e.failAt(err, nil)
			}
			all.full.Store(false)
		case e.overflow.Load():
			e.relayout(e.units)
		default:
			again = false
		}
	}
	r.most = all.most
	r.Walks = int(all.done.Load())
	if b := all.broken; b != nil {
		r.Failure = walkers[0].again(b[0], int(b[1]))
	}
	last := all.lastThatCounts(e)
	for i := range r.Properties {
		if n := all.first[i].Load(); n > 0 && n <= last {
			r.Properties[i].Path = walkers[0].again(n-1, all.steps[i])
			if p := r.Properties[i]; p.Path != nil {
				p.Path.Maximal = p.Expect.OfPaths()
			}
		}
	}
}

func (e *engine) enoughWalks() bool {
	return e.options.FinishWhen == Decided && e.judge.AllDecided() ||
		e.options.FinishWhen == FirstViolation && e.judge.Violation()
}

// begin starts a walk.
func (k *walker) begin(number int64) {
	e := k.w.e
	k.number.Store(number)
	k.steps, k.walking, k.total = 0, true, 0
	k.source.Seed(e.options.Seed, uint64(number))
	initial := e.initial[k.draw(len(e.initial))]
	for i, u := range e.units.Of {
		k.ids[i] = u.ID(initial)
	}
	clear(k.words)
	k.expanded = false
	k.w.generated.Add(1)
	k.setOut()
}

// draw returns a random number below n, all equally likely.
func (k *walker) draw(n int) int {
	bound := uint64(n)
	for {
		v := k.source.Uint64()
		// Reject the few values that would favour small results.
		if r := v % bound; v-r <= -bound {
			return int(r)
		}
	}
}

// meet counts and judges the state that the walk is in. It reports false if the state does not fit into the layout.
func (k *walker) meet() bool {
	w := k.w
	e := w.e
	copy(w.row, k.ids)
	packed, ok := e.states.Layout.Pack(w.row, len(e.units.Of))
	if !ok {
		return w.widen()
	}
	w.successors = append(w.successors, packed)
	k.judge()
	k.notice()
	return true
}

// judge evaluates the properties in the current state of the walk.
func (k *walker) judge() {
	w := k.w
	e := w.e
	if !e.judge.Anything() {
		return
	}
	if w.expansion != nil {
		e.units.Parts(k.ids, w.state)
		if decides := w.askWhole(); len(decides) > 0 {
			k.decided(decides)
		}
		return
	}
	a := e.judge.Agreements(e.units)
	last := k.seen
	k.seen = a.After(last, k.ids, k.words, w.state)
	if w.judged.Due() {
		w.askAgain(k.ids)
	}
	if k.seen.Known(last) {
		return
	}
	if decides := w.ask(a, k.seen.Key(), k.ids); len(decides) > 0 {
		k.decided(decides)
		k.seen = judge.Reads{} // It may decide properties in another walk, too.
	}
}

// decided records that the walk decides properties after its current number of steps.
func (k *walker) decided(properties []int) {
	e := k.w.e
	e.results.Lock()
	defer e.results.Unlock()
	for _, p := range properties {
		if first := k.all.first[p].Load(); first == 0 || k.number.Load() < first-1 {
			k.all.first[p].Store(k.number.Load() + 1)
			k.all.steps[p] = k.steps
		}
	}
}

// step takes a random transition. It reports false if there is none.
func (k *walker) step() bool {
	w := k.w
	e := w.e
	var tried []int
	if !k.choose() {
		return false
	}
	total := k.total
	k.total = 0
	if e.units.Ranked {
		tried = k.outranked(total)
	}
	for first := !e.units.Ranked; len(tried) < total; first = false {
		n := k.drawn
		if !first {
			n = k.draw(total - len(tried))
		}
		for _, t := range tried { // in ascending order
			if n >= t {
				n++
			}
		}
		if k.take(n) {
			if w.refining != nil {
				k.refine()
			}
			for index, id := range k.next {
				if id != k.ids[index] {
					k.ids[index], k.words[index], k.expanded = id, 0, false
				}
			}
			k.steps++
			w.generated.Add(1)
			return true
		}
		if e.halt.Load() != 0 {
			return false
		}
		at, _ := slices.BinarySearch(tried, n)
		tried = slices.Insert(tried, at, n)
	}
	return false
}

// choose counts the steps of the state and, unless they are ranked, draws one. It reports false if there is none, or
// on an error.
func (k *walker) choose() bool {
	if k.total > 0 {
		return true
	}
	total, ok := k.transitions()
	if !ok || total == 0 {
		return false
	}
	k.total = total
	if !k.w.e.units.Ranked {
		k.drawn = k.draw(total)
	}
	return true
}

// transitions counts the steps of the state, including refused ones. It reports false on an error.
func (k *walker) transitions() (total int, ok bool) {
	us := k.w.e.units
	if k.w.expansion != nil {
		return k.expandHere()
	}
	for index, u := range us.Of {
		word := k.words[index]
		if word == 0 {
			var err error
			if word, err = us.StepsOf(u, k.ids[index], &k.w.compile); err != nil {
				k.failed(err)
				return 0, false
			}
			k.words[index] = word
		}
		total += expand.StepCount(word)
	}
	return total, true
}

// take sets k.next to the successor by step n. It reports false if the step is refused, or leads outside the
// boundary.
func (k *walker) take(n int) bool { return k.lead(n) && (k.w.e.inside == nil || k.within()) }

// lead is take without the boundary.
func (k *walker) lead(n int) bool {
	w := k.w
	e := w.e
	us := e.units
	if w.expansion != nil {
		k.leadHere(n)
		return true
	}
	index, n := k.unitOf(n)
	copy(k.next, k.ids)
	word := k.words[index]
	if word&expand.Lone != 0 {
		k.next[index] = uint32(word)
		for lone := expand.LoneEffects(word); lone != 0; lone >>= expand.LoneEffect {
			if !k.effect(uint32(lone&(1<<expand.LoneEffect-1)) - 1) {
				return false
			}
		}
		return true
	}
	block := us.StepAt(word, n)
	k.next[index] = block[0]
	for _, effect := range block[2 : 2+block[1]] {
		if !k.effect(effect) {
			return false
		}
	}
	return true
}

// unitOf returns the unit of step n of the state, and the step's number within the unit.
func (k *walker) unitOf(n int) (index, own int) {
	for n >= expand.StepCount(k.words[index]) {
		n -= expand.StepCount(k.words[index])
		index++
	}
	return index, n
}

func (k *walker) effect(effect uint32) bool {
	e := k.w.e
	target := e.units.Target(effect)
	next, err := e.units.Apply(e.units.Of[target], k.next[target], effect)
	if err != nil {
		k.failed(err)
		return false
	}
	k.next[target] = next
	return next != expand.Refused
}

func (k *walker) within() bool {
	w := k.w
	w.e.units.Parts(k.next, w.state)
	inside, err := w.within()
	if err != nil {
		w.e.failAt(err, slices.Clone(w.state))
	}
	if !inside {
		w.cuts.Add(1)
	}
	return inside
}

func (k *walker) state() []statespace.PartID {
	state := make([]statespace.PartID, k.w.e.space.Slots())
	k.w.e.units.Parts(k.ids, state)
	return state
}

// failed stops the search with an error in the current state of this walk.
func (k *walker) failed(err error) {
	e := k.w.e
	e.results.Lock()
	if k.all.broken == nil {
		k.all.broken = &[2]int64{k.number.Load(), int64(k.steps)}
	}
	e.results.Unlock()
	e.failAt(err, nil)
}

// again repeats a walk, and returns its path of the given number of steps.
func (k *walker) again(number int64, steps int) *statespace.Path {
	generated, cuts := k.w.generated.Load(), k.w.cuts.Load()
	k.repeats = true
	defer func() { k.w.generated.Store(generated); k.w.cuts.Store(cuts); k.repeats = false }()
	k.begin(number)
	states := [][]statespace.PartID{k.state()}
	for k.steps < steps && k.step() {
		states = append(states, k.state())
	}
	path, err := k.w.e.paths().along(states)
	if err != nil {
		k.w.e.failAt(err, nil)
		return nil
	}
	return path
}
