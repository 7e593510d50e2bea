package model

import (
	"io"

	"synod/internal/intern"
	"synod/model/statespace"
)

// maxNodes is the maximum size of the tree of a value.
const maxNodes = 4000

// tree converts a tree of values.
func tree(n intern.Node) statespace.Node {
	t := statespace.Node{Name: n.Name, Text: n.Text, Map: n.Map, More: n.More}
	for _, part := range n.Parts {
		t.Parts = append(t.Parts, tree(part))
	}
	return t
}

// detailed is a slot that can split its contents into details.
type detailed interface {
	detail(id statespace.PartID) (statespace.Detail, error)
}

// Detail implements Detailer.
func (sp *space) Detail(slot int, id statespace.PartID) (statespace.Detail, error) {
	if d, ok := sp.slots[slot].(detailed); ok {
		return d.detail(id)
	}
	return statespace.Detail{Role: statespace.RoleOther, Value: statespace.Node{Text: sp.Text(slot, id)}}, nil
}

// Sent implements Detailer. Effects on mailboxes are envelopes.
func (sp *space) Sent(e statespace.SlotEffect) (statespace.Letter, bool) {
	if int(e.Slot) > sp.nobody {
		return statespace.Letter{}, false
	}
	return sp.shown(uint32(e.Effect), 1, false), true
}

// Visualize implements Detailer.
func (sp *space) Visualize(w io.Writer, slot int, id statespace.PartID) (bool, error) {
	if v, ok := sp.slots[slot].(interface {
		visualize(w io.Writer, id statespace.PartID) (bool, error)
	}); ok {
		return v.visualize(w, id)
	}
	return false, nil
}

func (sp *space) shown(envelope uint32, copies int, deliverable bool) statespace.Letter {
	w := sp.envelopes.At(envelope)
	return statespace.Letter{
		From: sp.actorName(w[0]), To: sp.actorName(w[1]), Message: sp.text(w[2]), Copies: copies,
		Deliverable: deliverable, Key: string(sp.encode(nil, envelope)),
	}
}

// letters returns the messages in a mailbox.
func (b *mailboxes) letters(id uint32) []statespace.Letter {
	var all []statespace.Letter
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

func (c *cells) detail(id statespace.PartID) (statespace.Detail, error) {
	t := c.at(id)
	if t[tupleTimers] == isDown {
		return c.detailDown(t), nil
	}
	local := c.states.Value(t[tupleLocal])
	d := statespace.Detail{
		Role: statespace.RoleActor, Type: c.actor.state.String(), Value: tree(c.walker.Tree(local, maxNodes)),
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

func (c *cells) detailDown(t [tupleLength]uint32) statespace.Detail {
	d := statespace.Detail{
		Role: statespace.RoleActor, Type: c.actor.state.String(), Value: tree(anyWalker.Tree(c.kept.Value(t[tupleLocal]), maxNodes)),
		Down: true, Letters: c.mailbox.letters(t[tupleMailbox]), Durable: c.actor.durable(),
	}
	for i := range d.Letters {
		d.Letters[i].Deliverable = false
	}
	return d
}

// recovered returns the state of an actor after a crash and a recovery in a local state.
func (c *cells) recovered(local any) (st any, err error) {
	defer statespace.Caught(&err, c.who(), func() string { return "recovering from " + c.walker.Text(local) })
	st, _ = c.actor.call(call{kind: statespace.Recover, self: c.id, what: c.actor.keep(c.walker.Copy(local))})
	return st, nil
}

func (n *nobody) detail(id statespace.PartID) (statespace.Detail, error) {
	return statespace.Detail{Role: statespace.RoleNobody, Value: statespace.Node{Text: n.text(id)}, Letters: n.mailbox.letters(uint32(id))}, nil
}

func (h *histories) detail(id statespace.PartID) (statespace.Detail, error) {
	value := tree(h.walker.Tree(h.values.Value(uint32(id)), maxNodes))
	return statespace.Detail{Role: statespace.RoleObserver, Value: value, Visual: h.observer.visualize != nil}, nil
}

func (h *histories) visualize(w io.Writer, id statespace.PartID) (shown bool, err error) {
	if h.observer.visualize == nil {
		return false, nil
	}
	defer statespace.Caught(&err, h.who(), func() string { return "visualizing " + h.text(id) })
	return true, h.observer.visualize(w, h.values.Value(uint32(id)))
}

// Detail implements Detailer.
func (sp *plainSpace[S, A]) Detail(_ int, id statespace.PartID) (statespace.Detail, error) {
	return statespace.Detail{Role: statespace.RoleState, Value: tree(sp.stateWalker.Tree(sp.states.Value(uint32(id)), maxNodes))}, nil
}

// Sent implements Detailer. A plain model has no messages.
func (sp *plainSpace[S, A]) Sent(statespace.SlotEffect) (statespace.Letter, bool) {
	return statespace.Letter{}, false
}

// Visualize implements Detailer.
func (sp *plainSpace[S, A]) Visualize(io.Writer, int, statespace.PartID) (bool, error) {
	return false, nil
}
