// Package wire defines how servers of "Paxos for System Builders" run as processes: the formats of their messages and
// of their state on disk, and the requests of clients of the replicated key-value store.
package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/spawn/jsonwire"
	"synod/storage"
)

// kept is the state that a server of the store keeps.
type kept = systembuilders.Durable[rsm.StoreOp]

// Version must change whenever the format of messages or of the saved state does.
const Version = 5

// Messages is the format of the messages of servers and clients of the store: JSON by their types. A client sends
//
//	{"Request":{"command":{"id":{"client":0,"local":1},"op":{"kind":1,"key":"k","value":"v","old":""},"end":false,"floor":0}}}
//
// where the kind is 0 for get, 1 for put, 2 for delete and 3 for cas, and client 0 stands for the sender.
var Messages = jsonwire.Must(
	[]rsm.Message{rsm.Request[rsm.StoreOp]{}},
	[]rsm.Message{rsm.Reply[rsm.StoreResult]{}, rsm.Internal[systembuilders.Message]{}},
	jsonwire.UnionOf[systembuilders.Message](
		systembuilders.ViewChange{}, systembuilders.VCProof{}, systembuilders.Prepare{},
		systembuilders.PrepareOK[rsm.StoreOp]{}, systembuilders.Proposal[rsm.StoreOp]{}, systembuilders.Accept{},
		systembuilders.ClientUpdate[rsm.StoreOp]{}, systembuilders.GloballyOrderedUpdate[rsm.StoreOp]{},
		systembuilders.Learn{}, systembuilders.Snapshot{}, systembuilders.SnapshotPart{}, systembuilders.LearnPart{},
		systembuilders.Recover{}, systembuilders.Recovered{},
	),
)

// Records is the format of the state that a server keeps: the view that it has installed, the highest view that it
// attempted, the nonce of a loss of its disk while it recovers from that, its snapshot, and a record for each slot
// and each pending update, so that a step changes only a few records. It is a machine.Records and a machine.Differ.
var Records records

type records struct{}

var (
	views   = form[systembuilders.View]()
	nonces  = form[uint64]()
	batches = form[systembuilders.Batch[rsm.StoreOp]]()
	knowns  = form[systembuilders.Known[rsm.StoreOp]]()
	updates = form[systembuilders.Pending[rsm.StoreOp]]()

	snapshots = form[systembuilders.Snapshot]()
)

func form[T any]() *jsonwire.Form[T] {
	f, err := jsonwire.NewForm[T]()
	if err != nil {
		panic(err) // a bug, which every test finds
	}
	return f
}

// The names of records, in ascending order. Those of slots and updates are followed by numbers of 20 digits, so that
// names sort like the numbers.
const (
	highestName   = "highest"
	knownPrefix   = "known "
	lostName      = "lost"
	orderedPrefix = "ordered "
	pendingPrefix = "pending "
	snapshotName  = "snapshot"
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

// add returns a function that adds a record with a name, or notes the error.
func (s *splitter) add(name string) func(data []byte, err error) {
	return func(data []byte, err error) {
		if err != nil && s.err == nil {
			s.err = fmt.Errorf("record %q: %w", name, err)
		}
		s.all = append(s.all, storage.Record{Name: name, Data: data})
	}
}

// Split returns the records of a systembuilders.Durable.
func (r records) Split(value any) ([]storage.Record, error) {
	k, ok := value.(kept)
	if !ok {
		return nil, fmt.Errorf("%T: must be what a server of System Builders keeps", value)
	}
	return r.changes(nil, k)
}

// Changes returns the records to save so that a store with the records of before has those of after. It does not
// visit slots of the log that are the same in both.
func (r records) Changes(before, after any) ([]storage.Record, error) {
	b, known := before.(kept)
	a, ok := after.(kept)
	if !known || !ok {
		return nil, fmt.Errorf("%T and %T: must be what a server of System Builders keeps", before, after)
	}
	return r.changes(&b, a)
}

// changes returns the records that differ, in ascending order of names; before is nil if nothing was saved yet.
func (records) changes(before *kept, after kept) ([]storage.Record, error) {
	var (
		s   splitter
		was kept
	)
	if before != nil {
		was = *before
	}
	changed(&s, was.History, after.History, knowns, func(seq rsm.Slot) string {
		return named(knownPrefix, uint64(seq))
	})
	for seq := range was.Log.Changes(after.Log) {
		name := named(orderedPrefix, uint64(seq))
		b, held := after.Log.Get(seq)
		if !held {
			s.all = append(s.all, storage.Record{Name: name})
			continue
		}
		data, err := batches.Append(nil, b)
		if old, had := was.Log.Get(seq); had && err == nil {
			if text, err := batches.Append(nil, old); err == nil && bytes.Equal(text, data) {
				continue // Equal values at different addresses are not a change.
			}
		}
		s.add(name)(data, err)
	}
	for id := range was.Pending.Changes(after.Pending) {
		name := named(pendingPrefix, uint64(id.Client), uint64(id.Local))
		old, had := was.Pending.Get(id)
		switch p, held := after.Pending.Get(id); {
		case !held:
			s.all = append(s.all, storage.Record{Name: name})
		case !had || old != p:
			s.add(name)(updates.Append(nil, p))
		}
	}
	whole(&s, snapshotName, was.Snapshot, after.Snapshot, snapshots)
	whole(&s, highestName, was.Highest, after.Highest, views)
	whole(&s, lostName, was.Lost, after.Lost, nonces)
	if before == nil || was.Installed != after.Installed {
		s.add(viewName)(views.Append(nil, after.Installed))
	}
	slices.SortFunc(s.all, func(a, b storage.Record) int { return strings.Compare(a.Name, b.Name) })
	return s.all, s.err
}

// whole adds the record of a value if it has changed. A zero value has no record.
func whole[T comparable](s *splitter, name string, before, after T, form *jsonwire.Form[T]) {
	var none T
	switch {
	case before == after:
	case after == none:
		s.all = append(s.all, storage.Record{Name: name})
	default:
		s.add(name)(form.Append(nil, after))
	}
}

// changed adds the records of the entries of a map that have changed.
func changed[K, V comparable](
	s *splitter, before, after map[K]V, form *jsonwire.Form[V], name func(K) string,
) {
	for k := range before {
		if _, held := after[k]; !held {
			s.all = append(s.all, storage.Record{Name: name(k)})
		}
	}
	for k, v := range after {
		was, had := before[k]
		if had && was == v {
			continue
		}
		data, err := form.Append(nil, v)
		if had && err == nil {
			if old, err := form.Append(nil, was); err == nil && bytes.Equal(old, data) {
				continue
			}
		}
		s.add(name(k))(data, err)
	}
}

// Join returns the systembuilders.Durable of the records.
func (records) Join(all []storage.Record) (any, error) {
	var k kept
	for _, r := range all {
		if err := join(&k, r); err != nil {
			return nil, fmt.Errorf("record %q: %w", r.Name, err)
		}
	}
	next := k.Snapshot.Seq + 1
	for seq := range k.Log.All() {
		if seq != next {
			return nil, fmt.Errorf("record %q: the one before must be of slot %v", named(orderedPrefix, uint64(seq)), next)
		}
		next++
	}
	return k, nil
}

// join adds the content of a record.
func join(k *kept, r storage.Record) (err error) {
	prefix, digits, _ := strings.Cut(r.Name, " ")
	switch prefix += " "; {
	case r.Name == viewName:
		k.Installed, err = views.Decode(r.Data)
	case r.Name == highestName:
		k.Highest, err = views.Decode(r.Data)
	case r.Name == lostName:
		k.Lost, err = nonces.Decode(r.Data)
	case r.Name == snapshotName:
		if k.Snapshot, err = snapshots.Decode(r.Data); err == nil {
			_, err = rsm.Load[map[string]string, rsm.StoreOp, rsm.StoreResult](rsm.Store{}, []byte(k.Snapshot.Data))
		}
	case prefix == knownPrefix:
		var seq uint64
		if seq, err = number(digits); err == nil {
			if k.History == nil {
				k.History = map[rsm.Slot]systembuilders.Known[rsm.StoreOp]{}
			}
			k.History[rsm.Slot(seq)], err = knowns.Decode(r.Data)
		}
	case prefix == orderedPrefix:
		err = joinOrdered(k, digits, r.Data)
	case prefix == pendingPrefix:
		err = joinPending(k, digits, r.Data)
	default:
		err = fmt.Errorf("must be %q, %q, %q or %q, or begin with %q, %q or %q",
			highestName, lostName, snapshotName, viewName, knownPrefix, orderedPrefix, pendingPrefix)
	}
	return err
}

func joinOrdered(k *kept, digits string, data []byte) error {
	seq, err := number(digits)
	if err != nil {
		return err
	}
	b, err := batches.Decode(data)
	k.Log = k.Log.With(rsm.Slot(seq), b)
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
	k.Pending = k.Pending.With(id, p)
	return nil
}

func number(digits string) (uint64, error) {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(digits) != 20 || n == 0 {
		return 0, fmt.Errorf("number %q: must be 20 digits, and not 0", digits)
	}
	return n, nil
}
