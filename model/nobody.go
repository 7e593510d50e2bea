package model

import (
	"fmt"
	"sync"

	"synod/model/statespace"
	"synod/network"
)

// nobody is the slot of undeliverable messages, whose recipient is not an actor: they stay in flight. Its messages
// are numbered by envelope, its flows by pairs of sender and recipient.
type nobody struct {
	space   *space
	mailbox *mailboxes
	mu      sync.Mutex
	flows   map[[2]uint32]uint32
}

func newNobody(sp *space) *nobody {
	return &nobody{
		space: sp, mailbox: newMailboxes(sp, func(l network.Letter) uint32 { return l.Message }, nil),
		flows: make(map[[2]uint32]uint32),
	}
}

func (n *nobody) name() string { return "nobody" }

func (n *nobody) start() (statespace.PartID, []statespace.SlotEffect, error) {
	return statespace.PartID(n.mailbox.empty()), nil, nil
}

func (n *nobody) steps(_ statespace.PartID, into []statespace.Step) ([]statespace.Step, error) {
	return into, nil
}

func (n *nobody) apply(id statespace.PartID, e statespace.EffectID) (statespace.PartID, bool, error) {
	if n.space.reduced != nil && !n.space.reduced.keeps(uint32(e)) {
		return id, true, nil // These messages are never received.
	}
	return n.put(id, uint32(e)), true, nil
}

// put adds an envelope.
func (n *nobody) put(id statespace.PartID, envelope uint32) statespace.PartID {
	w := n.space.envelopes.At(envelope)
	ends := [2]uint32{w[0], w[1]}
	n.mu.Lock()
	flow, ok := n.flows[ends]
	if !ok {
		flow = uint32(len(n.flows))
		n.flows[ends] = flow
	}
	n.mu.Unlock()
	return statespace.PartID(n.mailbox.put(uint32(id), network.Letter{Source: flow, Message: envelope}))
}

func (n *nobody) aspect(id statespace.PartID, a statespace.Aspect) uint32 {
	if a == statespace.Whole || a == aspectMailbox {
		return uint32(id)
	}
	return n.mailbox.picked(uint32(id), a)
}

func (n *nobody) action(statespace.ActionID) statespace.Action {
	panic("model: undeliverable messages do nothing")
}

func (n *nobody) content(dst []byte, id statespace.PartID) []byte {
	return appendList(dst, n.mailbox.contents(uint32(id)))
}

func (n *nobody) text(id statespace.PartID) string { return fmt.Sprint(n.mailbox.texts(uint32(id))) }

func (n *nobody) changes(from, to statespace.PartID) []statespace.Change {
	return n.mailbox.changes(uint32(from), uint32(to))
}

func (n *nobody) audit() error { return nil }

func (n *nobody) report(r *statespace.SpaceReport) {
	r.Slots = append(r.Slots, statespace.SlotReport{Name: n.name(), Parts: n.mailbox.table.Len()})
	n.space.reportStrangers(r)
}
