package model

import (
	"fmt"
	"strings"

	"synod/model/statespace"
)

// arrow separates the sender and the recipient of a message in displayed text.
const arrow = " → "

// text formats a message for display.
func (sp *space) text(message uint32) string { return sp.walker.Brief(sp.messages.Value(message)) }

// describe formats an envelope for display: 4 → 1: Put(4, 'B').
func (sp *space) describe(envelope uint32) string {
	w := sp.envelopes.At(envelope)
	return sp.actorName(w[0]) + arrow + sp.actorName(w[1]) + ": " + sp.text(w[2])
}

// encode appends the canonical encoding of an envelope.
func (sp *space) encode(dst []byte, envelope uint32) []byte {
	w := sp.envelopes.At(envelope)
	dst = fmt.Appendf(dst, "%v>%v ", sp.ends.id(w[0]), sp.ends.id(w[1]))
	return sp.walker.Encode(dst, sp.messages.Value(w[2]))
}

// flights returns the messages in flight in a mailbox of a slot.
func (sp *space) flights(slot int, mailbox uint32) []Flight[any] {
	return sp.slots[slot].(interface {
		flights(mailbox uint32) []Flight[any]
	}).flights(mailbox)
}

func (c *cells) flights(mailbox uint32) []Flight[any]  { return c.mailbox.flights(mailbox) }
func (n *nobody) flights(mailbox uint32) []Flight[any] { return n.mailbox.flights(mailbox) }

func (c *cells) action(a statespace.ActionID) statespace.Action {
	w := c.events.At(uint32(a))
	act := statespace.Action{Kind: statespace.Kind(w[0]), Actor: c.name()}
	switch act.Kind {
	case statespace.Deliver, statespace.Drop:
		envelope := c.space.envelope(w[1], uint32(c.slot), w[2])
		act.Key = string(c.space.encode([]byte(act.Kind.String()+" "), envelope))
		act.Text = c.space.describe(envelope)
		act.From, act.Message = c.space.actorName(w[1]), c.space.text(w[2])
		if act.Kind == statespace.Drop {
			act.Text = "lost: " + act.Text
		}
	case statespace.Timeout:
		timer := c.timers.Value(w[1])
		act.Key = fmt.Sprintf("timeout %s %s", c.key(), encodeAny(timer))
		act.Text = fmt.Sprintf("%s: timeout of %s", c.name(), textAny(timer))
	case statespace.Choose:
		option := c.options.Value(w[2])
		act.Key = fmt.Sprintf("choose %s %s of %s", c.key(), encodeAny(option), c.optionTexts(w[1], encodeAny))
		act.Text = fmt.Sprintf("%s: chooses %s", c.name(), textAny(option))
	case statespace.Crash:
		act.Key, act.Text = "crash "+c.key(), c.name()+": crashes"
	case statespace.Recover:
		act.Key, act.Text = "recover "+c.key(), c.name()+": recovers"
	case statespace.Act, statespace.Partition, statespace.Heal:
	}
	return act
}

// content appends the canonical encoding of a cell.
func (c *cells) content(dst []byte, id statespace.PartID) []byte {
	t := c.at(id)
	if t[tupleTimers] == isDown {
		dst = append(dst, "!down "...) // No encoding of a local state has this prefix.
		dst = anyWalker.Encode(dst, c.kept.Value(t[tupleLocal]))
	} else {
		dst = c.walker.Encode(dst, c.states.Value(t[tupleLocal]))
	}
	dst = append(dst, " mailbox"...)
	dst = appendList(dst, c.mailbox.contents(t[tupleMailbox]))
	if timers := c.timerTexts(t[tupleTimers], encodeAny); len(timers) > 0 {
		dst = fmt.Appendf(dst, " timers%q", timers)
	}
	if pending := c.pendingTexts(t[tupleChoices], encodeAny); len(pending) > 0 {
		dst = fmt.Appendf(dst, " choices%q", pending)
	}
	return dst
}

func (c *cells) text(id statespace.PartID) string {
	t := c.at(statespace.PartID(id))
	var b strings.Builder
	if t[tupleTimers] == isDown {
		b.WriteString("down")
		if kept := c.keptText(t[tupleLocal]); kept != "" {
			b.WriteString(", kept " + kept)
		}
	} else {
		b.WriteString(c.walker.Text(c.states.Value(t[tupleLocal])))
	}
	for _, letter := range c.mailbox.texts(t[tupleMailbox]) {
		b.WriteString("\n  " + letter)
	}
	for _, timer := range c.timerTexts(t[tupleTimers], textAny) {
		b.WriteString("\n  timer " + timer)
	}
	for _, choice := range c.pendingTexts(t[tupleChoices], textAny) {
		b.WriteString("\n  choice " + choice)
	}
	return b.String()
}

// changes returns the differences: the local state field by field, then messages, timers and choices.
func (c *cells) changes(from, to statespace.PartID) []statespace.Change {
	a, b := c.at(from), c.at(to)
	var all []statespace.Change
	if a[tupleTimers] == isDown || b[tupleTimers] == isDown {
		all = c.downChanges(a, b)
	} else {
		all = changes(c.walker.Diff(c.states.Value(a[tupleLocal]), c.states.Value(b[tupleLocal])))
	}
	all = append(all, c.mailbox.changes(a[tupleMailbox], b[tupleMailbox])...)
	all = append(all, listChanges("timer", c.timerTexts(a[tupleTimers], textAny), c.timerTexts(b[tupleTimers], textAny))...)
	return append(all, listChanges("choice", c.pendingTexts(a[tupleChoices], textAny), c.pendingTexts(b[tupleChoices], textAny))...)
}
