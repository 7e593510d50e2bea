// Package wire says how servers of Multi-Paxos run for real: the form of their messages on a network and of what they keep
// on disk, and what clients ask of the key-value store that they replicate.
package wire

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn/jsonwire"
	"synod/spawn/machine"
	"synod/storage"
)

// Version changes with the form of messages and of what is kept.
const Version = 1

// Messages is the form of the messages of servers and clients of the store: JSON by their types. A client asks by
//
//	{"Request":{"command":{"id":{"client":0,"local":1},"op":{"kind":1,"key":"k","value":"v","old":""},"end":false,"floor":0}}}
//
// where the kind is 0 for get, 1 for put, 2 for delete and 3 for cas, and client 0 stands for who sends it.
var Messages = MessagesOf[rsm.StoreOp, rsm.StoreResult]()

// MessagesOf returns the form of messages of a machine with operations O and results R. It panics if these have no form.
func MessagesOf[O, R any]() *jsonwire.Codec[rsm.Message] {
	return jsonwire.Must(
		[]rsm.Message{rsm.Request[O]{}}, []rsm.Message{rsm.Reply[R]{}, rsm.Internal[multipaxos.Message]{}},
		jsonwire.UnionOf[multipaxos.Message](
			multipaxos.P1a{}, multipaxos.P1b[O]{}, multipaxos.P2a[O]{}, multipaxos.P2b{},
			multipaxos.Propose[O]{}, multipaxos.Decision[O]{}, multipaxos.Ping{}, multipaxos.Learn{},
		),
	)
}

// Records is the form of what a server of the store keeps; see RecordsOf.
var Records = RecordsOf[rsm.StoreOp]()

// RecordsOf returns the form of what a server of a machine with operations O keeps: its promise, and a record for the votes
// and one for the decision of each slot, so that a step changes a few. It panics if the operations have no form.
func RecordsOf[O any]() machine.Records {
	return &records[O]{form[multipaxos.Ballot](), form[[]multipaxos.Vote[O]](), form[rsm.Batch[O]]()}
}

type records[O any] struct {
	ballots  *jsonwire.Form[multipaxos.Ballot]
	accepted *jsonwire.Form[[]multipaxos.Vote[O]]
	decided  *jsonwire.Form[rsm.Batch[O]]
}

func form[T any]() *jsonwire.Form[T] {
	f, err := jsonwire.NewForm[T]()
	if err != nil {
		panic(err) // A mistake of ours, which every test finds.
	}
	return f
}

// The names of records. Those of slots sort like the slots.
const (
	ballotName = "ballot"
	votePrefix = "vote "
	slotPrefix = "decision "
)

func slotName(prefix string, slot rsm.Slot) string {
	return fmt.Sprintf("%s%020d", prefix, uint64(slot))
}

// Split returns the records of a multipaxos.Durable.
func (f *records[O]) Split(value any) ([]storage.Record, error) {
	k := value.(multipaxos.Durable[O])
	var all []storage.Record
	add := func(name string, data []byte, err error) error {
		all = append(all, storage.Record{Name: name, Data: data})
		return err
	}
	data, err := f.ballots.Append(nil, k.Acceptor.Ballot)
	if err := add(ballotName, data, err); err != nil {
		return nil, err
	}
	for _, slot := range slices.Sorted(maps.Keys(k.Decisions)) {
		data, err := f.decided.Append(nil, k.Decisions[slot])
		if err := add(slotName(slotPrefix, slot), data, err); err != nil {
			return nil, err
		}
	}
	for _, slot := range slices.Sorted(maps.Keys(k.Acceptor.Accepted)) {
		data, err := f.accepted.Append(nil, k.Acceptor.Accepted[slot])
		if err := add(slotName(votePrefix, slot), data, err); err != nil {
			return nil, err
		}
	}
	return all, nil // Ascending, as their names begin with b, d and v.
}

// Join returns the multipaxos.Durable of records.
func (f *records[O]) Join(all []storage.Record) (any, error) {
	var k multipaxos.Durable[O]
	for _, r := range all {
		if err := f.join(&k, r); err != nil {
			return nil, fmt.Errorf("record %q: %w", r.Name, err)
		}
	}
	return k, nil
}

// join adds what a record says.
func (f *records[O]) join(k *multipaxos.Durable[O], r storage.Record) (err error) {
	switch prefix, digits, _ := strings.Cut(r.Name, " "); prefix + " " {
	case ballotName + " ":
		k.Acceptor.Ballot, err = f.ballots.Decode(r.Data)
	case votePrefix:
		var slot rsm.Slot
		if slot, err = readSlot(digits); err == nil {
			if k.Acceptor.Accepted == nil {
				k.Acceptor.Accepted = multipaxos.PValues[O]{}
			}
			k.Acceptor.Accepted[slot], err = f.accepted.Decode(r.Data)
		}
	case slotPrefix:
		var slot rsm.Slot
		if slot, err = readSlot(digits); err == nil {
			if k.Decisions == nil {
				k.Decisions = map[rsm.Slot]rsm.Batch[O]{}
			}
			k.Decisions[slot], err = f.decided.Decode(r.Data)
		}
	default:
		err = fmt.Errorf("must be %s, or begin with %q or %q", ballotName, votePrefix, slotPrefix)
	}
	return err
}

func readSlot(digits string) (rsm.Slot, error) {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(digits) != 20 || n == 0 {
		return 0, fmt.Errorf("slot %q: must be 20 digits, and not 0", digits)
	}
	return rsm.Slot(n), nil
}
