package paxospb

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
)

// Decode decodes a message to a node, in any dialect, or returns an error if it is invalid. It does not check the
// sender and the receiver; Node.Step does.
func Decode(p *Message) (node.Message, error) {
	m := node.Message{To: actor.ID(p.GetTo())}
	var from uint64
	var err error
	switch p := p.GetType().(type) {
	case *Message_ViewChange:
		from = p.ViewChange.GetNodeId()
		m.Message = systembuilders.ViewChange{Attempted: systembuilders.View(p.ViewChange.GetAttemptedView())}
	case *Message_ViewChangeProof:
		from = p.ViewChangeProof.GetNodeId()
		m.Message = systembuilders.VCProof{
			Installed: systembuilders.View(p.ViewChangeProof.GetInstalledView()), Aru: rsm.Slot(p.ViewChangeProof.GetLocalAru()),
		}
	case *Message_Prepare:
		from = p.Prepare.GetNodeId()
		m.Message = systembuilders.Prepare{
			View: systembuilders.View(p.Prepare.GetView()), Aru: rsm.Slot(p.Prepare.GetLocalAru()),
			After: rsm.Slot(p.Prepare.GetAfter()),
		}
	case *Message_PrepareOk:
		from = p.PrepareOk.GetNodeId()
		m.Message, err = prepareOKOf(p.PrepareOk)
	case *Message_Proposal:
		from = p.Proposal.GetNodeId()
		m.Message, err = proposalOf(p.Proposal)
	case *Message_Accept:
		from = p.Accept.GetNodeId()
		m.Message = systembuilders.Accept{View: systembuilders.View(p.Accept.GetView()), Seq: rsm.Slot(p.Accept.GetSeq())}
	case *Message_GloballyOrderedUpdate:
		from = p.GloballyOrderedUpdate.GetNodeId()
		m.Message, err = orderedOf(p.GloballyOrderedUpdate)
	case *Message_ClientUpdate:
		from = p.ClientUpdate.GetNodeId()
		m.Message, err = forwardedOf(p.ClientUpdate)
	case *Message_Learn:
		from = p.Learn.GetNodeId()
		m.Message = systembuilders.Learn{Aru: rsm.Slot(p.Learn.GetLocalAru())}
	case *Message_Snapshot:
		from = p.Snapshot.GetNodeId()
		m.Message = snapshotOf(p.Snapshot)
	case *Message_SnapshotPart:
		from = p.SnapshotPart.GetNodeId()
		m.Message, err = snapshotPartOf(p.SnapshotPart)
	case *Message_LearnPart:
		from = p.LearnPart.GetNodeId()
		m.Message, err = learnPartOf(p.LearnPart)
	case *Message_Recover:
		from = p.Recover.GetNodeId()
		m.Message = systembuilders.Recover{Nonce: p.Recover.GetNonce(), View: systembuilders.View(p.Recover.GetView())}
	case *Message_Recovered:
		from = p.Recovered.GetNodeId()
		m.Message = recoveredOf(p.Recovered)
	default:
		err = errors.New("it has no type that is known")
	}
	if err != nil {
		return node.Message{}, fmt.Errorf("paxospb: %w", err)
	}
	m.From = actor.ID(from)
	return m, nil
}

// errNobody is returned for an update of an impossible client.
var errNobody = fmt.Errorf("an update of client %d: that number is for slots without any", uint64(Nobody))

func updateOf(p *ClientUpdate) (update, error) {
	if p.GetClientId() == Nobody {
		return update{}, errNobody
	}
	return update{Node: actor.ID(p.GetNodeId()), Command: rsm.Command[string]{
		ID: rsm.ID{Client: rsm.Client(p.GetClientId()), Local: rsm.Local(p.GetTimestamp())},
		Op: string(p.GetUpdate()), End: p.GetEnd(), Floor: rsm.Local(p.GetFloor()),
	}}, nil
}

func snapshotOf(p *Snapshot) systembuilders.Snapshot {
	return systembuilders.Snapshot{Seq: rsm.Slot(p.GetSeq()), Data: string(p.GetData())}
}

// errOffset is returned for an invalid offset in a snapshot.
var errOffset = errors.New("a part of a snapshot that begins nowhere")

func snapshotPartOf(p *SnapshotPart) (m systembuilders.SnapshotPart, err error) {
	if p.GetOffset() > math.MaxInt32 {
		return m, errOffset
	}
	return systembuilders.SnapshotPart{
		Seq: rsm.Slot(p.GetSeq()), Sum: p.GetSum(), From: int(p.GetOffset()), Data: string(p.GetData()), Last: p.GetLast(),
	}, nil
}

func learnPartOf(p *LearnPart) (m systembuilders.LearnPart, err error) {
	if p.GetOffset() > math.MaxInt32 {
		return m, errOffset
	}
	return systembuilders.LearnPart{
		Aru: rsm.Slot(p.GetLocalAru()), Seq: rsm.Slot(p.GetSeq()), Sum: p.GetSum(), From: int(p.GetOffset()),
	}, nil
}

func recoveredOf(p *Recovered) systembuilders.Recovered {
	return systembuilders.Recovered{
		Nonce: p.GetNonce(), Attempted: systembuilders.View(p.GetAttemptedView()),
		Installed: systembuilders.View(p.GetInstalledView()), Recovering: p.GetRecovering(), Leads: p.GetLeads(),
		Aru: rsm.Slot(p.GetLocalAru()), Last: rsm.Slot(p.GetLast()),
	}
}

func forwardedOf(p *ClientUpdate) (forwarded, error) {
	u, err := updateOf(p)
	return forwarded{Update: u}, err
}

// slotOf decodes the updates of a slot. An empty slot may be an empty batch, an update of Nobody, or no update.
func slotOf(one *ClientUpdate, all *Batch) (batch, error) {
	updates := all.GetUpdates()
	switch {
	case one != nil && all != nil:
		return batch{}, errors.New("a slot has an update and a batch: must be one of them")
	case one != nil && one.GetClientId() == Nobody && len(one.GetUpdate()) == 0:
	case one != nil:
		updates = []*ClientUpdate{one}
	}
	var b []update
	for _, p := range updates {
		u, err := updateOf(p)
		if err != nil {
			return batch{}, err
		}
		b = append(b, u)
	}
	return systembuilders.BatchOf(b...), nil
}

func proposalOf(p *Proposal) (proposed, error) {
	b, err := slotOf(p.GetUpdate(), p.GetBatch())
	return proposed{View: systembuilders.View(p.GetView()), Seq: rsm.Slot(p.GetSeq()), Batch: b}, err
}

func orderedOf(p *GloballyOrderedUpdate) (ordered, error) {
	b, err := slotOf(p.GetUpdate(), p.GetBatch())
	return ordered{Seq: rsm.Slot(p.GetSeq()), Batch: b}, err
}

// prepareOKOf decodes an answer to a Prepare, and sorts it by slot, as required.
func prepareOKOf(p *PrepareOK) (preparedOK, error) {
	m := preparedOK{View: systembuilders.View(p.GetView())}
	m.Data.Through, m.Data.Cut = rsm.Slot(p.GetThrough()), rsm.Slot(p.GetCut())
	for _, item := range p.GetDataList() {
		switch item := item.GetType().(type) {
		case *Message_GloballyOrderedUpdate:
			o, err := orderedOf(item.GloballyOrderedUpdate)
			if err != nil {
				return m, err
			}
			m.Data.Ordered = append(m.Data.Ordered, o)
		case *Message_Proposal:
			o, err := proposalOf(item.Proposal)
			if err != nil {
				return m, err
			}
			m.Data.Proposals = append(m.Data.Proposals, o)
		default:
			return m, errors.New("a data list holds something else than ordered updates and proposals")
		}
	}
	slices.SortStableFunc(m.Data.Ordered, func(a, b ordered) int { return cmp.Compare(a.Seq, b.Seq) })
	slices.SortStableFunc(m.Data.Proposals, func(a, b proposed) int { return cmp.Compare(a.Seq, b.Seq) })
	return m, nil
}
