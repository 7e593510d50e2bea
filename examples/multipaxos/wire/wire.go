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
	"synod/storage"
)

// The types of the store that is replicated.
type (
	request  = rsm.Request[rsm.StoreOp]
	reply    = rsm.Reply[rsm.StoreResult]
	internal = rsm.Internal[multipaxos.Message]
	kept     = multipaxos.Durable[rsm.StoreOp]
)

// Version changes with the form of messages and of what is kept.
const Version = 1

// Messages is the form of messages: JSON by their types. A client asks by
//
//	{"Request":{"command":{"id":{"client":0,"local":1},"op":{"kind":1,"key":"k","value":"v","old":""},"end":false,"floor":0}}}
//
// where the kind is 0 for get, 1 for put, 2 for delete and 3 for cas, and client 0 stands for who sends it.
var Messages = jsonwire.Must(
	[]rsm.Message{request{}}, []rsm.Message{reply{}, internal{}},
	jsonwire.UnionOf[multipaxos.Message](
		multipaxos.P1a{}, multipaxos.P1b[rsm.StoreOp]{}, multipaxos.P2a[rsm.StoreOp]{}, multipaxos.P2b{},
		multipaxos.Propose[rsm.StoreOp]{}, multipaxos.Decision[rsm.StoreOp]{}, multipaxos.Ping{}, multipaxos.Learn{},
	),
)

// Records is the form of what a server keeps: its promise, and a record for the votes and one for the decision of each
// slot, so that a step changes a few.
var Records records

type records struct{}

var (
	ballots  = form[multipaxos.Ballot]()
	accepted = form[[]multipaxos.Vote[rsm.StoreOp]]()
	decided  = form[rsm.Batch[rsm.StoreOp]]()
)

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
func (records) Split(value any) ([]storage.Record, error) {
	k := value.(kept)
	var all []storage.Record
	add := func(name string, data []byte, err error) error {
		all = append(all, storage.Record{Name: name, Data: data})
		return err
	}
	data, err := ballots.Append(nil, k.Acceptor.Ballot)
	if err := add(ballotName, data, err); err != nil {
		return nil, err
	}
	for _, slot := range slices.Sorted(maps.Keys(k.Decisions)) {
		data, err := decided.Append(nil, k.Decisions[slot])
		if err := add(slotName(slotPrefix, slot), data, err); err != nil {
			return nil, err
		}
	}
	for _, slot := range slices.Sorted(maps.Keys(k.Acceptor.Accepted)) {
		data, err := accepted.Append(nil, k.Acceptor.Accepted[slot])
		if err := add(slotName(votePrefix, slot), data, err); err != nil {
			return nil, err
		}
	}
	return all, nil // Ascending, as their names begin with b, d and v.
}

// Join returns the multipaxos.Durable of records.
func (records) Join(all []storage.Record) (any, error) {
	var k kept
	for _, r := range all {
		if err := join(&k, r); err != nil {
			return nil, fmt.Errorf("record %q: %w", r.Name, err)
		}
	}
	return k, nil
}

// join adds what a record says.
func join(k *kept, r storage.Record) (err error) {
	switch prefix, digits, _ := strings.Cut(r.Name, " "); prefix + " " {
	case ballotName + " ":
		k.Acceptor.Ballot, err = ballots.Decode(r.Data)
	case votePrefix:
		var slot rsm.Slot
		if slot, err = readSlot(digits); err == nil {
			if k.Acceptor.Accepted == nil {
				k.Acceptor.Accepted = multipaxos.PValues[rsm.StoreOp]{}
			}
			k.Acceptor.Accepted[slot], err = accepted.Decode(r.Data)
		}
	case slotPrefix:
		var slot rsm.Slot
		if slot, err = readSlot(digits); err == nil {
			if k.Decisions == nil {
				k.Decisions = map[rsm.Slot]rsm.Batch[rsm.StoreOp]{}
			}
			k.Decisions[slot], err = decided.Decode(r.Data)
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
