package paxospb

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
)

// EncodeState encodes the state that a node keeps.
func EncodeState(s node.PersistentState) *PersistentState {
	e := encoder{uint64(s.NodeID), uint64(s.NodeCount), Extended}
	if s.Delay > 0 {
		e.nodes = 0
	}
	p := &PersistentState{NodeId: e.from, NodeCount: uint64(s.NodeCount), LastInstalled: uint64(s.Installed)}
	p.Lost, p.Highest, p.Delay = s.Lost, uint64(s.Highest), uint64(s.Delay)
	for _, id := range s.Members {
		p.Members = append(p.Members, uint64(id))
	}
	if s.Snapshot.Seq > 0 {
		p.Snapshot = e.snapshot(s.Snapshot)
	}
	for seq, b := range s.Log.All() {
		o, _ := e.ordered(ordered{Seq: seq, Batch: b}) // The extended dialect can express everything.
		p.Ordered = append(p.Ordered, o)
	}
	for _, seq := range slices.Sorted(maps.Keys(s.History)) {
		switch k := s.History[seq]; {
		case k.Ordered:
			o, _ := e.ordered(ordered{Seq: seq, Batch: k.Batch})
			p.Ordered = append(p.Ordered, o)
		default:
			o, _ := e.as(k.View).proposal(proposed{View: k.View, Seq: seq, Batch: k.Batch})
			p.Accepted = append(p.Accepted, o)
		}
	}
	for _, one := range s.Pending.All() {
		u, _ := e.update(update{Node: s.NodeID, Command: one.Command})
		p.Pending = append(p.Pending, u)
	}
	return p
}

// DecodeState decodes the state that a node kept, or returns an error if it is invalid. Of a state in the published
// schema it uses the view and the proposal, which is all that such a node promised.
func DecodeState(p *PersistentState) (node.PersistentState, error) {
	const most = 1 << 32
	if p.GetNodeCount() < 1 || p.GetNodeCount() > most || p.GetNodeId() >= p.GetNodeCount() {
		return node.PersistentState{}, fmt.Errorf(
			"paxospb: a state of node %d of %d: must be one of them", p.GetNodeId(), p.GetNodeCount())
	}
	s := node.PersistentState{NodeID: actor.ID(p.GetNodeId()), NodeCount: int(p.GetNodeCount())}
	s.Installed, s.Highest = systembuilders.View(p.GetLastInstalled()), systembuilders.View(p.GetHighest())
	s.Lost = p.GetLost()
	if p.GetDelay() > math.MaxInt32 {
		return node.PersistentState{}, fmt.Errorf(
			"paxospb: a state with delay %d: must be at most %d", p.GetDelay(), math.MaxInt32)
	}
	s.Delay = int(p.GetDelay())
	for _, id := range p.GetMembers() {
		s.Members = append(s.Members, actor.ID(id))
	}
	if err := joinState(&s, p); err != nil {
		return node.PersistentState{}, fmt.Errorf("paxospb: %w", err)
	}
	return s, nil
}

func joinState(s *node.PersistentState, p *PersistentState) error {
	s.Snapshot = snapshotOf(p.GetSnapshot())
	last := s.Snapshot.Seq
	know := func(seq rsm.Slot, k known) error {
		if _, twice := s.History[seq]; twice || seq <= last {
			return fmt.Errorf("slot %d is there twice, or there is none", seq)
		}
		if s.History == nil {
			s.History = make(map[rsm.Slot]known)
		}
		s.History[seq] = k
		return nil
	}
	for _, one := range p.GetOrdered() {
		o, err := orderedOf(one)
		switch {
		case err != nil:
			return err
		case o.Seq == last+1 && len(s.History) == 0:
			s.Log, last = s.Log.With(o.Seq, o.Batch), o.Seq
			continue
		}
		if err := know(o.Seq, known{Batch: o.Batch, Ordered: true}); err != nil {
			return err
		}
	}
	accepted := p.GetAccepted()
	if p.GetProposal() != nil && len(p.GetOrdered())+len(accepted) == 0 {
		accepted = []*Proposal{p.GetProposal()}
	}
	for _, one := range accepted {
		o, err := proposalOf(one)
		if err != nil {
			return err
		}
		if err := know(o.Seq, known{View: o.View, Batch: o.Batch}); err != nil {
			return err
		}
	}
	for _, one := range p.GetPending() {
		u, err := updateOf(one)
		if err != nil {
			return err
		}
		if _, twice := s.Pending.Get(u.Command.ID); twice || u.Node != s.NodeID {
			return errors.New("a pending update is there twice, or of another node")
		}
		// Only the user of the node waits for the answer.
		s.Pending = s.Pending.With(u.Command.ID, clientEntry{Client: actor.ID(s.NodeCount), Command: u.Command})
	}
	return nil
}
