package wire_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"synod/actor"
	"synod/examples/systembuilders/wire"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/spawn/machine"
	"synod/storage"
)

// BenchmarkUpdate measures an update of a client at a lone server that has ordered some already: the step in which it is
// proposed, ordered, executed and answered, with what that has to save and to send.
func BenchmarkUpdate(b *testing.B) {
	for _, slots := range []int{10, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("slots=%d", slots), func(b *testing.B) {
			s := newLone(b, slots)
			b.ReportAllocs()
			saved := 0
			for b.Loop() {
				saved += s.update(b)
			}
			b.ReportMetric(float64(saved)/float64(b.N), "records/op")
		})
	}
}

// storeState is the local state of a server of the store.
type storeState = systembuilders.State[map[string]string, rsm.StoreOp, rsm.StoreResult]

// lone is a server by itself, as a machine.
type lone struct {
	*machine.Machine[storeState, rsm.Message]
	number uint64
}

// newLone returns a server that goes on with some ordered slots.
func newLone(t testing.TB, slots int) *lone {
	t.Helper()
	return newLoneBy(t, systembuilders.Options{}, slots)
}

func newLoneBy(t testing.TB, o systembuilders.Options, slots int) *lone {
	t.Helper()
	var records []storage.Record
	for slot := 1; slot <= slots; slot++ {
		records = append(records, storage.Record{
			Name: fmt.Sprintf("ordered %020d", slot),
			Data: fmt.Appendf(nil, `[{"node":0,"command":{"id":{"client":9,"local":%d},`+
				`"op":{"kind":0,"key":"k","value":"","old":""},"end":false,"floor":%[1]d}}]`, slot),
		})
	}
	records = append(records, storage.Record{Name: "view", Data: []byte("1")})
	server := systembuilders.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{Options: o, Machine: rsm.Store{}}
	s := &lone{machine.New(machine.Config[storeState, rsm.Message]{
		Servers: []actor.ID{0}, Actor: server.New(), Wire: wire.Messages, Records: wire.Records, Random: rand.NewPCG(1, 1),
	}), uint64(slots)}
	s.step(t, machine.Event{Kind: machine.Recover, Records: records})
	return s
}

func (s *lone) step(t testing.TB, e machine.Event) machine.Effects {
	t.Helper()
	effects, err := s.Step(e, 0)
	if err != nil || effects.Rejected != nil {
		t.Fatal(err, effects.Rejected)
	}
	return effects
}

// update has one executed, and returns how many records were to be saved for it.
func (s *lone) update(t testing.TB) (saved int) {
	t.Helper()
	return len(s.saved(t))
}

// saved has one executed, and returns the records that were to be saved for it.
func (s *lone) saved(t testing.TB) []storage.Record {
	t.Helper()
	s.number++
	request := fmt.Appendf(nil, `{"Request":{"command":{"id":{"client":9,"local":%d},`+
		`"op":{"kind":1,"key":"k","value":"v","old":""},"end":false,"floor":%[1]d}}}`, s.number)
	effects := s.step(t, machine.Event{Kind: machine.Receive, From: 9, Data: request})
	if len(effects.Send) != 1 || effects.Send[0].To != 9 {
		t.Fatalf("answered with %+v", effects)
	}
	return effects.Save
}

// TestStepCost makes sure that a step costs about the same however many slots there are, and that it saves the record of
// its own slot alone.
func TestStepCost(t *testing.T) {
	cost := func(slots int) float64 {
		s := newLone(t, slots)
		return testing.AllocsPerRun(20, func() {
			if saved := s.update(t); saved != 1 {
				t.Errorf("%d records of %d slots", saved, slots)
			}
		})
	}
	if few, many := cost(10), cost(20_000); many > few+40 { // a path of a tree that is deeper by ten
		t.Errorf("%v allocations with 10 slots, %v with 20,000", few, many)
	}
}

// TestRestartCost makes sure that a server that is started again has few records to read, however many updates it has
// ordered: under torture servers are killed several times in a second, and are of use only between two kills.
func TestRestartCost(t *testing.T) {
	const most = 1 << 10
	s := newLoneBy(t, systembuilders.Options{Collect: wire.Served.Collect}, 0)
	kept := make(map[string]bool)
	for n := range 3 * most {
		for _, r := range s.saved(t) {
			if r.Data != nil {
				kept[r.Name] = true
			} else {
				delete(kept, r.Name)
			}
		}
		if len(kept) > most {
			t.Fatalf("%d records after %d updates: must be at most %d", len(kept), n+1, most)
		}
	}
}

// BenchmarkRestart measures the start of a server that has ordered some slots since its last snapshot.
func BenchmarkRestart(b *testing.B) {
	for _, slots := range []int{1 << 9, 1 << 12} {
		b.Run(fmt.Sprintf("slots=%d", slots), func(b *testing.B) {
			for b.Loop() {
				newLone(b, slots)
			}
		})
	}
}
