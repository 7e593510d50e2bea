// Package wire says how servers of "Paxos for System Builders" run for real: the form of their messages on a network and of
// what they keep on disk, and what clients ask of the key-value store that they replicate.
package wire

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/spawn/jsonwire"
	"synod/storage"
)

// kept is what a server of the store keeps.
type kept = systembuilders.Durable[rsm.StoreOp]

// Version changes with the form of messages and of what is kept.
const Version = 1

// Messages is the form of the messages of servers and clients of the store: JSON by their types. A client asks by
//
//	{"Request":{"command":{"id":{"client":0,"local":1},"op":{"kind":1,"key":"k","value":"v","old":""},"end":false,"floor":0}}}
//
// where the kind is 0 for get, 1 for put, 2 for delete and 3 for cas, and client 0 stands for who sends it.
var Messages = jsonwire.Must(
	[]rsm.Message{rsm.Request[rsm.StoreOp]{}},
	[]rsm.Message{rsm.Reply[rsm.StoreResult]{}, rsm.Internal[systembuilders.Message]{}},
	jsonwire.UnionOf[systembuilders.Message](
		systembuilders.ViewChange{}, systembuilders.VCProof{}, systembuilders.Prepare{},
		systembuilders.PrepareOK[rsm.StoreOp]{}, systembuilders.Proposal[rsm.StoreOp]{}, systembuilders.Accept{},
		systembuilders.ClientUpdate[rsm.StoreOp]{}, systembuilders.GloballyOrderedUpdate[rsm.StoreOp]{},
		systembuilders.Learn{},
	),
)

// Records is the form of what a server keeps: the view that it has installed, and a record for each slot and each pending
// update, so that a step changes a few.
var Records records

type records struct{}

var (
	views   = form[systembuilders.View]()
	batches = form[systembuilders.Batch[rsm.StoreOp]]()
	knowns  = form[systembuilders.Known[rsm.StoreOp]]()
	updates = form[systembuilders.Pending[rsm.StoreOp]]()
)

func form[T any]() *jsonwire.Form[T] {
	f, err := jsonwire.NewForm[T]()
	if err != nil {
		panic(err) // A mistake of ours, which every test finds.
	}
	return f
}

// The names of records, in ascending order. Those of slots and updates have numbers of 20 digits behind them, so that they
// sort like these.
const (
	knownPrefix   = "known "
	orderedPrefix = "ordered "
	pendingPrefix = "pending "
	viewName      = "view"
)

func named(prefix string, numbers ...uint64) string {
	for i, n := range numbers {
		if i > 0 {
			prefix += "."
		}
		prefix += fmt.Sprintf("%020d", n)
	}
	return prefix
}

// splitter collects records, and the first error.
type splitter struct {
	all []storage.Record
	err error
}

func (s *splitter) add(name string, data []byte, err error) {
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("record %q: %w", name, err)
	}
	s.all = append(s.all, storage.Record{Name: name, Data: data})
}

// Split returns the records of a systembuilders.Durable.
func (records) Split(value any) ([]storage.Record, error) {
	k, ok := value.(kept)
	if !ok {
		return nil, fmt.Errorf("%T: must be what a server of System Builders keeps", value)
	}
	var s splitter
	add := func(name string) func(data []byte, err error) {
		return func(data []byte, err error) { s.add(name, data, err) }
	}
	for _, seq := range slices.Sorted(maps.Keys(k.History)) {
		add(named(knownPrefix, uint64(seq)))(knowns.Append(nil, k.History[seq]))
	}
	for i, b := range k.Log {
		add(named(orderedPrefix, uint64(i+1)))(batches.Append(nil, b))
	}
	for id, p := range k.Pending {
		add(named(pendingPrefix, uint64(id.Client), uint64(id.Local)))(updates.Append(nil, p))
	}
	add(viewName)(views.Append(nil, k.Installed))
	slices.SortFunc(s.all, func(a, b storage.Record) int { return strings.Compare(a.Name, b.Name) })
	return s.all, s.err
}

// Join returns the systembuilders.Durable of records.
func (records) Join(all []storage.Record) (any, error) {
	var k kept
	for _, r := range all {
		if err := join(&k, r); err != nil {
			return nil, fmt.Errorf("record %q: %w", r.Name, err)
		}
	}
	return k, nil
}

// join adds what a record says. Records come by ascending name, so that the slots of the log do.
func join(k *kept, r storage.Record) (err error) {
	prefix, digits, _ := strings.Cut(r.Name, " ")
	switch prefix += " "; {
	case r.Name == viewName:
		k.Installed, err = views.Decode(r.Data)
	case prefix == knownPrefix:
		var seq uint64
		if seq, err = number(digits); err == nil {
			if k.History == nil {
				k.History = map[rsm.Slot]systembuilders.Known[rsm.StoreOp]{}
			}
			k.History[rsm.Slot(seq)], err = knowns.Decode(r.Data)
		}
	case prefix == orderedPrefix:
		if r.Name != named(orderedPrefix, uint64(len(k.Log)+1)) {
			return fmt.Errorf("must be of slot %d", len(k.Log)+1)
		}
		var b systembuilders.Batch[rsm.StoreOp]
		b, err = batches.Decode(r.Data)
		k.Log = append(k.Log, b)
	case prefix == pendingPrefix:
		err = joinPending(k, digits, r.Data)
	default:
		err = fmt.Errorf("must be %s, or begin with %q, %q or %q", viewName, knownPrefix, orderedPrefix, pendingPrefix)
	}
	return err
}

func joinPending(k *kept, digits string, data []byte) error {
	p, err := updates.Decode(data)
	if err != nil {
		return err
	}
	id := p.Command.ID
	if named("", uint64(id.Client), uint64(id.Local)) != digits {
		return fmt.Errorf("must be of update %v", id)
	}
	if k.Pending == nil {
		k.Pending = map[rsm.ID]systembuilders.Pending[rsm.StoreOp]{}
	}
	k.Pending[id] = p
	return nil
}

func number(digits string) (uint64, error) {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(digits) != 20 || n == 0 {
		return 0, fmt.Errorf("number %q: must be 20 digits, and not 0", digits)
	}
	return n, nil
}
