package replica

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn/jsonwire"
	"synod/storage"
)

// Records is the form of the saved state of a server with operations O, a multipaxos.Durable: its promise, its
// snapshot and its watermark if present, and per slot one record for the votes and one for the decision, so that a
// step changes only a few records. It implements machine.Records and machine.Differ.
type Records[O any] struct {
	ballots    *jsonwire.Form[multipaxos.Ballot]
	snapshots  *jsonwire.Form[multipaxos.Snapshot]
	watermarks *jsonwire.Form[rsm.Slot]
	votes      *jsonwire.Form[actor.List[multipaxos.Vote[O]]]
	decisions  *jsonwire.Form[rsm.Batch[O]]
}

// NewRecords returns the form for operations O. Unions list the types of interfaces in them.
func NewRecords[O any](unions ...jsonwire.Union) (*Records[O], error) {
	ballots, err1 := jsonwire.NewForm[multipaxos.Ballot]()
	snapshots, err2 := jsonwire.NewForm[multipaxos.Snapshot]()
	watermarks, err3 := jsonwire.NewForm[rsm.Slot]()
	votes, err4 := jsonwire.NewForm[actor.List[multipaxos.Vote[O]]](unions...)
	decisions, err5 := jsonwire.NewForm[rsm.Batch[O]](unions...)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}
	return &Records[O]{ballots, snapshots, watermarks, votes, decisions}, nil
}

// The names of records, in ascending order. Those of slots have the slot behind them, in 20 digits, so that they sort like
// the slots.
const (
	ballotName     = "ballot"
	decisionPrefix = "decision "
	snapshotName   = "snapshot"
	votePrefix     = "vote "
	watermarkName  = "watermark"
)

func slotName(prefix string, slot rsm.Slot) string {
	return fmt.Sprintf("%s%020d", prefix, uint64(slot))
}

// Split returns the records of a multipaxos.Durable.
func (r *Records[O]) Split(kept any) ([]storage.Record, error) {
	k, ok := kept.(multipaxos.Durable[O])
	if !ok {
		return nil, fmt.Errorf("%T: must be what a server of Multi-Paxos keeps", kept)
	}
	s := splitter{all: make([]storage.Record, 0, 3+k.Decisions.Len()+k.Acceptor.Accepted.Len())}
	s.add(ballotName)(r.ballots.Append(nil, k.Acceptor.Ballot))
	for slot, b := range k.Decisions.All() {
		s.add(slotName(decisionPrefix, slot))(r.decisions.Append(nil, b))
	}
	if k.Snapshot.Slot > 0 {
		s.add(snapshotName)(r.snapshots.Append(nil, k.Snapshot))
	}
	for slot, votes := range k.Acceptor.Accepted.All() {
		s.add(slotName(votePrefix, slot))(r.votes.Append(nil, votes))
	}
	if k.Acceptor.Watermark > 0 {
		s.add(watermarkName)(r.watermarks.Append(nil, k.Acceptor.Watermark))
	}
	return s.all, s.err
}

// splitter collects records and the first error.
type splitter struct {
	all []storage.Record
	err error
}

// add returns a function that adds a record with the given name, or the error of encoding it.
func (s *splitter) add(name string) func(data []byte, err error) {
	return func(data []byte, err error) {
		if err != nil && s.err == nil {
			s.err = fmt.Errorf("record %q: %w", name, err)
		}
		s.all = append(s.all, storage.Record{Name: name, Data: data})
	}
}

// Changes returns the changes to save so that a store with the records of before has those of after, both a
// multipaxos.Durable. It skips slots that both share.
func (r *Records[O]) Changes(before, after any) ([]storage.Record, error) {
	b, known := before.(multipaxos.Durable[O])
	a, ok := after.(multipaxos.Durable[O])
	if !known || !ok {
		return nil, fmt.Errorf("%T and %T: must be what a server of Multi-Paxos keeps", before, after)
	}
	var s splitter
	if a.Acceptor.Ballot != b.Acceptor.Ballot {
		s.add(ballotName)(r.ballots.Append(nil, a.Acceptor.Ballot))
	}
	changed(&s, decisionPrefix, b.Decisions, a.Decisions, r.decisions)
	if a.Snapshot.Slot != b.Snapshot.Slot {
		s.add(snapshotName)(r.snapshots.Append(nil, a.Snapshot))
	}
	changed(&s, votePrefix, b.Acceptor.Accepted.Map, a.Acceptor.Accepted.Map, r.votes)
	if a.Acceptor.Watermark != b.Acceptor.Watermark {
		s.add(watermarkName)(r.watermarks.Append(nil, a.Acceptor.Watermark))
	}
	return s.all, s.err
}

// changed adds the records of the slots that differ.
func changed[V comparable](
	s *splitter, prefix string, before, after actor.Map[rsm.Slot, V], form *jsonwire.Form[V],
) {
	for slot := range before.Changes(after) {
		name := slotName(prefix, slot)
		now, held := after.Get(slot)
		if !held {
			s.all = append(s.all, storage.Record{Name: name})
			continue
		}
		data, err := form.Append(nil, now)
		// Equal values at different addresses are not a change.
		if was, had := before.Get(slot); had && err == nil {
			if old, err := form.Append(nil, was); err == nil && bytes.Equal(old, data) {
				continue
			}
		}
		s.add(name)(data, err)
	}
}

// Join returns the multipaxos.Durable stored in records.
func (r *Records[O]) Join(all []storage.Record) (any, error) {
	var k multipaxos.Durable[O]
	for _, record := range all {
		if err := r.join(&k, record); err != nil {
			return nil, fmt.Errorf("record %q: %w", record.Name, err)
		}
	}
	return k, nil
}

// join adds the contents of a record.
func (r *Records[O]) join(k *multipaxos.Durable[O], record storage.Record) (err error) {
	switch record.Name {
	case ballotName:
		k.Acceptor.Ballot, err = r.ballots.Decode(record.Data)
		return err
	case snapshotName:
		k.Snapshot, err = r.snapshots.Decode(record.Data)
		return err
	case watermarkName:
		k.Acceptor.Watermark, err = r.watermarks.Decode(record.Data)
		return err
	}
	if digits, ok := strings.CutPrefix(record.Name, decisionPrefix); ok {
		k.Decisions, err = joinSlot(k.Decisions, digits, record.Data, r.decisions)
		return err
	}
	if digits, ok := strings.CutPrefix(record.Name, votePrefix); ok {
		k.Acceptor.Accepted.Map, err = joinSlot(k.Acceptor.Accepted.Map, digits, record.Data, r.votes)
		return err
	}
	return fmt.Errorf("must be %q, %q or %q, or begin with %q or %q",
		ballotName, snapshotName, watermarkName, decisionPrefix, votePrefix)
}

func joinSlot[V comparable](
	m actor.Map[rsm.Slot, V], digits string, data []byte, form *jsonwire.Form[V],
) (actor.Map[rsm.Slot, V], error) {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(digits) != 20 || n == 0 {
		return m, fmt.Errorf("slot %q: must be 20 digits, and not 0", digits)
	}
	v, err := form.Decode(data)
	if err != nil {
		return m, err
	}
	return m.With(rsm.Slot(n), v), nil
}
