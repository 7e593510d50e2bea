package model

import (
	"fmt"
	"io"

	"synod/internal/intern"
)

// Detailer is a Space that can show what the contents of its slots are made of. The spaces of this package can.
type Detailer interface {
	Space
	// Detail takes a slot's content apart. It calls functions of the model; an error is theirs.
	Detail(slot int, id PartID) (Detail, error)
	// Sent gives the message that an effect of a step puts under way, or false if it is an effect of another kind.
	Sent(e SlotEffect) (Letter, bool)
	// Visualize writes an HTML page that shows what an observer remembers. It reports false, and writes nothing, for a slot
	// that cannot be shown so.
	Visualize(w io.Writer, slot int, id PartID) (bool, error)
}

// Node is a value as a tree.
type Node = intern.Node

// maxNodes bounds the tree of a value.
const maxNodes = 4000

// Role is what a slot stands for.
type Role string

// The roles of slots.
const (
	RoleActor    Role = "actor"
	RoleNobody   Role = "nobody"   // messages to ids that no actor has
	RoleObserver Role = "observer" // what an observer remembers
	RoleState    Role = "state"    // the state of a plain model
	RoleOther    Role = "other"
)

// Detail is the content of a slot, taken apart for people.
type Detail struct {
	Role    Role
	Type    string   // of the local state, with its package's name; empty for what has none
	Value   Node     // the local state, or whatever the slot holds; of an actor that is down, what it kept
	Down    bool     // the actor has crashed, and did not recover yet
	Letters []Letter // messages under way to the actor; equal ones are one, except on an ordered network
	Timers  []string
	Choices []string
	Visual  bool     // Visualize can show it
	Durable bool     // the actor keeps something across a crash
	Lost    []Change // what a crash and a recovery would make of the local state, if it is Durable
}

// Letter is a message under way.
type Letter struct {
	From, To, Message string
	Copies            int
	Deliverable       bool
	// Key ends the key of every action about the message: that of its delivery is "deliver " and Key.
	Key string
}

// detailed is a slot that can take its contents apart.
type detailed interface {
	detail(id PartID) (Detail, error)
}

// Detail implements Detailer.
func (sp *space) Detail(slot int, id PartID) (Detail, error) {
	if d, ok := sp.slots[slot].(detailed); ok {
		return d.detail(id)
	}
	return Detail{Role: RoleOther, Value: Node{Text: sp.Text(slot, id)}}, nil
}

// Sent implements Detailer. The effects on mailboxes are envelopes.
func (sp *space) Sent(e SlotEffect) (Letter, bool) {
	if int(e.Slot) > sp.nobody {
		return Letter{}, false
	}
	return sp.shown(uint32(e.Effect), 1, false), true
}

// Visualize implements Detailer.
func (sp *space) Visualize(w io.Writer, slot int, id PartID) (bool, error) {
	if v, ok := sp.slots[slot].(interface {
		visualize(w io.Writer, id PartID) (bool, error)
	}); ok {
		return v.visualize(w, id)
	}
	return false, nil
}

func (sp *space) shown(envelope uint32, copies int, deliverable bool) Letter {
	w := sp.envelopes.At(envelope)
	return Letter{
		From: sp.actorName(w[0]), To: sp.actorName(w[1]), Message: sp.text(w[2]), Copies: copies,
		Deliverable: deliverable, Key: string(sp.encode(nil, envelope)),
	}
}

// letters takes a mailbox apart.
func (b *mailboxes) letters(id uint32) []Letter {
	var all []Letter
	box := b.at(id, nil)
	for _, i := range b.order(box, b.encoding) {
		l := b.space.shown(b.envelope(box[i]), 1, b.deliverable(box, i, b.envelope(box[i])))
		if n := len(all); n > 0 && all[n-1].Key == l.Key && all[n-1].Deliverable == l.Deliverable {
			all[n-1].Copies++
			continue
		}
		all = append(all, l)
	}
	return all
}

func (c *cells) detail(id PartID) (Detail, error) {
	t := c.at(id)
	if t[tupleTimers] == isDown {
		return c.detailDown(t), nil
	}
	local := c.states.Value(t[tupleLocal])
	d := Detail{
		Role: RoleActor, Type: c.actor.state.String(), Value: c.walker.Tree(local, maxNodes),
		Letters: c.mailbox.letters(t[tupleMailbox]), Timers: c.timerTexts(t[tupleTimers], textAny),
		Choices: c.pendingTexts(t[tupleChoices], textAny),
		Durable: c.actor.durable(),
	}
	if !d.Durable {
		return d, nil
	}
	recovered, err := c.recovered(local)
	if err != nil {
		return d, err
	}
	d.Lost = changes(c.walker.Diff(local, recovered))
	return d, nil
}

func (c *cells) detailDown(t [tupleLength]uint32) Detail {
	d := Detail{
		Role: RoleActor, Type: c.actor.state.String(), Value: anyWalker.Tree(c.kept.Value(t[tupleLocal]), maxNodes),
		Down: true, Letters: c.mailbox.letters(t[tupleMailbox]), Durable: c.actor.durable(),
	}
	for i := range d.Letters {
		d.Letters[i].Deliverable = false
	}
	return d
}

// recovered returns what a crash and a recovery would make of a local state.
func (c *cells) recovered(local any) (st any, err error) {
	defer caught(&err, c.who(), func() string { return "recovering from " + c.walker.Text(local) })
	st, _ = c.actor.call(call{kind: Recover, self: c.id, what: c.actor.keep(c.walker.Copy(local))})
	return st, nil
}

func (n *nobody) detail(id PartID) (Detail, error) {
	return Detail{Role: RoleNobody, Value: Node{Text: n.text(id)}, Letters: n.mailbox.letters(uint32(id))}, nil
}

func (h *histories) detail(id PartID) (Detail, error) {
	value := h.walker.Tree(h.values.Value(uint32(id)), maxNodes)
	return Detail{Role: RoleObserver, Value: value, Visual: h.observer.visualize != nil}, nil
}

func (h *histories) visualize(w io.Writer, id PartID) (shown bool, err error) {
	if h.observer.visualize == nil {
		return false, nil
	}
	defer caught(&err, h.who(), func() string { return "visualizing " + h.text(id) })
	return true, h.observer.visualize(w, h.values.Value(uint32(id)))
}

// Detail implements Detailer.
func (sp *plainSpace[S, A]) Detail(_ int, id PartID) (Detail, error) {
	return Detail{Role: RoleState, Value: sp.stateWalker.Tree(sp.states.Value(uint32(id)), maxNodes)}, nil
}

// Sent implements Detailer: a plain model knows no messages.
func (sp *plainSpace[S, A]) Sent(SlotEffect) (Letter, bool) { return Letter{}, false }

// Visualize implements Detailer.
func (sp *plainSpace[S, A]) Visualize(io.Writer, int, PartID) (bool, error) { return false, nil }

// Answers asks every property of a space about a state, in their order: whether its predicate is true there. A refinement
// has no predicate, and is true of every state.
func Answers(space Space, state []PartID) (answers []bool, err error) {
	properties, reading := space.Properties(), NewReading(space)
	answers = make([]bool, len(properties))
	for i, p := range properties {
		if answers[i], err = reading.answer(p, state); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func (r *Reading) answer(p Property, state []PartID) (answer bool, err error) {
	defer caught(&err, fmt.Sprintf("the property %q", p.Name), func() string { return "judging a state" })
	if p.Holds == nil {
		return true, nil
	}
	answer, _ = r.Judge(p.Holds, state)
	return answer, nil
}
