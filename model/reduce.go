package model

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"synod/internal/words"
	"synod/network"
)

// What no longer matters may be left out of a state: letters that every future state of their recipient ignores, and parts
// of a local state that no future step reads. Both are guesses until they are audited; docs/reduction.md has the argument.

// Reduction says what is left out of the states of a search.
type Reduction uint8

const (
	// Full leaves nothing out.
	Full Reduction = iota
	// DeadLetters leaves out messages that their recipient will ignore for ever. It is what --reduce means.
	DeadLetters
	// Everything merges local states besides that nothing tells apart, with the help of actor.Forget where there is one. It is
	// experimental: there are fewer states by far, but the search may take longer than a full one.
	Everything
)

var reductionNames = [...]string{"off", "letters", "all"}

// String is the name that ParseReduction understands.
func (r Reduction) String() string { return reductionNames[r] }

// ParseReduction returns the Reduction of a name.
func ParseReduction(name string) (Reduction, error) {
	if i := slices.Index(reductionNames[:], name); i >= 0 {
		return Reduction(i), nil
	}
	return 0, fmt.Errorf("unknown reduction %q: expected letters, all or off", name)
}

// Reducible is a Source of which states can be reduced.
type Reducible interface {
	Source
	// Reduce begins a reduced check. The Reducer is for that check only.
	Reduce(Reduction) Reducer
}

// Reducer is what is guessed, in one check, about what may be left out. Its spaces are reduced by what has not been refuted.
type Reducer interface {
	Source
	// Audit verifies everything that was left out of a space since the last audit. Nothing may be asked of the space
	// meanwhile. An error is a mistake in the model.
	Audit(Space, Pass) (Audited, error)
	// Report returns what has been reduced.
	Report() ReductionReport
}

// Pass is what an audit has to know of the search.
type Pass struct {
	States  int         // distinct ones so far
	Ended   bool        // there are no more
	Workers int         // goroutines that the audit may use
	Stop    func() bool // it gives up when this reports true
}

// Audited is what an audit found.
type Audited uint8

// What an audit finds.
const (
	GivenUp Audited = iota // it was stopped: nothing is known
	Sound                  // what was left out does not matter
	Refuted                // a guess was wrong, or there is a much better one: the search has to begin again, in a new space
)

// ReductionReport tells what was left out, and on what grounds.
type ReductionReport struct {
	Letters   bool     // dead letters
	Forgotten bool     // what actors forget
	Kept      []string // the types of messages of which some or all are kept, as a guess about them was refuted
	Calls     int      // of handlers that the audits made, in all runs
	Notes     []string // sentences on what is not reduced, and why
}

// reducer is the Reducer of a system.
type reducer struct {
	sys         *system
	letters     bool
	forgets     bool
	merges      bool            // local states are merged without being told to
	kept        map[string]bool // types of messages
	keptLetters map[uint32]bool // envelopes
	keptSome    map[string]bool // types of those
	whole       map[int]bool    // slots of actors that nothing is forgotten of
	calls       int
	notes       []string
	effort      int    // of merging local states
	states      int    // that the searches visited that were given up
	begun       int    // how often the search began again
	asked       int    // the states when a better guess was last looked for
	held        *space // of the last search, with all that it came to, if the search begins again
}

// Reduce implements Reducible.
func (sys *system) Reduce(r Reduction) Reducer {
	d := &reducer{
		sys: sys, letters: r >= DeadLetters, forgets: r >= Everything, merges: r >= Everything,
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

// ofPaths reports whether some property is one of paths.
func (sys *system) ofPaths() bool {
	return slices.ContainsFunc(sys.properties, func(p Property) bool { return p.Expect.OfPaths() })
}

func (d *reducer) note(text string) { d.notes = append(d.notes, text) }

// Space makes a space that is reduced by what has not been refuted.
func (d *reducer) Space() (Space, error) {
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
func (d *reducer) Report() ReductionReport {
	r := ReductionReport{Letters: d.letters, Calls: d.calls, Notes: d.notes}
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

// reduced is what a reduced space leaves out, and what is known of it.
type reduced struct {
	space    *space
	reducer  *reducer
	letters  bool
	merged   bool                 // local states are merged by a guess
	ofPaths  bool                 // there are properties of paths
	kept     *words.Array[uint32] // by envelope: whether it is kept, plus one
	auditors []*auditor           // per actor
	// What was read that must not be reduced.
	mail   atomic.Bool   // all that is under way, by a property; or any of it, by the boundary
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

// prepare lets an actor forget, if it may.
func (r *reduced) prepare(c *cells) {
	c.normal, c.forms = nil, nil
	if d := r.reducer; d.forgets && !d.whole[c.slot] && (d.merges || c.actor.forget != nil) {
		c.normal, c.forms = words.NewArray[uint32](r.space.arena), words.NewArray[uint32](r.space.arena)
	}
}

// beginAgain makes a space one for another search. What is known of handlers is true all the same.
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

// keeps reports whether an envelope is never left out: a guess about messages of its type was refuted, or it is read while it
// is under way.
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
		for selection := range r.space.sys.picks {
			if _, picked := r.space.reader.pick(selection, envelope); picked {
				known = letterKept
			}
		}
		atomic.StoreUint32(place, known)
	}
	return known == letterKept
}

// noteRead notes that an aspect of a slot is read.
func (r *reduced) noteRead(slot int, a Aspect) {
	if slot > r.space.nobody {
		return
	}
	if a == Whole || a == aspectMailbox {
		r.mail.Store(true)
	}
	if slot < r.space.nobody && (a == Whole || a == aspectLocal) {
		r.locals[slot].Store(true)
	}
}

// watchBoundary gives the boundary, watched for reading what is under way: how many messages there are is not to decide
// whether a state counts.
func (r *reduced) watchBoundary(inside func(View) bool) func(View) bool {
	if inside == nil {
		return nil
	}
	return func(v View) bool {
		answer := inside(v)
		for _, read := range v.r.reads {
			if r.space.ofNetwork(read) {
				r.mail.Store(true)
			}
		}
		return answer
	}
}

// settled gives the id of a cell without what is left out of it: letters that its actor, in this local state, ignores.
func (c *cells) settled(t [tupleLength]uint32) PartID {
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

// listening gives the local state in which the actor of a cell takes messages next: the one that it is in, or that in which
// it will have recovered.
func (c *cells) listening(t [tupleLength]uint32) (local uint32, ok bool) {
	if t[tupleTimers] != isDown {
		return t[tupleLocal], true
	}
	o := c.meets(t[tupleLocal], c.number(Recover, 0, 0))
	if o.err() != nil {
		return 0, false // The recovery itself will tell.
	}
	return c.norm(o.local), true
}

// dead guesses whether a letter is dead in a local state: it is ignored there, and not known to be kept.
func (c *cells) dead(local uint32, l network.Letter) bool {
	if c.space.reduced.keeps(c.space.envelope(l.Source, uint32(c.slot), l.Message)) {
		return false
	}
	o := c.meets(local, c.number(Deliver, l.Source, l.Message))
	return o.err() == nil && o.ignored != Counts
}

// leavesOut reports whether a letter need not be put into a cell.
func (c *cells) leavesOut(t [tupleLength]uint32, l network.Letter) bool {
	r := c.space.reduced
	if r == nil || !r.letters {
		return false
	}
	local, ok := c.listening(t)
	return ok && c.dead(local, l)
}
