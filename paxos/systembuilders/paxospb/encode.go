package paxospb

import (
	"errors"
	"math"

	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
)

// Dialect is the part of the schema that a peer understands.
type Dialect uint8

const (
	// Published is the schema without the fields numbered 100 and above.
	Published Dialect = iota
	// Extended is the whole schema.
	Extended
)

// Nobody is the client of updates that do nothing. In the published schema a slot has exactly one update, so that an
// empty slot is encoded as an update of Nobody, without data, whose timestamp is the slot. No client may have this
// number.
const Nobody = math.MaxUint64

// ErrUnsayable is returned for a message that the published schema cannot express. It is not sent: the peer learns
// its content in another way, or not at all.
var ErrUnsayable = errors.New("paxospb: the published schema has no words for it")

type (
	update      = systembuilders.Update[string]
	batch       = systembuilders.Batch[string]
	proposed    = systembuilders.Proposal[string]
	ordered     = systembuilders.GloballyOrderedUpdate[string]
	preparedOK  = systembuilders.PrepareOK[string]
	forwarded   = systembuilders.ClientUpdate[string]
	known       = systembuilders.Known[string]
	clientEntry = systembuilders.Pending[string]
)

// Encode encodes a message of one of so many nodes, 0 if their number changes, in a dialect. The only error is
// ErrUnsayable.
func Encode(m node.Message, nodes int, d Dialect) (*Message, error) {
	e := encoder{uint64(m.From), uint64(nodes), d}
	p := &Message{To: uint64(m.To)}
	var err error
	switch m := m.Message.(type) {
	case systembuilders.ViewChange:
		p.Type = &Message_ViewChange{&ViewChange{NodeId: e.from, AttemptedView: uint64(m.Attempted)}}
	case systembuilders.VCProof:
		proof := &ViewChangeProof{NodeId: e.from, InstalledView: uint64(m.Installed)}
		if d == Extended {
			proof.LocalAru = uint64(m.Aru)
		}
		p.Type = &Message_ViewChangeProof{proof}
	case systembuilders.Prepare:
		if d != Extended && m.After != 0 {
			return nil, ErrUnsayable
		}
		p.Type = &Message_Prepare{&Prepare{
			NodeId: e.from, View: uint64(m.View), LocalAru: uint64(m.Aru), After: uint64(m.After),
		}}
	case preparedOK:
		var ok *PrepareOK
		ok, err = e.prepareOK(p.GetTo(), m)
		p.Type = &Message_PrepareOk{ok}
	case proposed:
		var proposal *Proposal
		proposal, err = e.proposal(m)
		p.Type = &Message_Proposal{proposal}
	case systembuilders.Accept:
		p.Type = &Message_Accept{&Accept{NodeId: e.from, View: uint64(m.View), Seq: uint64(m.Seq)}}
	case ordered:
		var o *GloballyOrderedUpdate
		o, err = e.ordered(m)
		p.Type = &Message_GloballyOrderedUpdate{o}
	case forwarded:
		var u *ClientUpdate
		u, err = e.update(m.Update)
		p.Type = &Message_ClientUpdate{u}
	case systembuilders.Learn:
		if d != Extended {
			return nil, ErrUnsayable
		}
		p.Type = &Message_Learn{&Learn{NodeId: e.from, LocalAru: uint64(m.Aru)}}
	case systembuilders.Snapshot:
		if d != Extended {
			return nil, ErrUnsayable
		}
		p.Type = &Message_Snapshot{e.snapshot(m)}
	case systembuilders.Collect: // It comes from the user of a node, and is for that node only.
		return nil, ErrUnsayable
	case systembuilders.SnapshotPart:
		if d != Extended {
			return nil, ErrUnsayable
		}
		p.Type = &Message_SnapshotPart{e.snapshotPart(m)}
	case systembuilders.LearnPart:
		if d != Extended {
			return nil, ErrUnsayable
		}
		p.Type = &Message_LearnPart{&LearnPart{
			NodeId: e.from, LocalAru: uint64(m.Aru), Seq: uint64(m.Seq), Sum: m.Sum, Offset: uint64(m.From),
		}}
	case systembuilders.Recover:
		if d != Extended {
			return nil, ErrUnsayable
		}
		p.Type = &Message_Recover{&Recover{NodeId: e.from, Nonce: m.Nonce, View: uint64(m.View)}}
	case systembuilders.Recovered:
		if d != Extended {
			return nil, ErrUnsayable
		}
		p.Type = &Message_Recovered{e.recovered(m)}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// encoder encodes the messages of one node.
type encoder struct {
	from, nodes uint64
	dialect     Dialect
}

// as returns an encoder for messages of the leader of a view. If the members change, it returns e: then the leader is
// not known here, and not needed.
func (e encoder) as(leaderOf systembuilders.View) encoder {
	if e.nodes > 0 {
		e.from = uint64(leaderOf) % e.nodes
	}
	return e
}

func (e encoder) update(u update) (*ClientUpdate, error) {
	c := u.Command
	p := &ClientUpdate{
		ClientId: uint64(c.ID.Client), NodeId: uint64(u.Node), Timestamp: uint64(c.ID.Local),
		End: c.End, Floor: uint64(c.Floor),
	}
	if c.Op != "" {
		p.Update = []byte(c.Op)
	}
	if e.dialect != Extended && (c.End || c.Floor != 0) {
		return nil, ErrUnsayable
	}
	return p, nil
}

// slot encodes the updates of a slot: in the published form if there is one update, or if the peer knows only that
// form.
func (e encoder) slot(seq rsm.Slot, b batch) (*ClientUpdate, *Batch, error) {
	switch {
	case b.Len() == 1:
		u, err := e.update(b.At(0))
		return u, nil, err
	case e.dialect == Extended:
		all, err := e.updates(b)
		return nil, all, err
	case b.Len() == 0:
		return &ClientUpdate{ClientId: Nobody, NodeId: e.from, Timestamp: uint64(seq)}, nil, nil
	}
	return nil, nil, ErrUnsayable
}

func (e encoder) snapshot(m systembuilders.Snapshot) *Snapshot {
	p := &Snapshot{NodeId: e.from, Seq: uint64(m.Seq)}
	if m.Data != "" {
		p.Data = []byte(m.Data)
	}
	return p
}

func (e encoder) snapshotPart(m systembuilders.SnapshotPart) *SnapshotPart {
	return &SnapshotPart{
		NodeId: e.from, Seq: uint64(m.Seq), Sum: m.Sum, Offset: uint64(m.From), Data: []byte(m.Data), Last: m.Last,
	}
}

func (e encoder) recovered(m systembuilders.Recovered) *Recovered {
	return &Recovered{
		NodeId: e.from, Nonce: m.Nonce, AttemptedView: uint64(m.Attempted), InstalledView: uint64(m.Installed),
		Recovering: m.Recovering, Leads: m.Leads, LocalAru: uint64(m.Aru), Last: uint64(m.Last),
	}
}

func (e encoder) updates(b batch) (*Batch, error) {
	p := new(Batch)
	for _, u := range b.All() {
		one, err := e.update(u)
		if err != nil {
			return nil, err
		}
		p.Updates = append(p.Updates, one)
	}
	return p, nil
}

func (e encoder) proposal(m proposed) (*Proposal, error) {
	u, all, err := e.slot(m.Seq, m.Batch)
	return &Proposal{NodeId: e.from, View: uint64(m.View), Seq: uint64(m.Seq), Update: u, Batch: all}, err
}

func (e encoder) ordered(m ordered) (*GloballyOrderedUpdate, error) {
	u, all, err := e.slot(m.Seq, m.Batch)
	return &GloballyOrderedUpdate{NodeId: e.from, Seq: uint64(m.Seq), Update: u, Batch: all}, err
}

// prepareOK encodes an answer to a Prepare. The published schema cannot express one that leaves something out: a
// leader that took it for complete might propose something else.
func (e encoder) prepareOK(to uint64, m preparedOK) (*PrepareOK, error) {
	p := &PrepareOK{
		NodeId: e.from, View: uint64(m.View), Through: uint64(m.Data.Through), Cut: uint64(m.Data.Cut),
	}
	if e.dialect != Extended && (m.Data.Through != 0 || m.Data.Cut != 0) {
		return nil, ErrUnsayable
	}
	for _, o := range m.Data.Ordered {
		one, err := e.ordered(o)
		if err != nil {
			return nil, err
		}
		p.DataList = append(p.DataList, &Message{To: to, Type: &Message_GloballyOrderedUpdate{one}})
	}
	for _, o := range m.Data.Proposals {
		one, err := e.as(o.View).proposal(o)
		if err != nil {
			return nil, err
		}
		p.DataList = append(p.DataList, &Message{To: to, Type: &Message_Proposal{one}})
	}
	return p, nil
}
