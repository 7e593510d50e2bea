package model

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"synod/internal/words"
	"synod/model/statespace"
	"synod/network"
)

// The audit of a reduced space. For every actor it keeps a graph of local states, as far as the search reached them:
// what was omitted in one must be a no-op in all that follow, and what is forgotten must not affect any step. It uses
// only handler calls, each at most once, and continues where it stopped when the search has advanced.

// auditor audits one actor. It keeps the results of previous searches.
type auditor struct {
	c *cells
	// Of all searches:
	seen   []node // that a search reached, in an order that is the same in every run
	isSeen map[node]bool
	fresh  []node // to be added
	facts  map[node][]deed
	learnt map[deed]bool
	views  *words.Table // values that properties read of local states
	wrong  []error      // errors of Forget
	mu     sync.Mutex   // of wrong and met
	// Of the current search:
	classes  *classes     // the guess; may be nil
	asked    *words.Map   // keys of met
	met      []outcomeKey // calls of the search
	next     int          // index of the first of met that was not examined
	nodes    map[node]*known
	order    []node // in the order of arrival
	letters  []deed // omitted, to be examined
	pairs    []pair
	spread   []deed   // omitted, to be omitted in all that follow
	compared int      // number of states with a representative
	split    bool     // the guess was refuted
	better   *classes // the next guess, if it is known already
}

// node is a local state, or what an actor that is down kept of one.
type node struct {
	local uint32
	down  bool
}

// known holds the data of a node that represents others.
type known struct {
	events  []statespace.ActionID
	after   []node
	dropped map[statespace.ActionID]bool
	others  []other
}

// other is a node that is represented by another.
type other struct {
	node
	like node // what it is equivalent to: the state after Forget, or its representative
	said bool // by Forget
}

// deed is an event of a node.
type deed struct {
	at node
	e  statespace.ActionID
}

// pair is an event of a representative, and a node that it represents.
type pair struct {
	deed
	other
}

func newAuditor(c *cells) *auditor {
	a := &auditor{
		c: c, isSeen: make(map[node]bool), facts: make(map[node][]deed), learnt: make(map[deed]bool),
		views: words.NewTable(c.space.arena),
	}
	a.begin()
	return a
}

// begin resets the fields for the current search.
func (a *auditor) begin() {
	a.asked, a.met, a.next = words.NewMap(a.c.space.arena), nil, 0
	a.nodes, a.order = make(map[node]*known), nil
	a.letters, a.pairs, a.spread, a.split, a.better, a.compared = nil, nil, nil, false, nil, 0
}

// meets returns the outcome of a handler call, which it records as a call of the search.
func (c *cells) meets(local uint32, action statespace.ActionID) *outcome {
	if c.space.reduced != nil {
		c.space.reduced.auditors[c.slot].note(outcomeKey{local, action})
	}
	return c.outcome(local, action)
}

func (a *auditor) note(k outcomeKey) {
	key := uint64(k.local)<<32 | uint64(k.action)
	if _, known := a.asked.Get(key); known {
		return
	}
	a.asked.Put(key, func() uint32 {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.met = append(a.met, k)
		return 0
	})
}

// fail records that a Forget is wrong.
func (a *auditor) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wrong = append(a.wrong, err)
}

// ForgetError reports that an actor's Forget removes data that still matters.
type ForgetError struct {
	Actor, State, Form, Event, What string
}

// Error names the actor, the states, the event and the difference.
func (e *ForgetError) Error() string {
	s := fmt.Sprintf("%s forgets what matters: in the state %s", e.Actor, e.State)
	if e.Form != "" {
		s += ", of which it keeps " + e.Form
	}
	if e.Event != "" {
		s += ", " + e.Event
	}
	return s + ": " + e.What
}

func (c *cells) forgetful(local uint32, format string, args ...any) error {
	return &ForgetError{
		Actor: c.who(), State: c.walker.Text(c.states.Value(local)), What: fmt.Sprintf(format, args...),
	}
}

// Audit verifies what was omitted.
func (d *reducer) Audit(space statespace.Space, p statespace.Pass) (statespace.Audited, error) {
	r := spaceOf(space).reduced
	if r == nil {
		return statespace.Sound, nil
	}
	if d.heed(r) {
		return statespace.Refuted, nil
	}
	before := r.outcomes()
	refuted := make(map[uint32]bool)
	for {
		for _, a := range r.auditors {
			a.lookAt(refuted)
		}
		var todo []asked
		for _, a := range r.auditors {
			todo = a.questions(todo)
		}
		if len(todo) == 0 {
			break
		}
		if !answer(todo, p.Workers, p.Stop) {
			return statespace.GivenUp, nil
		}
		for _, a := range r.auditors {
			a.judge(refuted)
		}
	}
	for _, a := range r.auditors {
		a.remember()
	}
	again := d.heed(r)
	for _, a := range r.auditors {
		again = again || a.split
	}
	if !again { // Otherwise the letter may be dead in every equivalent state.
		again = len(refuted) > 0
		for envelope := range refuted {
			kind := r.space.messageType(r.space.envelopes.At(envelope)[2])
			if r.merged {
				d.keptLetters[envelope] = true
				d.keptSome[kind] = true
			} else {
				d.kept[kind] = true
			}
		}
	}
	var err error
	if !again {
		if err = r.wrong(); err == nil {
			again = d.worthwhile(r, p)
		}
	}
	d.calls += r.outcomes() - before
	if !again {
		return statespace.Sound, err
	}
	d.begun++
	d.states += p.States
	d.endEndless(r)
	if d.merges && (d.begun > maxGuesses || d.effort > d.most()) {
		d.merges = false
		d.note(fmt.Sprintf("Local states are not merged: after %d guesses it would take too long to find out which ones are alike.",
			d.begun))
	}
	d.held = r.space
	return statespace.Refuted, nil
}

// maxCompared bounds the represented local states of an actor: forgetting may not terminate.
const maxCompared = 100_000

// endEndless disables reductions that would require comparing too many states.
func (d *reducer) endEndless(r *reduced) {
	for _, a := range r.auditors {
		if a.compared <= maxCompared || !d.forgets {
			continue
		}
		if d.merges {
			d.merges = false
			d.note("Local states are not merged: there are too many that would have to be compared.")
			continue
		}
		d.forgets = false
		d.note("Nothing is forgotten: there are too many local states that would have to be compared.")
	}
}

// most returns the maximum effort for merging local states.
func (d *reducer) most() int { return maxEffort + stateEffort*d.states }

// maxGuesses bounds how often a search restarts.
const maxGuesses = 200

// A search restarts with a better guess if it has ended, or has at least guessFrom states and guessAgain times as
// many as at the last attempt, and if the guess leaves at most a given share of the local states.
const (
	guessFrom  = 200
	guessAgain = 2
	guessLeast = 0.9
	guessLate  = 0.97 // at the end of a search
)

// worthwhile reports whether a search should restart because more local states are known to be equivalent.
func (d *reducer) worthwhile(r *reduced, p statespace.Pass) bool {
	if !d.merges || !d.forgets || p.States < guessFrom && !p.Ended || !p.Ended && p.States < guessAgain*d.asked {
		return false
	}
	d.asked = p.States
	now, then := 0, 0
	for _, a := range r.auditors {
		if a.c.normal == nil {
			continue
		}
		alone := 0
		for _, at := range a.order {
			if !at.down && !a.classes.has(at) {
				alone++
			}
		}
		if 5*alone < len(a.order) && !(p.Ended && alone > 0) {
			now += len(a.order)
			then += len(a.order)
			continue
		}
		s := a.guess()
		a.better = s
		stand := make(map[node]bool)
		for _, at := range a.order {
			if at.down {
				continue
			}
			now++
			form, _ := s.known(at)
			stand[form] = true
		}
		then += len(stand)
	}
	share := guessLeast
	if p.Ended {
		share = guessLate
	}
	return float64(then) <= share*float64(now) && then < now
}

// remember adds the new nodes to those seen, in the order of their content.
func (a *auditor) remember() {
	content := func(r node) []byte {
		if r.down {
			return anyWalker.Encode([]byte{1}, a.c.kept.Value(r.local))
		}
		return a.c.walker.Encode([]byte{0}, a.c.states.Value(r.local))
	}
	slices.SortFunc(a.fresh, func(x, y node) int { return bytes.Compare(content(x), content(y)) })
	for _, r := range a.fresh {
		if !a.isSeen[r] {
			a.isSeen[r] = true
			a.seen = append(a.seen, r)
		}
	}
	a.fresh = a.fresh[:0]
}

// see records that a search reached a node.
func (a *auditor) see(r node) {
	if !a.isSeen[r] {
		a.fresh = append(a.fresh, r)
	}
}

func spaceOf(s statespace.Space) *space {
	sp, ok := s.(*space)
	if !ok {
		panic("model: a space of another source is audited")
	}
	return sp
}

// heed disables reductions that conflict with what was read, and reports whether the search must restart.
func (d *reducer) heed(r *reduced) (again bool) {
	if d.letters && r.mail.Load() {
		d.letters, again = false, true
		d.note("Dead letters are kept: a property reads all in-flight messages, or the state constraint reads some.")
	}
	for slot := range r.locals {
		if r.locals[slot].Load() && !d.whole[slot] {
			d.whole[slot] = true
			if c := r.space.slots[slot].(*cells); c.normal != nil {
				again = true
				d.note(fmt.Sprintf("Actor %s forgets nothing: its whole local state is read. Let properties read a projection.", c.name()))
			}
		}
	}
	return again
}

// outcomes counts the distinct handler calls.
func (r *reduced) outcomes() int {
	n := 0
	for _, a := range r.auditors {
		n += a.c.outcomes.len()
	}
	return n
}

// wrong returns the least error of a Forget, or nil.
func (r *reduced) wrong() error {
	var all []error
	for _, a := range r.auditors {
		all = append(all, a.wrong...)
	}
	if len(all) == 0 {
		return nil
	}
	return slices.MinFunc(all, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
}

// asked is a handler call that an audit requests.
type asked struct {
	c *cells
	k outcomeKey
}

// answer performs calls, and reports whether it finished without being stopped.
func answer(todo []asked, workers int, stop func() bool) bool {
	var taken atomic.Int64
	var wg sync.WaitGroup
	var stopped atomic.Bool
	const portion = 64
	ask := func() {
		for !stopped.Load() {
			from := int(taken.Add(portion)) - portion
			if from >= len(todo) {
				return
			}
			if stop() {
				stopped.Store(true)
			}
			for _, q := range todo[from:min(from+portion, len(todo))] {
				q.c.outcome(q.k.local, q.k.action)
			}
		}
	}
	for range min(workers, len(todo)/portion+1) - 1 {
		wg.Go(ask)
	}
	ask()
	wg.Wait()
	return !stopped.Load()
}

// lookAt processes the calls of the search since the last time.
func (a *auditor) lookAt(refuted map[uint32]bool) {
	c := a.c
	if c.began.filled.Load() && c.began.err() == nil {
		a.meet(c.began.local)
	}
	for _, local := range c.resumed {
		a.meet(local)
	}
	a.mu.Lock()
	met := a.met
	a.mu.Unlock()
	for ; a.next < len(met); a.next++ {
		k := met[a.next]
		o := c.outcome(k.local, k.action)
		e := c.eventOf(k)
		if o.err() != nil {
			continue // The search itself reports it.
		}
		at := node{k.local, e.kind == statespace.Recover}
		a.happens(deed{at, k.action})
		a.follow(deed{at, k.action}, e, o)
		a.holdLoops(e, o, refuted)
	}
	for len(a.spread) > 0 {
		d := a.spread[len(a.spread)-1]
		a.spread = a.spread[:len(a.spread)-1]
		a.drop(d)
	}
}

// meet records that the search reached a local state.
func (a *auditor) meet(local uint32) {
	a.see(node{local: local})
	a.stand(node{local: a.c.norm(local)}, local)
}

// stand records the representative of a local state.
func (a *auditor) stand(at node, local uint32) {
	said := a.c.stated(local)
	a.see(node{local: said})
	if local != said {
		a.admit(at, other{node{local: local}, node{local: said}, true})
	}
	a.admit(at, other{node{local: said}, at, false})
}

// happens records an event.
func (a *auditor) happens(d deed) {
	n := a.at(d.at)
	n.events = append(n.events, d.e)
	a.learn(d)
	for _, o := range n.others {
		a.pairs = append(a.pairs, pair{d, o})
	}
}

// follow records where an event leads.
func (a *auditor) follow(d deed, e event, o *outcome) {
	c := a.c
	if o.ignored != statespace.Counts {
		if e.kind == statespace.Deliver && !c.space.reduced.keeps(c.envelopeTo(d.e)) {
			a.spread = append(a.spread, d)
		}
		return
	}
	to := a.to(e, o)
	if to.down {
		a.at(to)
	} else {
		a.meet(o.local)
	}
	n := a.at(d.at)
	if !slices.Contains(n.after, to) {
		n.after = append(n.after, to)
		for letter := range n.dropped {
			a.spread = append(a.spread, deed{to, letter})
		}
	}
}

// to returns the node that an outcome leads to.
func (a *auditor) to(e event, o *outcome) node {
	if e.kind == statespace.Crash {
		return node{o.local, true}
	}
	return node{local: a.c.norm(o.local)}
}

func (a *auditor) at(at node) *known {
	n := a.nodes[at]
	if n == nil {
		n = &known{dropped: make(map[statespace.ActionID]bool)}
		a.nodes[at] = n
		a.order = append(a.order, at)
	}
	return n
}

// admit records that a node represents another one.
func (a *auditor) admit(at node, o other) {
	n := a.at(at)
	if o.node == at || slices.Contains(n.others, o) {
		return
	}
	if a.compared++; a.compared > maxCompared {
		a.split = true
		return
	}
	n.others = append(n.others, o)
	if o.said && !o.down {
		a.seeAlike(o.like.local, o.local)
	}
	if !o.said && !o.down && a.looks(o.node) != a.looks(o.like) {
		a.tell(o)
	}
	for _, e := range n.events {
		a.pairs = append(a.pairs, pair{deed{at, e}, o})
	}
}

// tell records that two nodes are not equivalent.
func (a *auditor) tell(o other) {
	a.split = true
	a.see(o.node)
	a.see(o.like)
}

// seeAlike requires that properties read the same from a state and from its form after Forget.
func (a *auditor) seeAlike(form, raw uint32) {
	c := a.c
	for i, p := range c.space.sys.projections {
		if p.slot == c.slot && c.project(form, i) != c.project(raw, i) {
			a.fail(&ForgetError{
				Actor: c.who(), State: c.walker.Text(c.states.Value(raw)), Form: c.walker.Text(c.states.Value(form)),
				What: fmt.Sprintf("properties read %s of the one and %s of the other",
					textAny(c.space.reader.of(c.project(raw, i))), textAny(c.space.reader.of(c.project(form, i)))),
			})
		}
	}
}

// drop records that a message is omitted in a node and in all that follow.
func (a *auditor) drop(d deed) {
	n := a.at(d.at)
	if n.dropped[d.e] {
		return
	}
	n.dropped[d.e] = true
	if !d.at.down {
		a.letters = append(a.letters, d)
	}
	for _, to := range n.after {
		a.spread = append(a.spread, deed{to, d.e})
	}
}

// questions appends the handler calls that are needed to judge the pending items.
func (a *auditor) questions(into []asked) []asked {
	for _, d := range a.letters {
		into = append(into, asked{a.c, outcomeKey{d.at.local, d.e}})
	}
	for _, p := range a.pairs {
		into = append(into, asked{a.c, outcomeKey{p.node.local, p.e}}, asked{a.c, outcomeKey{p.like.local, p.e}})
	}
	return into
}

// judge examines the pending items.
func (a *auditor) judge(refuted map[uint32]bool) {
	c := a.c
	letters := a.letters
	a.letters = nil
	for _, d := range letters {
		if o := c.outcome(d.at.local, d.e); o.err() != nil || o.ignored == statespace.Counts {
			refuted[c.envelopeTo(d.e)] = true
			continue
		}
		if !slices.Contains(a.at(d.at).events, d.e) {
			a.happens(d)
		}
	}
	pairs := a.pairs
	a.pairs = nil
	for _, p := range pairs {
		a.compare(p, refuted)
	}
}

// compare requires that an event does the same to a node and to its representative.
func (a *auditor) compare(p pair, refuted map[uint32]bool) {
	c := a.c
	e := c.eventOf(outcomeKey{p.at.local, p.e})
	head, form, raw := c.outcome(p.at.local, p.e), c.outcome(p.like.local, p.e), c.outcome(p.node.local, p.e)
	if head.err() != nil || p.said && form.err() != nil {
		return // The search reports the error, or the states are not equivalent in the first place.
	}
	if p.said && e.kind == statespace.Deliver && form.ignored != statespace.Counts && !c.space.reduced.keeps(c.envelopeTo(p.e)) {
		if raw.err() != nil || raw.ignored == statespace.Counts {
			refuted[c.envelopeTo(p.e)] = true
		}
		return
	}
	if how := a.unlike(p, e, form, raw); how != "" {
		if !p.said {
			a.tell(p.other)
			for _, o := range a.at(p.at).others {
				a.learn(deed{o.node, p.e})
			}
			return
		}
		text := func(local uint32) string { return c.walker.Text(c.states.Value(local)) }
		if p.at.down {
			text = c.keptText
		}
		a.fail(&ForgetError{
			Actor: c.who(), State: text(p.node.local), Form: text(p.like.local), Event: c.describe(e), What: how,
		})
		return
	}
	if form.ignored != statespace.Counts {
		return
	}
	if e.kind == statespace.Crash {
		a.admit(a.to(e, head), other{node{raw.local, true}, node{form.local, true}, p.said})
		return
	}
	a.stand(node{local: c.norm(raw.local)}, raw.local)
}

// unlike describes how the outcomes of an event differ, or returns an empty string.
func (a *auditor) unlike(p pair, e event, form, raw *outcome) string {
	c := a.c
	next := c.norm
	if p.said {
		next = c.stated
	}
	switch {
	case form.err() != nil || raw.err() != nil:
		return fmt.Sprintf("the handler fails: %v", cmp.Or(raw.err(), form.err()))
	case form.ignored != raw.ignored || form.idle != raw.idle:
		return "only one of the two ignores it"
	case !sameAnswer(form, raw):
		return "they command different things"
	case e.kind == statespace.Crash || next(form.local) == next(raw.local):
		return ""
	}
	return "they lead to different states: " +
		first(c.walker.Diff(c.states.Value(next(raw.local)), c.states.Value(next(form.local))), " and ")
}

// envelopeTo returns the envelope of a delivery.
func (c *cells) envelopeTo(action statespace.ActionID) uint32 {
	w := c.events.At(uint32(action))
	return c.space.envelope(w[1], uint32(c.slot), w[2])
}

// holdLoops keeps the messages of steps that could lead to the same state once the messages are omitted, if there are
// properties of paths. Such a step cannot repeat forever, unless each message has at most one copy and is never lost.
func (a *auditor) holdLoops(e event, o *outcome, refuted map[uint32]bool) {
	c, sp := a.c, a.c.space
	set := sp.network == network.UnorderedDuplicating && !sp.lossy
	if set || !sp.reduced.ofPaths || !sp.reduced.letters || o.ignored != statespace.Counts || !c.mayLoop(e, o) {
		return
	}
	for _, effect := range o.effects {
		if int(effect.Slot) <= sp.nobody && !sp.reduced.keeps(uint32(effect.Effect)) {
			refuted[uint32(effect.Effect)] = true
		}
	}
}

// mayLoop reports whether a step may leave the cell of its actor unchanged.
func (c *cells) mayLoop(e event, o *outcome) bool {
	switch e.kind {
	case statespace.Deliver:
		if c.norm(o.local) != c.norm(e.local) {
			return false
		}
		if c.space.network == network.UnorderedDuplicating {
			return true
		}
		own := c.space.envelope(c.space.ends.number(e.from), uint32(c.slot), e.what)
		return slices.Contains(o.effects, statespace.SlotEffect{Slot: int32(c.slot), Effect: statespace.EffectID(own)})
	case statespace.Timeout:
		return c.norm(o.local) == c.norm(e.local) && slices.Contains(c.lists.At(c.arm(c.none, o.timers())), e.what)
	case statespace.Choose:
		return c.norm(o.local) == c.norm(e.local) && slices.Contains(o.choices(), e.choice)
	case statespace.Act, statespace.Drop, statespace.Crash, statespace.Recover, statespace.Partition, statespace.Heal:
	}
	return false
}
