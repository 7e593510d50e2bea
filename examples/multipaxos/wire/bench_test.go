package wire_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"synod/actor"
	"synod/examples/multipaxos/wire"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn/machine"
	"synod/storage"
)

// BenchmarkCommand measures a command of a client at a lone server that has some slots already: the step in which it is
// proposed and the one in which it is voted for, decided, executed and answered, with what each has to save and to send.
func BenchmarkCommand(b *testing.B) {
	for _, slots := range []int{10, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("slots=%d", slots), func(b *testing.B) {
			s := newLone(b, slots)
			b.ReportAllocs()
			saved := 0
			for b.Loop() {
				saved += s.command(b)
			}
			b.ReportMetric(float64(saved)/float64(b.N), "records/op")
		})
	}
}

// storeState is the local state of a server of the store.
type storeState = multipaxos.State[map[string]string, rsm.StoreOp, rsm.StoreResult]

// lone is a server by itself, as a machine.
type lone struct {
	*machine.Machine[storeState, rsm.Message]
	number uint64
}

// newLone returns a server that goes on with some decided slots.
func newLone(t testing.TB, slots int) *lone {
	t.Helper()
	records := []storage.Record{{Name: "ballot", Data: []byte(`{"round":1,"leader":0}`)}}
	for _, part := range []struct{ name, data string }{
		{"decision", `[{"id":{"client":9,"local":%d},"op":{"kind":0,"key":"k","value":"","old":""},"end":false,"floor":%[1]d}]`},
		{"vote", `[{"ballot":{"round":1,"leader":0},"batch":[{"id":{"client":9,"local":%d},` +
			`"op":{"kind":0,"key":"k","value":"","old":""},"end":false,"floor":%[1]d}]}]`},
	} {
		for slot := 1; slot <= slots; slot++ {
			records = append(records, storage.Record{
				Name: fmt.Sprintf("%s %020d", part.name, slot), Data: fmt.Appendf(nil, part.data, slot),
			})
		}
	}
	server := multipaxos.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{
		Options: multipaxos.Options{Window: 16, Batch: 8, Reduce: true}, Machine: rsm.Store{},
	}
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

// command has one executed, and returns how many records were to be saved for it.
func (s *lone) command(t testing.TB) (saved int) {
	t.Helper()
	s.number++
	request := fmt.Appendf(nil, `{"Request":{"command":{"id":{"client":9,"local":%d},`+
		`"op":{"kind":1,"key":"k","value":"v","old":""},"end":false,"floor":%[1]d}}}`, s.number)
	first := s.step(t, machine.Event{Kind: machine.Receive, From: 9, Data: request})
	if len(first.Save) > 0 || len(first.Send) != 1 || first.Send[0].To != 0 {
		t.Fatalf("proposed with %+v", first)
	}
	second := s.step(t, machine.Event{Kind: machine.Receive, From: 0, Data: append([]byte(nil), first.Send[0].Data...)})
	if len(second.Send) != 1 || second.Send[0].To != 9 {
		t.Fatalf("decided with %+v", second)
	}
	return len(second.Save)
}

// TestStepCost makes sure that a step costs about the same however many slots there are, and that it saves the records of
// its own slot alone.
func TestStepCost(t *testing.T) {
	cost := func(slots int) float64 {
		s := newLone(t, slots)
		return testing.AllocsPerRun(20, func() {
			if saved := s.command(t); saved != 2 { // its vote and its decision
				t.Errorf("%d records of %d slots", saved, slots)
			}
		})
	}
	if few, many := cost(10), cost(20_000); many > few+2*40 { // two paths of trees that are deeper by ten, copied in two maps
		t.Errorf("%v allocations with 10 slots, %v with 20,000", few, many)
	}
}
