package model

import (
	"fmt"
	"slices"
	"sync/atomic"

	"synod/actor"
	"synod/internal/intern"
	"synod/internal/words"
	"synod/model/statespace"
	"synod/network"
)

// The aspects of an actor's cell. From aspectPicks on, each selection has several; see space.pickAspect.
const (
	aspectLocal   statespace.Aspect = 1
	aspectMailbox statespace.Aspect = 2
	aspectUp      statespace.Aspect = 3 // 1, or 0 while the actor is down
	aspectPicks   statespace.Aspect = 16
	// From aspectProjections on, there is one for each projection of the system.
	aspectProjections statespace.Aspect = 1 << 16
)

// cells are the distinct contents of an actor's slot: all state that belongs to the actor. A cell is four words:
// local state, mailbox, timers and choices, each a number in its own table.
type cells struct {
	space     *space
	slot      int
	id        actor.ID
	actor     handlers
	walker    *intern.Walker[any]
	states    *intern.Table[any]
	mailbox   *mailboxes
	timers    *intern.Table[any]
	options   *intern.Table[any]
	kept      *intern.Table[any] // values that survive crashes
	crashes   bool               // the actor may crash
	lists     *words.Table       // sets of timers, pending choices, and multisets of pending choices
	tuples    *words.Pairs       // local state with timers and choices (see inner), and mailbox
	none      uint32             // the empty list
	inners    *words.Table       // local states with timers or choices: the three numbers
	events    *words.Table       // kind, and two words: source and message, or timer, or pending choice and option
	began     outcome            // result of the start
	outcomes  *outcomes
	calls     atomic.Int64 // number of distinct calls, including the start
	own       ownValue
	normal    *words.Array[uint32]   // local state -> its representative, plus one; nil if nothing is forgotten
	forms     *words.Array[uint32]   // local state -> the result of Forget, plus one; nil likewise
	resumed   []uint32               // local states of the actor in a Beginning
	projected []*words.Array[uint32] // per projection: local state -> number of the value plus one; nil for other slots
}

const (
	tupleLocal = iota
	tupleMailbox
	tupleTimers
	tupleChoices
	tupleLength
)

func newCells(sp *space, slot int, id actor.ID, a handlers) (*cells, error) {
	w, err := intern.Boxed(a.state)
	if err != nil {
		return nil, fmt.Errorf("the state of actor %v: %w", id, err)
	}
	c := &cells{
		space: sp, slot: slot, id: id, actor: a, walker: w, states: intern.NewTableOf(w),
		timers: intern.NewTableOf(anyWalker), options: intern.NewTableOf(anyWalker), kept: intern.NewTableOf(anyWalker),
		crashes: sp.sys.crashes(id),
		lists:   words.NewTable(sp.arena), events: words.NewTable(sp.arena),
	}
	c.none, _ = c.lists.Intern(nil)
	c.renew()
	c.outcomes = newOutcomes(sp.arena)
	c.own.watch(a.value)
	for _, p := range sp.sys.projections {
		var of *words.Array[uint32]
		if p.slot == slot {
			of = words.NewArray[uint32](sp.arena)
		}
		c.projected = append(c.projected, of)
	}
	return c, nil
}

// renew replaces the actor's tables of cells.
func (c *cells) renew() {
	sp := c.space
	c.tuples, c.inners = words.NewPairs(sp.arena), words.NewTable(sp.arena)
	c.mailbox = newMailboxes(sp, func(l network.Letter) uint32 {
		return sp.envelope(l.Source, uint32(c.slot), l.Message)
	}, c.numberLetter)
}

func (c *cells) name() string { return c.space.sys.nameOf(c.id) }

// key is the name of the actor in keys and contents.
func (c *cells) key() string { return c.id.String() }

// start returns the first cell of the actor and the effects of what it sends.
func (c *cells) start() (statespace.PartID, []statespace.SlotEffect, error) {
	if b, begun := c.space.sys.begin.actors[c.id]; begun {
		id, err := c.resume(b)
		return id, nil, err
	}
	o := &c.began
	o.once.Do(func() {
		o.fill(func() error {
			if err := c.call(o, event{start: true}); err != nil {
				return err
			}
			return nil
		})
	})
	if o = o.whole(); o.err() != nil {
		return 0, nil, o.err()
	}
	first := c.tuple([tupleLength]uint32{
		c.norm(o.local), c.mailbox.empty(), c.arm(c.none, o.timers()), c.pend(c.none, o.choices()),
	})
	return first, o.effects, nil
}

// tuple returns the id of the cell with these words.
func (c *cells) tuple(t [tupleLength]uint32) statespace.PartID {
	inner := t[tupleLocal]
	if t[tupleTimers] != c.none || t[tupleChoices] != c.none {
		n, _ := c.inners.Intern([]uint32{t[tupleLocal], t[tupleTimers], t[tupleChoices]})
		inner = isInner | n
	}
	return statespace.PartID(c.tuples.Intern(inner, t[tupleMailbox]))
}

// isInner marks a number in inners, for a local state with timers or choices. Most local states have none, and are
// stored in the cell directly.
const isInner = 1 << 31

// at returns the words of a cell.
func (c *cells) at(id statespace.PartID) [tupleLength]uint32 {
	inner, mailbox := c.tuples.At(uint32(id))
	if inner&isInner == 0 {
		return [tupleLength]uint32{inner, mailbox, c.none, c.none}
	}
	w := c.inners.At(inner &^ isInner)
	return [tupleLength]uint32{w[0], mailbox, w[1], w[2]}
}

// steps appends deliveries, losses, timeouts, choices, crashes and recoveries.
func (c *cells) steps(id statespace.PartID, into []statespace.Step) ([]statespace.Step, error) {
	t := c.at(id)
	if t[tupleTimers] == isDown {
		return c.downSteps(t, into)
	}
	lossy := c.space.lossy
	ways := c.mailbox.waysOf(t[tupleMailbox])
	width := c.mailbox.wayWords()
	for n := 0; len(ways) > 0; n++ {
		way := ways[:width]
		ways = ways[width:]
		deliver := statespace.ActionID(way[wayDeliver])
		o := c.meets(t[tupleLocal], deliver)
		if err := o.err(); err != nil {
			return into, err
		}
		step := statespace.Step{Action: deliver, Next: id, Effects: o.effects, Ignored: o.ignored}
		if o.ignored != statespace.Counts && c.space.consumes {
			step.Ignored = statespace.Counts // The message is removed, and no longer blocks others.
		}
		if step.Ignored == statespace.Counts {
			next := t
			next[tupleMailbox] = c.mailbox.delivered(t[tupleMailbox], n, way)
			step.Next = c.after(next, o)
		}
		into = append(into, step)
		if lossy {
			into = append(into, c.drop(t, way))
		}
	}
	into, err := c.crash(t, into)
	if err != nil {
		return into, err
	}
	return c.inner(id, t, into)
}

func (c *cells) numberLetter(kind statespace.Kind, l network.Letter) statespace.ActionID {
	return c.number(kind, l.Source, l.Message)
}

// inner appends the steps without a message: timeouts and choices.
func (c *cells) inner(id statespace.PartID, t [tupleLength]uint32, into []statespace.Step) ([]statespace.Step, error) {
	timers := c.lists.At(t[tupleTimers])
	for i, timer := range timers {
		timeout := c.number(statespace.Timeout, timer, 0)
		o := c.meets(t[tupleLocal], timeout)
		if err := o.err(); err != nil {
			return into, err
		}
		next := t
		next[tupleTimers], _ = c.lists.Intern(slices.Delete(slices.Clone(timers), i, i+1))
		step := statespace.Step{Action: timeout, Next: id, Effects: o.effects, Ignored: o.ignored, Rank: c.space.rank(statespace.Timeout)}
		if o.ignored == statespace.Counts {
			step.Next = c.after(next, o)
		}
		into = append(into, step)
	}
	pending := c.lists.At(t[tupleChoices])
	for i, choice := range pending {
		if i > 0 && pending[i-1] == choice {
			continue
		}
		for _, option := range c.lists.At(choice) {
			choose := c.number(statespace.Choose, choice, option)
			o := c.meets(t[tupleLocal], choose)
			if err := o.err(); err != nil {
				return into, err
			}
			next := t
			next[tupleChoices], _ = c.lists.Intern(slices.Delete(slices.Clone(pending), i, i+1))
			into = append(into, statespace.Step{Action: choose, Next: c.after(next, o), Effects: o.effects})
		}
	}
	return into, nil
}

// after returns the cell that follows t by a handler's outcome.
func (c *cells) after(t [tupleLength]uint32, o *outcome) statespace.PartID {
	t[tupleLocal] = c.norm(o.local)
	t[tupleTimers] = c.arm(t[tupleTimers], o.timers())
	t[tupleChoices] = c.pend(t[tupleChoices], o.choices())
	return c.settled(t)
}

// arm returns the set of timers after the commands.
func (c *cells) arm(set uint32, commands []timerCommand) uint32 {
	if len(commands) == 0 {
		return set
	}
	timers := slices.Clone(c.lists.At(set))
	for _, command := range commands {
		at, found := slices.BinarySearch(timers, command.timer)
		switch {
		case command.set && !found:
			timers = slices.Insert(timers, at, command.timer)
		case !command.set && found:
			timers = slices.Delete(timers, at, at+1)
		}
	}
	id, _ := c.lists.Intern(timers)
	return id
}

// pend returns the multiset of pending choices with more choices added.
func (c *cells) pend(multiset uint32, choices []uint32) uint32 {
	if len(choices) == 0 {
		return multiset
	}
	pending := append(slices.Clone(c.lists.At(multiset)), choices...)
	slices.Sort(pending)
	id, _ := c.lists.Intern(pending)
	return id
}

// apply puts an envelope into the mailbox.
func (c *cells) apply(id statespace.PartID, e statespace.EffectID) (statespace.PartID, bool, error) {
	t := c.at(id)
	w := c.space.envelopes.At(uint32(e))
	l := network.Letter{Source: w[0], Message: w[2]}
	if c.leavesOut(t, l) {
		return id, true, nil
	}
	t[tupleMailbox] = c.mailbox.put(t[tupleMailbox], l)
	return c.tuple(t), true, nil
}

func (c *cells) aspect(id statespace.PartID, a statespace.Aspect) uint32 {
	t := c.at(id)
	switch {
	case a == statespace.Whole:
		return uint32(id)
	case a == aspectMailbox:
		return t[tupleMailbox]
	case a == aspectUp:
		if t[tupleTimers] == isDown {
			return 0
		}
		return 1
	case t[tupleTimers] == isDown && (a < aspectPicks || a >= aspectProjections):
		return statespace.Nothing
	case t[tupleTimers] == isDown && c.space.ofDeliverable(a):
		return 0 // None: messages wait for the recovery.
	case a == aspectLocal:
		return t[tupleLocal]
	case a >= aspectProjections:
		return c.project(t[tupleLocal], int(a-aspectProjections))
	}
	return c.mailbox.picked(t[tupleMailbox], a)
}

// number returns the number of an event.
func (c *cells) number(kind statespace.Kind, a, b uint32) statespace.ActionID {
	id, _ := c.events.Intern([]uint32{uint32(kind), a, b})
	return statespace.ActionID(id)
}
