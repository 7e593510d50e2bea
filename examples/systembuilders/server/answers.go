package server

import (
	"container/list"
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	"synod/actor"
	"synod/examples/systembuilders/hosts"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
)

// The limits of the ordered updates that a server keeps, so that a client that sends an update again gets the same
// answer.
const (
	keptUpdates = 1 << 14
	keptBytes   = 1 << 20
	updateBytes = 64 // of an update, in addition to its data
)

// The limits of the updates between two snapshots. The node receives the last but one of the snapshots.
const (
	snapshotUpdates = 1 << 11
	snapshotBytes   = 1 << 20
)

// answers is the machine of a server: the last updates, and the addresses of servers. Calls wait in it for updates to
// be ordered. It is safe for concurrent use.
type answers struct {
	mu      sync.Mutex
	given   rsm.Slot // everything up to here is executed
	last    list.List
	places  map[rsm.ID]*list.Element // elements of last, which are of type node.OrderedUpdate
	bytes   int
	book    map[actor.ID]hosts.Host // addresses of all past and present members, if they may change; otherwise nil
	waiting map[rsm.ID][]chan<- node.OrderedUpdate
	passing []passing
	since   struct{ updates, bytes int } // since the last snapshot
	taken   *node.Snapshot               // the last snapshot
}

// passing is a call that waits for a slot to be executed.
type passing struct {
	slot   rsm.Slot
	passed chan struct{}
}

// newAnswers returns a machine that has executed nothing, given the addresses of the first members if the members may
// change, otherwise nil.
func newAnswers(first map[actor.ID]hosts.Host) *answers {
	return &answers{
		places: make(map[rsm.ID]*list.Element), waiting: make(map[rsm.ID][]chan<- node.OrderedUpdate), book: first,
	}
}

func idOf(u node.Update) rsm.ID {
	return rsm.ID{Client: rsm.Client(u.ClientID), Local: rsm.Local(u.Timestamp)}
}

// take executes the updates of a Ready, and returns a snapshot for the node if there were enough updates since the
// last one.
func (a *answers) take(r node.Ready) (old *node.Snapshot, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := r.Snapshot; s != nil {
		if err := a.restore(s.Data); err != nil {
			return nil, fmt.Errorf("a snapshot of slot %v: %w", s.Seq, err)
		}
	}
	for _, u := range r.OrderedUpdates {
		a.execute(u)
		a.since.updates, a.since.bytes = a.since.updates+1, a.since.bytes+len(u.Update.Data)+updateBytes
	}
	a.given = max(a.given, r.Given)
	left := a.passing[:0]
	for _, p := range a.passing {
		if p.slot > a.given {
			left = append(left, p)
		} else {
			close(p.passed)
		}
	}
	a.passing = left
	if a.since.updates < snapshotUpdates && a.since.bytes < snapshotBytes {
		return nil, nil
	}
	data, err := a.snapshot()
	if err != nil {
		return nil, err
	}
	old, a.taken = a.taken, &node.Snapshot{Seq: a.given, Data: data}
	a.since.updates, a.since.bytes = 0, 0
	return old, nil
}

// execute records an update, and answers the calls that wait for it.
func (a *answers) execute(u node.OrderedUpdate) {
	id := idOf(u.Update)
	a.keep(u)
	if a.book != nil && u.Update.ClientID >= node.ChangeClients {
		if c, err := parseChange(u.Update.Data); err == nil {
			for id, h := range c.add {
				if _, known := a.book[id]; !known { // A former member keeps its address.
					a.book[id] = h
				}
			}
		}
	}
	for _, w := range a.waiting[id] {
		w <- u // The channel is buffered.
	}
	delete(a.waiting, id)
}

// keep records an update, and forgets the oldest ones beyond the limits.
func (a *answers) keep(u node.OrderedUpdate) {
	a.places[idOf(u.Update)] = a.last.PushBack(u)
	a.bytes += len(u.Update.Data) + updateBytes
	for a.last.Len() > keptUpdates || a.bytes > keptBytes {
		first := a.last.Remove(a.last.Front()).(node.OrderedUpdate)
		delete(a.places, idOf(first.Update))
		a.bytes -= len(first.Update.Data) + updateBytes
	}
}

// await returns a channel that receives the ordered update, now or later, and a function that ends the wait.
func (a *answers) await(id rsm.ID) (<-chan node.OrderedUpdate, func()) {
	answer := make(chan node.OrderedUpdate, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if at, ok := a.places[id]; ok {
		answer <- at.Value.(node.OrderedUpdate)
		return answer, func() {}
	}
	a.waiting[id] = append(a.waiting[id], answer)
	return answer, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		left := a.waiting[id][:0]
		for _, w := range a.waiting[id] {
			if w != answer {
				left = append(left, w)
			}
		}
		if a.waiting[id] = left; len(left) == 0 {
			delete(a.waiting, id)
		}
	}
}

// has reports whether an update is known to be ordered.
func (a *answers) has(id rsm.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.places[id]
	return ok
}

// pass returns a channel that is closed once everything up to a slot is executed.
func (a *answers) pass(slot rsm.Slot) <-chan struct{} {
	passed := make(chan struct{})
	a.mu.Lock()
	defer a.mu.Unlock()
	if slot <= a.given {
		close(passed)
	} else {
		a.passing = append(a.passing, passing{slot, passed})
	}
	return passed
}

// place returns the address of a server that is or was a member.
func (a *answers) place(id actor.ID) (hosts.Host, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h, ok := a.book[id]
	return h, ok
}

// snapshot encodes the machine.
func (a *answers) snapshot() ([]byte, error) {
	p := &paxospb.Executed{Members: membersOf(a.book)}
	for e := a.last.Front(); e != nil; e = e.Next() {
		u := e.Value.(node.OrderedUpdate)
		p.Last = append(p.Last, encodeOrdered(u.Update.NodeID, u))
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(p)
}

// restore decodes a machine. Waiting calls continue to wait, unless their update is in the decoded machine.
func (a *answers) restore(data []byte) error {
	p := new(paxospb.Executed)
	if err := proto.Unmarshal(data, p); err != nil {
		return err
	}
	if a.book != nil {
		book, err := bookOf(p.GetMembers())
		if err != nil {
			return err
		}
		a.book = book
	}
	a.last.Init()
	clear(a.places)
	a.bytes = 0
	for _, o := range p.GetLast() {
		u := o.GetUpdate()
		a.execute(node.OrderedUpdate{Seq: rsm.Slot(o.GetSeq()), Update: node.Update{
			ClientID: u.GetClientId(), NodeID: actor.ID(u.GetNodeId()), Timestamp: u.GetTimestamp(), Data: u.GetUpdate(),
		}})
	}
	return nil
}

// encodeOrdered returns the answer of a server for an ordered update.
func encodeOrdered(by actor.ID, o node.OrderedUpdate) *paxospb.GloballyOrderedUpdate {
	return &paxospb.GloballyOrderedUpdate{
		NodeId: uint64(by), Seq: uint64(o.Seq), Update: &paxospb.ClientUpdate{
			ClientId: o.Update.ClientID, NodeId: uint64(o.Update.NodeID), Timestamp: o.Update.Timestamp, Update: o.Update.Data,
		},
	}
}
