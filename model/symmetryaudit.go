package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"synod/model/statespace"
	"synod/network"
)

// The audit of a symmetry. Every handler or observer call is repeated on its image by each generator, as are the
// calls that this adds, until there are no new ones: so all images are compared. Those are the calls that a search
// without symmetry would make.

// Audit implements Symmetry.
func (s *symmetry) Audit(p statespace.Pass) (statespace.Audited, error) {
	for again := true; again && s.failed == nil; {
		again = false
		for slot := range s.space.slots {
			n, ok := s.auditSlot(slot, p.Stop)
			if !ok {
				return statespace.GivenUp, nil
			}
			again = again || n > 0
		}
	}
	return statespace.Sound, s.failed
}

// auditSlot compares the new calls of a slot with their images, and returns the number of new calls.
func (s *symmetry) auditSlot(slot int, stop func() bool) (n int, ok bool) {
	from := s.audited[slot]
	switch c := s.space.slots[slot].(type) {
	case *cells:
		keys := s.asked(c)[from:]
		n, ok = len(keys), holdAll(s, keys, stop, func(p *permutation, k outcomeKey) { s.hold(p, c, k) })
	case *histories:
		c.logMu.Lock()
		keys := c.log[from:]
		c.logMu.Unlock()
		n, ok = len(keys), holdAll(s, keys, stop, func(p *permutation, k uint64) {
			s.holdHistory(p, slot, c, statespace.PartID(k>>32), statespace.EffectID(k))
		})
	default:
		return 0, true
	}
	if ok {
		s.audited[slot] = from + n
	}
	return n, ok
}

// holdAll compares calls with their image by each generator. It returns false if it was stopped.
func holdAll[K any](s *symmetry, keys []K, stop func() bool, hold func(p *permutation, k K)) bool {
	const often = 64
	for i, k := range keys {
		if i%often == 0 && stop() {
			return false
		}
		for _, p := range s.generators {
			hold(p, k)
		}
	}
	return true
}

// asked returns the handler calls of an actor that a search or an audit made.
func (s *symmetry) asked(c *cells) []outcomeKey {
	if r := s.space.reduced; r != nil {
		a := r.auditors[c.slot]
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.met
	}
	c.outcomes.mu.Lock()
	defer c.outcomes.mu.Unlock()
	return c.outcomes.keys
}

// hold compares a handler call with its image.
func (s *symmetry) hold(p *permutation, c *cells, k outcomeKey) {
	o := c.outcome(k.local, k.action)
	if o.err() != nil {
		return // The original call reports the error.
	}
	to := p.becomes(c)
	e := c.eventOf(k)
	turned := outcomeKey{action: p.action(c, k.action)}
	if e.kind == statespace.Recover {
		turned.local = p.remnant(c, k.local)
	} else {
		turned.local = p.local(c, k.local)
	}
	s.calls++
	answer := to.meets(turned.local, turned.action)
	how := p.unlike(c, e.kind, o, answer)
	if how == "" {
		return
	}
	text := func(c *cells, local uint32) string {
		if e.kind == statespace.Recover {
			return "after keeping " + c.keptText(local)
		}
		return "in the state " + c.walker.Text(c.states.Value(local))
	}
	s.fail(&statespace.AsymmetryError{
		Who: p.names, What: fmt.Sprintf("%s %s, %s, and, with these exchanged, %s %s, %s: %s", c.who(), text(c, k.local), c.describe(e),
			to.who(), text(to, turned.local), to.describe(to.eventOf(turned)), how),
	})
}

// action returns the image of an event of an actor.
func (p *permutation) action(c *cells, a statespace.ActionID) statespace.ActionID {
	w := c.events.At(uint32(a))
	to := p.becomes(c)
	switch kind := statespace.Kind(w[0]); kind {
	case statespace.Deliver, statespace.Drop:
		return to.number(kind, p.end(w[1]), p.message(w[2]))
	case statespace.Timeout:
		return to.number(kind, p.timer(c, w[1]), 0)
	case statespace.Choose:
		return to.number(kind, p.choice(c, w[1]), p.option(c, w[2]))
	case statespace.Act, statespace.Crash, statespace.Recover, statespace.Partition, statespace.Heal:
	}
	return to.number(statespace.Kind(w[0]), w[1], w[2])
}

// unlike describes how the result of the image of a call differs from the image of the result, or returns an empty
// string.
func (p *permutation) unlike(c *cells, kind statespace.Kind, o, answer *outcome) string {
	to := p.becomes(c)
	if err := answer.err(); err != nil {
		return fmt.Sprintf("the handler fails: %v", err)
	}
	if o.ignored != answer.ignored || o.idle != answer.idle {
		return "only one of the two ignores it"
	}
	switch {
	case kind == statespace.Crash:
		if p.remnant(c, o.local) != answer.local {
			return fmt.Sprintf("they keep different things: %s and %s, which would be %s", c.keptText(o.local), to.keptText(answer.local),
				to.keptText(p.remnant(c, o.local)))
		}
	case p.local(c, o.local) != answer.local:
		return "they lead to different states: " +
			first(to.walker.Diff(to.states.Value(p.local(c, o.local)), to.states.Value(answer.local)), " and ")
	}
	expect, got := p.effects(o.effects), p.of.sorted(answer.effects)
	if !slices.Equal(expect, got) {
		return fmt.Sprintf("they send different messages, or an observer sees them in another order: %s and %s",
			p.of.sends(expect), p.of.sends(got))
	}
	timers := make([]timerCommand, 0, len(o.timers()))
	for _, t := range o.timers() {
		timers = append(timers, timerCommand{p.timer(c, t.timer), t.set})
	}
	choices := make([]uint32, 0, len(o.choices()))
	for _, choice := range o.choices() {
		choices = append(choices, p.choice(c, choice))
	}
	slices.Sort(choices)
	if !slices.Equal(timers, answer.timers()) || !slices.Equal(choices, slices.Sorted(slices.Values(answer.choices()))) {
		return "they command different timers or choices"
	}
	return ""
}

// effects returns the images of the effects of a handler call.
func (p *permutation) effects(of []statespace.SlotEffect) []statespace.SlotEffect {
	turned := make([]statespace.SlotEffect, len(of))
	for i, e := range of {
		turned[i] = statespace.SlotEffect{Slot: int32(p.slot[e.Slot]), Effect: p.effect(int(e.Slot), e.Effect)}
	}
	return p.of.sorted(turned)
}

// effect returns the image of an effect on a slot.
func (p *permutation) effect(slot int, e statespace.EffectID) statespace.EffectID {
	sp := p.of.space
	if slot <= sp.nobody {
		return statespace.EffectID(p.envelope(uint32(e)))
	}
	if _, watched := sp.slots[slot].(*histories); !watched {
		return e
	}
	if crashed, ok := sp.crashed(e); ok {
		return crashEffect(p.slot[crashed])
	}
	return statespace.EffectID(p.envelope(uint32(e>>1))<<1) | e&1
}

// sorted sorts effects by slots. The order in which messages enter a mailbox matters on an ordered network only.
func (s *symmetry) sorted(effects []statespace.SlotEffect) []statespace.SlotEffect {
	all := slices.Clone(effects)
	slices.SortStableFunc(all, func(a, b statespace.SlotEffect) int {
		if a.Slot == b.Slot && int(a.Slot) <= s.space.nobody && s.space.network != network.Ordered {
			return cmp.Compare(a.Effect, b.Effect)
		}
		return cmp.Compare(a.Slot, b.Slot)
	})
	return all
}

// sends describes the messages that are sent.
func (s *symmetry) sends(effects []statespace.SlotEffect) string {
	var all []string
	for _, e := range effects {
		if int(e.Slot) <= s.space.nobody {
			all = append(all, s.space.describe(uint32(e.Effect)))
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// holdHistory compares the result of an observer for a passage with its result for the image of the passage.
func (s *symmetry) holdHistory(p *permutation, slot int, h *histories, id statespace.PartID, e statespace.EffectID) {
	next, _, err := h.apply(id, e)
	if err != nil {
		return
	}
	s.calls++
	from, turned := p.image(slot, id), p.effect(slot, e)
	got, _, err := h.apply(from, turned)
	how := ""
	switch expect := p.image(slot, next); {
	case err != nil:
		how = err.Error()
	case got != expect:
		how = "they lead to different memories: " + first(h.walker.Diff(h.values.Value(uint32(expect)), h.values.Value(uint32(got))), " and ")
	}
	if how != "" {
		s.fail(&statespace.AsymmetryError{
			Who: p.names, What: fmt.Sprintf("the %s, which remembers %s, sees: %s; and, with these exchanged: %s: %s", h.who(),
				h.text(id), h.describe(e), h.describe(turned), how),
		})
	}
}

// Report implements Symmetry.
func (s *symmetry) Report() statespace.SymmetryReport {
	r := statespace.SymmetryReport{Order: orderOf(s.sizes), Calls: s.calls}
	for _, g := range s.groups {
		r.Groups = append(r.Groups, s.space.sys.textOf(g))
	}
	return r
}
