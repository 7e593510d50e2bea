package spawn_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

// counting is a store that counts saves, of which the one that is to fail does.
type counting struct {
	storage.Memory
	saves [][]storage.Record
	fails error
}

func (c *counting) Save(changes []storage.Record) error {
	if c.fails != nil {
		return c.fails
	}
	var kept []storage.Record
	for _, r := range changes {
		kept = append(kept, storage.Record{Name: r.Name, Data: slices.Clone(r.Data)})
	}
	c.saves = append(c.saves, kept)
	return c.Memory.Save(changes)
}

// sent is a transport that notes what is sent.
type sent struct{ all []string }

func (s *sent) Receive(time.Duration) (actor.ID, []byte, error) { return 0, nil, errors.New("nothing") }
func (s *sent) Close() error                                    { return nil }

func (s *sent) Send(to actor.ID, data []byte) error {
	s.all = append(s.all, fmt.Sprintf("%v: %s", to, data))
	return nil
}

// joined notes for each event whether it joins those before.
type joined struct{ all []bool }

func (j *joined) Step(_ spawn.Machine, _ machine.Event, _ machine.Effects, _ time.Duration, joins bool) error {
	j.all = append(j.all, joins)
	return nil
}

func (j *joined) Stop(time.Duration, error) error { return nil }

// beginServer begins a server of single-decree Paxos.
func beginServer(t *testing.T, store spawn.Store, transport spawn.Transport, recorder spawn.Recorder) *spawn.Server {
	t.Helper()
	program, err := catalog.Program("single-decree", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := spawn.NewServer(spawn.Config{
		Machine: program.New(1, []actor.ID{1, 2, 3}, true, random()), Transport: transport, Store: store, Record: recorder,
		Metrics: new(spawn.Metrics),
	})
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	return s
}

func prepare(round int) machine.Event {
	return machine.Event{Kind: machine.Receive, From: 2, Data: fmt.Appendf(nil, `{"Internal":{"Prepare":{"ballot":[%d,2]}}}`, round)}
}

// TestBatch takes events that share a save: it has each record once, and nothing leaves before it, not even the answer of
// an event that changes nothing.
func TestBatch(t *testing.T) {
	store, transport, recorder := &counting{}, &sent{}, &joined{}
	s := beginServer(t, store, transport, recorder)
	before := len(store.saves)
	data := []byte(`{"Put":[1,"XY"]}`)
	events := []machine.Event{
		prepare(1), prepare(2), {Kind: machine.Receive, From: client, Data: data}, prepare(2), prepare(3),
	}
	for _, e := range events {
		if err := s.Take(e); err != nil {
			t.Fatal(err)
		}
		clear(e.Data) // It is the transport's again.
	}
	if len(store.saves) != before || len(transport.all) > 0 || !s.Waits() || s.Full() {
		t.Fatalf("before the save: %d saves, sent %q", len(store.saves)-before, transport.all)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(store.saves) != before+1 || len(store.saves[before]) != 1 || string(store.saves[before][0].Data) != "[3,2]" {
		t.Errorf("saved %s", store.saves[before:])
	}
	var rounds []string
	for _, m := range transport.all {
		_, ballot, _ := strings.Cut(m, `"ballot":`)
		rounds = append(rounds, ballot[:5])
	}
	if got := strings.Join(rounds, " "); got != "[1,2] [2,2] [2,2] [3,2]" && got != "[1,2] [2,2] [3,2]" {
		t.Errorf("sent %q", transport.all)
	}
	if n := s.Metrics.SavedSteps.Load(); s.Waits() || n < 4 {
		t.Errorf("%d steps were saved", n)
	}
	// An event that changes nothing, and joins none that did, waits for nothing.
	sentBefore := len(transport.all)
	if err := s.Take(machine.Event{Kind: machine.Receive, From: 2, Data: []byte(`{"Internal":{"Prepare":{"ballot":[9,1]}}}`)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil || len(transport.all) != sentBefore+1 {
		t.Fatal(err, transport.all)
	}
	if want := []bool{false, false, true, true, true, true, false}; !slices.Equal(recorder.all, want) {
		t.Errorf("joins are %v, want %v", recorder.all, want)
	}
}

// TestBatchUnsaved makes sure that nothing of a batch is sent if it cannot be saved.
func TestBatchUnsaved(t *testing.T) {
	store, transport := &counting{}, &sent{}
	s := beginServer(t, store, transport, nil)
	store.fails = errors.New("the disk is full")
	if err := errors.Join(s.Take(prepare(1)), s.Take(prepare(2))); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); !errors.Is(err, store.fails) || len(transport.all) > 0 {
		t.Errorf("%v, sent %q", err, transport.all)
	}
}

// TestBatchFull makes sure that a batch is bounded.
func TestBatchFull(t *testing.T) {
	s := beginServer(t, &counting{}, &sent{}, nil)
	for n := range spawn.MaxBatch {
		if s.Full() {
			t.Fatalf("full after %d steps", n)
		}
		if err := s.Take(prepare(n + 1)); err != nil {
			t.Fatal(err)
		}
	}
	if !s.Full() {
		t.Error("not full")
	}
}
