package model

import (
	"maps"
	"slices"
	"sync/atomic"

	"synod/internal/words"
	"synod/model/statespace"
	"synod/network"
)

// A reduced state omits what no longer matters: messages that every future state of their recipient ignores, and
// parts of a local state that no future step reads. Both are guesses until they are audited; docs/reduction.md has
// the argument.

// reducer is the Reducer of a system.
type reducer struct {
	sys         *system
	letters     bool
	forgets     bool
	merges      bool            // local states are merged without a Forget
	kept        map[string]bool // types of messages
	keptLetters map[uint32]bool // envelopes
	keptSome    map[string]bool // types of those
	whole       map[int]bool    // slots of actors that forget nothing
	calls       int
	notes       []string
	effort      int    // for merging local states
	states      int    // visited by abandoned searches
	begun       int    // number of times that the search restarted
	asked       int    // number of states when a better guess was last sought
	held        *space // of the last search, with its results, if the search restarts
}

// Reduce implements Reducible.
func (sys *system) Reduce(r statespace.Reduction) statespace.Reducer {
	d := &reducer{
		sys: sys, letters: r >= statespace.DeadLetters, forgets: r >= statespace.Everything, merges: r >= statespace.Everything,
		kept: make(map[string]bool), keptLetters: make(map[uint32]bool), keptSome: make(map[string]bool),
		whole: make(map[int]bool),
	}
	if d.letters && sys.config.Network == network.Ordered {
		d.letters = false
		d.note("Dead letters are kept: on an ordered network they still have to be taken out of the way of others.")
	}
	if sys.config.TimersLast {
		d.letters, d.forgets = false, false
		d.note("Nothing is reduced, as timers fire last: that is not covered by the proof.")
	}
	if (d.letters || d.forgets) && len(sys.fairness()) > 0 {
		d.letters, d.forgets = false, false
		d.note("Nothing is reduced, as paths are to be fair: that is not covered by the proof.")
	}
	if d.letters && sys.config.MaxDrops > 0 && sys.ofPaths() {
		d.letters = false
		d.note("Dead letters are kept: there are properties of paths, and losses are bounded.")
	}
	if d.forgets && sys.ofPaths() {
		d.forgets = false
		d.note("Local states are not reduced, as there are properties of paths: steps that change only what is forgotten " +
			"could be taken for ever.")
	}
	return d
}

// ofPaths reports whether some property is a property of paths.
func (sys *system) ofPaths() bool {
	return slices.ContainsFunc(sys.properties, func(p statespace.Property) bool { return p.Expect.OfPaths() })
}

func (d *reducer) note(text string) { d.notes = append(d.notes, text) }

// Space returns a space that is reduced by the guesses that have not been refuted.
func (d *reducer) Space() (statespace.Space, error) {
	if sp := d.held; sp != nil {
		d.held, d.asked = nil, 0
		if !d.letters && !d.forgets {
			sp.Close()
			return d.Space()
		}
		sp.beginAgain()
		return sp, nil
	}
	full, err := d.sys.Space()
	if err != nil {
		return nil, err
	}
	sp := full.(*space)
	if d.letters || d.forgets {
		sp.reduced = newReduced(sp, d)
	}
	return sp, nil
}

// Report returns what has been reduced.
func (d *reducer) Report() statespace.ReductionReport {
	r := statespace.ReductionReport{Letters: d.letters, Calls: d.calls, Notes: d.notes}
	for slot, a := range d.sys.actors {
		r.Forgotten = r.Forgotten || d.forgets && (d.merges || a.forget != nil) && !d.whole[slot]
	}
	for _, names := range []map[string]bool{d.kept, d.keptSome} {
		r.Kept = slices.AppendSeq(r.Kept, maps.Keys(names))
	}
	slices.Sort(r.Kept)
	r.Kept = slices.Compact(r.Kept)
	return r
}

// reduced holds what a reduced space omits, and what is known about that.
type reduced struct {
	space    *space
	reducer  *reducer
	letters  bool
	merged   bool                 // local states are merged by a guess
	ofPaths  bool                 // there are properties of paths
	kept     *words.Array[uint32] // by envelope: whether it is kept, plus one
	auditors []*auditor           // per actor
	// What was read and must therefore not be reduced:
	mail   atomic.Bool   // all messages in flight, by a property; or any, by the state constraint
	locals []atomic.Bool // per actor: its local state
}

// Values of reduced.kept.
const (
	letterUnknown = iota
	letterGuessed
	letterKept
)

func newReduced(sp *space, d *reducer) *reduced {
	r := &reduced{
		space: sp, reducer: d, letters: d.letters, ofPaths: d.sys.ofPaths(), kept: words.NewArray[uint32](sp.arena),
		locals: make([]atomic.Bool, len(sp.sys.actors)),
	}
	for slot := range sp.sys.actors {
		c := sp.slots[slot].(*cells)
		r.auditors = append(r.auditors, newAuditor(c))
		r.prepare(c)
	}
	return r
}

// prepare sets up the forgetting of an actor, if it is allowed.
func (r *reduced) prepare(c *cells) {
	c.normal, c.forms = nil, nil
	if d := r.reducer; d.forgets && !d.whole[c.slot] && (d.merges || c.actor.forget != nil) {
		c.normal, c.forms = words.NewArray[uint32](r.space.arena), words.NewArray[uint32](r.space.arena)
	}
}

// beginAgain prepares a space for another search. The results of handlers remain valid.
func (sp *space) beginAgain() {
	r := sp.reduced
	r.letters, r.kept = r.reducer.letters, words.NewArray[uint32](sp.arena)
	for slot, a := range r.auditors {
		c := sp.slots[slot].(*cells)
		a.classes = nil
		if r.reducer.merges && r.reducer.forgets && !r.reducer.whole[slot] {
			if r.prepare(c); a.better == nil {
				a.better = a.guess()
			}
			a.classes, r.merged = a.better, true
		}
		r.prepare(c)
		a.begin()
		c.renew()
	}
	nobody := newNobody(sp)
	sp.slots[sp.nobody] = nobody
}

// keeps reports whether an envelope is never omitted: a guess about messages of its type was refuted, or it is read
// while it is in flight.
func (r *reduced) keeps(envelope uint32) bool {
	if !r.letters {
		return true
	}
	r.kept.Ensure(envelope)
	place := r.kept.At(envelope)
	known := atomic.LoadUint32(place)
	if known == letterUnknown {
		known = letterGuessed
		if r.reducer.keptLetters[envelope] {
			known = letterKept
		}
		if r.reducer.kept[r.space.messageType(r.space.envelopes.At(envelope)[2])] {
			known = letterKept
		}
		if r.picks(envelope) {
			known = letterKept
		}
		atomic.StoreUint32(place, known)
	}
	return known == letterKept
}

// picks reports whether a selection picks an envelope while it is in flight.
func (r *reduced) picks(envelope uint32) bool {
	for selection := range r.space.sys.picks {
		if _, picked := r.space.reader.pick(selection, envelope); picked {
			return true
		}
	}
	return false
}

// noteRead records that an aspect of a slot is read.
func (r *reduced) noteRead(slot int, a statespace.Aspect) {
	if slot > r.space.nobody {
		return
	}
	if a == statespace.Whole || a == aspectMailbox {
		r.mail.Store(true)
	}
	if slot < r.space.nobody && (a == statespace.Whole || a == aspectLocal) {
		r.locals[slot].Store(true)
	}
}

// watchBoundary wraps the state constraint to detect reads of messages in flight: the number of messages must not
// decide whether a state is inside.
func (r *reduced) watchBoundary(inside func(*statespace.Reading) bool) func(*statespace.Reading) bool {
	if inside == nil {
		return nil
	}
	return func(reading *statespace.Reading) bool {
		answer := inside(reading)
		for _, read := range reading.Reads() {
			if r.space.ofNetwork(read) {
				r.mail.Store(true)
			}
		}
		return answer
	}
}

// settled returns the id of a cell without the messages that its actor ignores in this local state.
func (c *cells) settled(t [tupleLength]uint32) statespace.PartID {
	r := c.space.reduced
	if r == nil || !r.letters {
		return c.tuple(t)
	}
	local, ok := c.listening(t)
	if !ok {
		return c.tuple(t)
	}
	var few [32]network.Letter
	box := c.mailbox.at(t[tupleMailbox], few[:0])
	left := slices.DeleteFunc(box, func(l network.Letter) bool { return c.dead(local, l) })
	if len(left) < len(box) {
		t[tupleMailbox] = c.mailbox.intern(left)
	}
	return c.tuple(t)
}

// listening returns the local state in which the actor of a cell receives its next message: the current one, or the
// one after its recovery.
func (c *cells) listening(t [tupleLength]uint32) (local uint32, ok bool) {
	if t[tupleTimers] != isDown {
		return t[tupleLocal], true
	}
	o := c.meets(t[tupleLocal], c.number(statespace.Recover, 0, 0))
	if o.err() != nil {
		return 0, false // The recovery itself reports the error.
	}
	return c.norm(o.local), true
}

// dead guesses whether a message is dead in a local state: it is ignored there, and not known to be kept.
func (c *cells) dead(local uint32, l network.Letter) bool {
	if c.space.reduced.keeps(c.space.envelope(l.Source, uint32(c.slot), l.Message)) {
		return false
	}
	o := c.meets(local, c.number(statespace.Deliver, l.Source, l.Message))
	return o.err() == nil && o.ignored != statespace.Counts
}

// leavesOut reports whether a message need not be put into a cell.
func (c *cells) leavesOut(t [tupleLength]uint32, l network.Letter) bool {
	r := c.space.reduced
	if r == nil || !r.letters {
		return false
	}
	local, ok := c.listening(t)
	return ok && c.dead(local, l)
}
