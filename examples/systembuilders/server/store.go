package server

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/storage"
)

// version is the version of the format of the records.
const version = 1

// store keeps the state of a node in a record for each slot and each pending update, so that a save writes only what
// changed. Each record is a part of a paxospb.PersistentState; merged in the order of their names, the records are
// the whole state.
type store struct {
	file  *storage.File
	last  node.PersistentState // what is in the file
	small []storage.Record     // the small records of last, see smallRecords
}

func openStore(dir string, id int, cluster string) (*store, error) {
	file, err := storage.Open(cmp.Or(dir, "."), storage.Identity{
		Model: "system-builders-server", Version: version, Actor: actor.ID(id), Cluster: cluster,
	})
	if err != nil {
		return nil, err
	}
	return &store{file: file}, nil
}

// Close closes the file.
func (s *store) Close() error { return s.file.Close() }

// Load returns the saved state, if there is one.
func (s *store) Load() (state node.PersistentState, found bool, err error) {
	records, err := s.file.Load()
	if err != nil || len(records) == 0 {
		return state, false, err
	}
	slices.SortFunc(records, byName)
	p := new(paxospb.PersistentState)
	for _, r := range records {
		if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(r.Data, p); err != nil {
			return state, false, fmt.Errorf("record %q: %w", r.Name, err)
		}
	}
	if state, err = paxospb.DecodeState(p); err != nil {
		return state, false, err
	}
	s.last = state
	s.small, err = smallRecords(state)
	return state, true, err
}

func byName(a, b storage.Record) int { return strings.Compare(a.Name, b.Name) }

// Save saves the next state after the last one.
func (s *store) Save(state node.PersistentState) error {
	small, err := smallRecords(state)
	if err != nil {
		return err
	}
	changes := storage.Changes(s.small, small)
	add := func(name string, held bool, of systembuilders.Durable[string]) {
		r := storage.Record{Name: name}
		if held && err == nil {
			r, err = part(state, name, of)
		}
		changes = append(changes, r)
	}
	for seq := range s.last.Log.Changes(state.Log) {
		name := slotName(orderedPrefix, seq)
		// The slot may already have been known to be ordered, and still is.
		changes = slices.DeleteFunc(changes, func(r storage.Record) bool { return r.Name == name })
		b, held := state.Log.Get(seq)
		add(name, held, systembuilders.Durable[string]{Log: systembuilders.Log[string]{}.With(seq, b)})
	}
	for id := range s.last.Pending.Changes(state.Pending) {
		p, held := state.Pending.Get(id)
		add(fmt.Sprintf("%s%020d.%020d", pendingPrefix, id.Client, id.Local), held,
			systembuilders.Durable[string]{Pending: systembuilders.Waiting[string]{}.With(id, p)})
	}
	if s.last.Snapshot != state.Snapshot {
		add(snapshotName, state.Snapshot.Seq > 0, systembuilders.Durable[string]{Snapshot: state.Snapshot})
	}
	if err != nil {
		return err
	}
	if len(changes) > 0 {
		if err := s.file.Save(changes); err != nil {
			return err
		}
	}
	s.last, s.small = state, small
	return nil
}

// The names of records, in ascending order. Those of slots and updates are followed by numbers of 20 digits.
const (
	acceptedPrefix = "accepted "
	orderedPrefix  = "ordered "
	pendingPrefix  = "pending "
	snapshotName   = "snapshot"
	viewName       = "view"
)

func slotName(prefix string, seq rsm.Slot) string { return fmt.Sprintf("%s%020d", prefix, seq) }

// smallRecords returns the records of the slots above the log, and of the view, in ascending order. There are only a
// few.
func smallRecords(state node.PersistentState) (all []storage.Record, err error) {
	add := func(name string, of systembuilders.Durable[string]) {
		r, e := part(state, name, of)
		all, err = append(all, r), errors.Join(err, e)
	}
	for seq, k := range state.History {
		prefix := acceptedPrefix
		if k.Ordered {
			prefix = orderedPrefix
		}
		add(slotName(prefix, seq), systembuilders.Durable[string]{History: map[rsm.Slot]systembuilders.Known[string]{seq: k}})
	}
	slices.SortFunc(all, byName)
	view := state
	view.Durable = systembuilders.Durable[string]{Installed: state.Installed, Lost: state.Lost, Highest: state.Highest}
	data, e := proto.Marshal(paxospb.EncodeState(view))
	return append(all, storage.Record{Name: viewName, Data: data}), errors.Join(err, e)
}

// part returns the record of a part of a state.
func part(state node.PersistentState, name string, of systembuilders.Durable[string]) (storage.Record, error) {
	state.Durable = of
	state.Delay, state.Members = 0, nil // They are in the record of the view.
	data, err := proto.Marshal(paxospb.EncodeState(state))
	return storage.Record{Name: name, Data: data}, err
}
